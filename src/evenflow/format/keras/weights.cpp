#include "evenflow/format/keras/weights.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/format/keras/operations.h"

namespace evenflow::keras {
namespace {

using Variables = std::vector<const ParameterInfo*>;

// A place that holds variables: a layer of its own, or one inside of a wrapper or an inner model.
struct Part {
  std::string layer;  // full name, for messages
  std::string type;
  std::string group;  // "layers/dense_1", "layers/bidirectional/forward_layer/cell"
  Variables variables;
};

std::string part_text(const Part& part) {
  return fmt::format("layer '{}' ({})", printable(part.layer), printable(part.type));
}

std::string variable_names(const Variables& variables) {
  std::vector<std::string> names;
  for (const ParameterInfo* variable : variables) names.push_back(variable->variable);
  return names.empty() ? "none" : join(names);
}

void read_variables(const Hdf5Reader& file, const Part& part, const std::vector<std::string>& paths, Weights& weights) {
  if (paths.size() != part.variables.size()) {
    fail(ErrorKind::input, "{}: {}: {} weights in the file, {} in the model ({})", file.name(), part_text(part),
         paths.size(), part.variables.size(), variable_names(part.variables));
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const ParameterInfo& variable = *part.variables[i];
    // Before any data is read, so that nothing large is.
    if (const Shape found = file.shape(paths[i]); found != variable.shape) {
      fail(ErrorKind::input, "{}: {}: {} has shape {} in the file ('{}'), the model needs {}", file.name(),
           part_text(part), variable.variable, to_string(found), printable(paths[i]), to_string(variable.shape));
    }
    weights.set(variable.name, file.tensor(paths[i]));
  }
}

// ---- .keras archives ------------------------------------------------------------------------------------------

// Gives the layers of a model their groups: "dense", "dense_1", ... A sequential model's input has none.
class GroupNames {
 public:
  explicit GroupNames(const Model& model) : sequential_(model.sequential) {}
  std::optional<std::string> next(const Layer& layer) {
    if (sequential_ && layer.type == "InputLayer") return std::nullopt;
    const std::string stem = snake_case(layer.type);
    const int count = used_[stem]++;
    return count == 0 ? stem : fmt::format("{}_{}", stem, count);
  }

 private:
  bool sequential_;
  std::map<std::string, int> used_;
};

bool is_recurrent(std::string_view type) {
  return type == "SimpleRNN" || type == "LSTM" || type == "GRU";
}

// The layer that a wrapper has under `key`.
Layer inner_layer(const Layer& wrapper, const char* key) {
  const Json& json = wrapper.config.at(key);
  Layer layer{.type = json.at("class_name").get<std::string>(), .config = json.at("config")};
  layer.name = layer.config.value("name", snake_case(layer.type));
  return layer;
}

// Where the archive keeps each variable (A.5 of Keras's format): the tree of layers with the attributes of their
// classes.
class ArchiveTree {
 public:
  explicit ArchiveTree(std::span<const ParameterInfo> parameters) {
    for (const ParameterInfo& parameter : parameters) {
      owners_[parameter.name.substr(0, parameter.name.rfind('/'))].push_back(&parameter);
      order_.push_back(&parameter);
    }
  }

  std::vector<Part> parts(const Model& model) {
    visit_model(model, "", "");
    return std::move(parts_);
  }

 private:
  void visit_model(const Model& model, const std::string& prefix, const std::string& root) {
    GroupNames names(model);
    for (const Layer& layer : model.layers) {
      if (!layer.shares.empty() || was_operation(layer)) continue;
      if (const std::optional<std::string> name = names.next(layer)) {
        visit(layer, prefix + layer.name, fmt::format("{}layers/{}", root, *name));
      }
    }
  }

  void visit(const Layer& layer, const std::string& full, const std::string& group) {
    if (layer.config.contains("model")) {
      visit_model(model_from_json(layer.config.at("model")), full + "/", group + "/");
    } else if (layer.type == "TimeDistributed") {
      const Layer inner = inner_layer(layer, "layer");
      visit(inner, full + "/" + inner.name, group + "/layer");
    } else if (layer.type == "Bidirectional") {
      for (const std::string direction : {"forward", "backward"}) {
        visit_direction(full, direction, group + "/" + direction + "_layer");
      }
    } else {
      add(layer, full, is_recurrent(layer.type) ? group + "/cell" : group);
      // Layers that are made of layers: "query_dense/kernel".
      for (const std::string& inner : inside(full)) {
        add(layer, full + "/" + inner, group + "/" + inner);
      }
    }
  }

