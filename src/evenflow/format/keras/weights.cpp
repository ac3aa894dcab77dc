#include "evenflow/format/keras/weights.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"

namespace evenflow::keras {
namespace {

// A layer with its variables.
struct Part {
  const Layer* layer;
  std::span<const ParameterInfo> variables;
};

// The model's layers in order; parameters stand layer by layer in the same order.
std::vector<Part> parts_of(const Model& model, std::span<const ParameterInfo> parameters) {
  std::vector<Part> parts;
  for (const Layer& layer : model.layers) {
    std::size_t count = 0;
    while (count < parameters.size() && parameters[count].layer == layer.name) ++count;
    parts.push_back({&layer, parameters.first(count)});
    parameters = parameters.subspan(count);
  }
  if (!parameters.empty()) fail(ErrorKind::internal, "parameters do not follow the order of the layers");
  return parts;
}

std::string layer_name(const Part& part) {
  return fmt::format("layer '{}' ({})", printable(part.layer->name), part.layer->type);
}

std::string variable_names(const Part& part) {
  std::vector<std::string> names;
  for (const ParameterInfo& variable : part.variables) names.push_back(variable.variable);
  return names.empty() ? "none" : join(names);
}

void read_variables(const Hdf5Reader& file, const Part& part, const std::vector<std::string>& paths, Weights& weights) {
  if (paths.size() != part.variables.size()) {
    fail(ErrorKind::input, "{}: {}: {} weights in the file, {} in the model ({})", file.name(), layer_name(part),
         paths.size(), part.variables.size(), variable_names(part));
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const ParameterInfo& variable = part.variables[i];
    // Before any data is read, so that nothing large is.
    if (const Shape found = file.shape(paths[i]); found != variable.shape) {
      fail(ErrorKind::input, "{}: {}: {} has shape {} in the file ('{}'), the model needs {}", file.name(),
           layer_name(part), variable.variable, to_string(found), printable(paths[i]), to_string(variable.shape));
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
    if (!variables_in(file, root + "/" + name).empty()) numbered[stem].emplace(number, name);
  }
  std::map<std::string, std::vector<std::string>> result;
  for (const auto& [stem, names] : numbered) {
    for (const auto& [number, name] : names) result[stem].push_back(name);
  }
  return result;
}

Weights read_tensorflow_weights(const Hdf5Reader& file, std::span<const Part> parts, const std::string& root) {
  Weights weights;
  std::map<std::string, std::vector<std::string>> groups = groups_by_class(file, root);
  for (const Part& part : parts) {
    if (part.variables.empty()) continue;
    std::vector<std::string>& names = groups[snake_case(part.layer->type)];
    if (names.empty()) {
      fail(ErrorKind::input, "{}: {}: no weights in the file (expected {})", file.name(), layer_name(part),
           variable_names(part));
    }
    read_variables(file, part, variables_in(file, root + "/" + names.front()), weights);
    names.erase(names.begin());
  }
  return weights;
}

void check_surplus_groups(const Hdf5Reader& file, const std::map<std::string, bool>& known) {
  if (!file.has_group("layers")) return;
  for (const std::string& name : file.members("layers")) {
    if (known.contains(name) || !file.has_group("layers/" + name)) continue;
    if (!variables_in(file, "layers/" + name).empty()) {
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

std::vector<StoredLayer> stored_layers(const Hdf5Reader& file) {
  const std::string root = "model_weights";
  if (!file.has_group(root)) fail(ErrorKind::input, "{}: the group 'model_weights' is missing", file.name());
  std::vector<StoredLayer> layers;
  for (const std::string& name : long_list(file, root, "layer_names")) {
    const std::string group = root + "/" + name;
    StoredLayer layer{name, long_list(file, group, "weight_names")};
    for (std::string& path : layer.paths) path = group + "/" + path;
    if (!layer.paths.empty()) layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

Weights read_archive_weights(const Hdf5Reader& file, const Model& model, std::span<const ParameterInfo> parameters) {
  const std::vector<Part> parts = parts_of(model, parameters);
  const std::string old_root = "_layer_checkpoint_dependencies";
  if (file.has_group(old_root)) return read_tensorflow_weights(file, parts, old_root);

  Weights weights;
  GroupNames names(model);
  std::map<std::string, bool> known;
  for (const Part& part : parts) {
    const std::optional<std::string> name = names.next(*part.layer);
    if (!name) continue;
    known[*name] = true;
    read_variables(file, part, variables_in(file, "layers/" + *name), weights);
  }
  check_surplus_groups(file, known);
  return weights;
}

Weights read_legacy_weights(const Hdf5Reader& file, const Model& model, std::span<const ParameterInfo> parameters) {
  const std::vector<StoredLayer> stored = stored_layers(file);
  std::vector<Part> parts = parts_of(model, parameters);
  std::erase_if(parts, [](const Part& part) { return part.variables.empty(); });
  if (stored.size() != parts.size()) {
    fail(ErrorKind::input, "{}: weights of {} layers in the file, {} layers of the model have weights", file.name(),
         stored.size(), parts.size());
  }
  // By name where the names agree, else in order, as Keras does.
  std::map<std::string_view, const StoredLayer*> by_name;
  for (const StoredLayer& layer : stored) by_name[layer.name] = &layer;
  const bool named =
      std::all_of(parts.begin(), parts.end(), [&](const Part& part) { return by_name.contains(part.layer->name); });
  Weights weights;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    read_variables(file, parts[i], named ? by_name[parts[i].layer->name]->paths : stored[i].paths, weights);
  }
  return weights;
}

void write_archive_weights(Hdf5Writer& file, const Model& model, std::span<const ParameterInfo> parameters,
                           const Weights& weights) {
  GroupNames names(model);
  for (const Part& part : parts_of(model, parameters)) {
    const std::optional<std::string> name = names.next(*part.layer);
    if (!name) continue;
    const std::string group = fmt::format("layers/{}/vars", *name);
    file.group(group);
    file.text(group, "name", part.layer->name);
    for (std::size_t i = 0; i < part.variables.size(); ++i) {
      const ParameterInfo& variable = part.variables[i];
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