  void visit_direction(const std::string& full, const std::string& direction, const std::string& group) {
    for (const std::string& inner : inside(full)) {
      if (!inner.starts_with(direction + "_")) continue;
      add({.type = "Bidirectional"}, full + "/" + inner, group + "/cell");
    }
  }

  // Names of what has variables directly below a layer, in the order of the variables.
  std::vector<std::string> inside(const std::string& full) const {
    std::vector<std::string> names;
    const std::string prefix = full + "/";
    for (const ParameterInfo* parameter : order_) {
      if (!parameter->name.starts_with(prefix)) continue;
      const std::string rest = parameter->name.substr(prefix.size());
      const std::size_t slash = rest.find('/');
      if (slash == std::string::npos) continue;
      const std::string name = rest.substr(0, slash);
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
  }

  void add(const Layer& layer, const std::string& full, std::string group) {
    const auto owner = owners_.find(full);
    parts_.push_back({.layer = full,
                      .type = layer.type,
                      .group = std::move(group),
                      .variables = owner == owners_.end() ? Variables{} : owner->second});
  }

  std::map<std::string, Variables, std::less<>> owners_;
  Variables order_;
  std::vector<Part> parts_;
};

// Data sets "0", "1", ... of a layer's group.
std::vector<std::string> variables_in(const Hdf5Reader& file, const std::string& group) {
  std::vector<std::string> paths;
  const std::string vars = group + "/vars";
  if (!file.has_group(vars)) return paths;
  const std::size_t count = file.members(vars).size();
  for (std::size_t i = 0; i < count; ++i) paths.push_back(fmt::format("{}/{}", vars, i));
  return paths;
}

// tf.keras 2.12 and 2.13 skip numbers ("dense", "dense_2"): the groups of a class by rising number.
std::map<std::string, std::vector<std::string>> groups_by_class(const Hdf5Reader& file, const std::string& root) {
  std::map<std::string, std::map<int, std::string>> numbered;
  for (const std::string& name : file.members(root)) {
    const std::size_t underscore = name.rfind('_');
    int number = 0;
    std::string stem = name;
    if (underscore != std::string::npos) {
      const char* end = name.data() + name.size();
      const auto [rest, error] = std::from_chars(name.data() + underscore + 1, end, number);
      if (error == std::errc() && rest == end) {
        stem = name.substr(0, underscore);
      } else {
        number = 0;
      }
    }
    if (!file.datasets(root + "/" + name).empty()) numbered[stem].emplace(number, name);
  }
  std::map<std::string, std::vector<std::string>> result;
  for (const auto& [stem, names] : numbered) {
    for (const auto& [number, name] : names) result[stem].push_back(name);
  }
  return result;
}

// "layers/dense_1/cell" is "dense_1" and "/cell".
std::pair<std::string, std::string> split_group(const std::string& group) {
  const std::size_t begin = group.find('/') + 1;
  const std::size_t end = std::min(group.find('/', begin), group.size());
  return {group.substr(begin, end - begin), group.substr(end)};
}

Weights read_tensorflow_weights(const Hdf5Reader& file, std::span<const Part> parts, const std::string& root) {
  Weights weights;
  std::map<std::string, std::vector<std::string>> groups = groups_by_class(file, root);
  std::map<std::string, std::string> found;  // our group to the file's
  for (const Part& part : parts) {
    if (part.variables.empty()) continue;
    const auto [name, rest] = split_group(part.group);
    if (!found.contains(name)) {
      std::string stem = name;
      const std::size_t underscore = name.rfind('_');
      if (underscore != std::string::npos &&
          name.find_first_not_of("0123456789", underscore + 1) == std::string::npos) {
        stem = name.substr(0, underscore);
      }
      std::vector<std::string>& names = groups[stem];
      if (names.empty()) {
        fail(ErrorKind::input, "{}: {}: no weights in the file (expected {})", file.name(), part_text(part),
             variable_names(part.variables));
      }
      found[name] = names.front();
      names.erase(names.begin());
    }
    read_variables(file, part, variables_in(file, fmt::format("{}/{}{}", root, found[name], rest)), weights);
  }
  return weights;
}

void check_surplus_groups(const Hdf5Reader& file, std::span<const Part> parts) {
  if (!file.has_group("layers")) return;
  std::set<std::string> known;
  for (const Part& part : parts) known.insert(split_group(part.group).first);
  for (const std::string& name : file.members("layers")) {
    if (known.contains(name) || !file.has_group("layers/" + name)) continue;
    if (!file.datasets("layers/" + name).empty()) {
      fail(ErrorKind::input, "{}: 'layers/{}' holds weights of no layer of the model", file.name(), printable(name));
    }
  }
}

// ---- Legacy files ---------------------------------------------------------------------------------------------

// A list attribute, which is cut into "name0", "name1", ... when it is longer than 64 kB.
std::vector<std::string> long_list(const Hdf5Reader& file, const std::string& group, const std::string& attribute) {
  if (std::optional<std::vector<std::string>> whole = file.texts(group, attribute)) return std::move(*whole);
  std::vector<std::string> result;
  for (std::size_t i = 0;; ++i) {
    const std::optional<std::vector<std::string>> piece = file.texts(group, fmt::format("{}{}", attribute, i));
    if (!piece && i == 0) {
      fail(ErrorKind::input, "{}: '{}' has no attribute {}", file.name(), printable(group), attribute);
    }
    if (!piece) return result;
    result.insert(result.end(), piece->begin(), piece->end());
  }
}

struct StoredLayer {
  std::string name;
  std::vector<std::string> paths;
};

std::vector<StoredLayer> stored_layers(const Hdf5Reader& file, const std::string& root) {
  if (!file.has_group(root)) fail(ErrorKind::input, "{}: the group '{}' is missing", file.name(), root);
  std::vector<StoredLayer> layers;
  for (const std::string& name : long_list(file, root, "layer_names")) {
    const std::string group = root.empty() ? name : root + "/" + name;
    StoredLayer layer{name, long_list(file, group, "weight_names")};
    for (std::string& path : layer.paths) path = group + "/" + path;
    if (!layer.paths.empty()) layers.push_back(std::move(layer));
  }
  return layers;
}

// The model's own layers with all variables that they and what is inside of them have. An inner model stores what is
// trainable first, layer by layer, then the rest; when it is frozen as a whole, all as it comes.
std::vector<Part> legacy_parts(const Model& model, std::span<const ParameterInfo> parameters) {
  std::vector<Part> parts;
  for (const Layer& layer : model.layers) {
    if (!layer.shares.empty()) continue;
    Part part{.layer = layer.name, .type = layer.type};
    for (const ParameterInfo& parameter : parameters) {
      if (parameter.name.starts_with(layer.name + "/")) part.variables.push_back(&parameter);
    }
    if (layer.config.contains("model") && layer.trainable) {
      std::stable_partition(part.variables.begin(), part.variables.end(),
                            [](const ParameterInfo* variable) { return variable->trainable; });
    }
    if (!part.variables.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

Weights read_archive_weights(const Hdf5Reader& file, const Model& model, std::span<const ParameterInfo> parameters) {
  const std::vector<Part> parts = ArchiveTree(parameters).parts(model);
  const std::string old_root = "_layer_checkpoint_dependencies";
  if (file.has_group(old_root)) return read_tensorflow_weights(file, parts, old_root);

  Weights weights;
  for (const Part& part : parts) read_variables(file, part, variables_in(file, part.group), weights);
  check_surplus_groups(file, parts);
  return weights;
}

Weights read_legacy_weights(const Hdf5Reader& file, const Model& model, std::span<const ParameterInfo> parameters,
                            const std::string& root) {
  const std::vector<StoredLayer> stored = stored_layers(file, root);
  const std::vector<Part> parts = legacy_parts(model, parameters);
  if (stored.size() != parts.size()) {
    fail(ErrorKind::input, "{}: weights of {} layers in the file, {} layers of the model have weights", file.name(),
         stored.size(), parts.size());
  }
  // By name where the names agree, else in order, as Keras does.
  std::map<std::string_view, const StoredLayer*> by_name;
  for (const StoredLayer& layer : stored) by_name[layer.name] = &layer;
  const bool named =
      std::all_of(parts.begin(), parts.end(), [&](const Part& part) { return by_name.contains(part.layer); });
  Weights weights;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    read_variables(file, parts[i], named ? by_name[parts[i].layer]->paths : stored[i].paths, weights);
  }
  return weights;
}

void write_archive_weights(Hdf5Writer& file, const Model& model, std::span<const ParameterInfo> parameters,
                           const Weights& weights) {
  for (const Part& part : ArchiveTree(parameters).parts(model)) {
    const std::string group = part.group + "/vars";
    file.group(group);
    file.text(group, "name", part.layer.substr(part.layer.rfind('/') + 1));
    for (std::size_t i = 0; i < part.variables.size(); ++i) {
      const ParameterInfo& variable = *part.variables[i];
      const Tensor& value = weights.at(variable.name);
      if (value.shape() != variable.shape) {
        fail(ErrorKind::usage, "the weight {} has shape {}, the model needs {}", variable.name,
             to_string(value.shape()), to_string(variable.shape));
      }
      file.tensor(fmt::format("{}/{}", group, i), value);
    }
  }
}

}  // namespace evenflow::keras
