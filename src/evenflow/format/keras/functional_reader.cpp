#include "evenflow/format/keras/functional_reader.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/format/keras/call.h"
#include "evenflow/format/keras/canonical_order.h"
#include "evenflow/format/keras/config_reader.h"
#include "evenflow/format/keras/context.h"
#include "evenflow/format/keras/operations.h"

namespace evenflow::keras {
namespace {

// One call of a layer or an operation, under a name of its own.
struct Node {
  std::string name;
  std::string owner;            // the layer; its first call has its name
  const Json* entry = nullptr;  // in the file
  Layer layer;                  // of operations only what read_operations finds
  bool operation = false;
  std::vector<LayerOutput> inputs;
  std::vector<LayerOutput> masks;
  std::vector<LayerOutput> tensors;
};

class FunctionalReader {
 public:
  FunctionalReader(const Json& config, KerasVersion version, Model& model)
      : config_(config), version_(version), model_(model) {}

  void read() {
    model_.sequential = false;
    const Json& entries = required_list(config_, "layers");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      in_context(entry_text(entries[i], i), [&] { add(entries[i]); });
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      in_context(text(nodes_[i]), [&] { connect(nodes_[i], calls_[i]); });
    }
    model_.outputs = resolve_all("output_layers");
    const std::vector<LayerOutput> inputs = resolve_all("input_layers");
    put_in_order();
    find_used();
    read_operations();
    check_masks();
    rename();
    for (Node& node : nodes_) {
      if (used_.contains(node.owner)) model_.layers.push_back(std::move(node.layer));
    }
    // The order of `layers` says it all for a single input.
    for (const LayerOutput& input : inputs) {
      if (inputs.size() > 1 && model_.find(input.layer) != nullptr) model_.inputs.push_back(input.layer);
    }
  }

 private:
  static std::string text(const Node& node) { return fmt::format("layer '{}'", printable(node.owner)); }

  void add(const Json& entry) {
    const std::string type = required_text(entry, "class_name");
    const bool operation = is_operation(entry);
    std::vector<Call> calls;
    for (const Json& node : required_list(entry, "inbound_nodes")) {
      calls.push_back(operation ? read_operation_call(node) : read_call(node));
    }
    if (calls.empty()) calls.emplace_back();  // an InputLayer
    Layer layer;
    if (operation) {
      layer.name = required_text(entry, "name");
    } else {
      layer = read_any_layer(entry, version_);
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
      // A name that no layer can have, until rename().
      Node node{.name = i == 0 ? layer.name : fmt::format("{}\n{}", layer.name, i),
                .owner = layer.name,
                .entry = &entry,
                .layer = layer,
                .operation = operation};
      node.layer.arguments = calls[i].arguments;
      names_[layer.name].push_back(node.name);
      nodes_.push_back(std::move(node));
      calls_.push_back(std::move(calls[i]));
    }
    if (is_model(type)) models_[layer.name] = type;
  }

  void connect(Node& node, const Call& call) const {
    const auto resolved = [&](const std::vector<Reference>& references) {
      std::vector<LayerOutput> sources;
      for (const Reference& reference : references) sources.push_back(resolve(reference, false));
      return sources;
    };
    node.inputs = resolved(call.inputs);
    node.masks = resolved(call.masks);
    node.tensors = resolved(call.tensors);
  }

  // Keras counts the calls of inner models from 1 in places: Keras 2 everywhere, Keras 3 where a model's own outputs
  // are those of an inner functional model.
  LayerOutput resolve(const Reference& reference, bool model_output) const {
    const auto found = names_.find(reference.layer);
    if (found == names_.end()) return {reference.layer, static_cast<int>(reference.tensor)};  // reported with the order
    const auto model = models_.find(reference.layer);
    const bool from_one =
        model != models_.end() && (version_.major == 2 || (model_output && model->second == "Functional"));
    const std::int64_t node = from_one && reference.node > 0 ? reference.node - 1 : reference.node;
    if (node < 0 || node >= static_cast<std::int64_t>(found->second.size()) || reference.tensor < 0 ||
        reference.tensor > std::numeric_limits<int>::max()) {
      fail(ErrorKind::input, "takes tensor {} of call {} of '{}', which is called {} time{}", reference.tensor,
           reference.node, printable(reference.layer), found->second.size(), found->second.size() == 1 ? "" : "s");
    }
    return {found->second[static_cast<std::size_t>(node)], static_cast<int>(reference.tensor)};
  }

  std::vector<LayerOutput> resolve_all(const char* key) const {
    std::vector<LayerOutput> outputs;
    for (const Reference& reference : read_references(required_key(config_, key), key)) {
      outputs.push_back(resolve(reference, true));
    }
    return outputs;
  }

  // Operations and masks count for the order, too.
  void put_in_order() {
    std::vector<Layer> walked;
    std::map<std::string_view, std::size_t> position;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Layer layer;
      layer.name = nodes_[i].name;
      layer.inputs = nodes_[i].tensors;
      if (nodes_[i].name != nodes_[i].owner) layer.shares = nodes_[i].owner;
      walked.push_back(std::move(layer));
      position.emplace(nodes_[i].name, i);
    }
    std::vector<Node> ordered;
    for (const Layer& layer : canonical_order(std::move(walked), model_.outputs)) {
      ordered.push_back(nodes_[position.find(layer.name)->second]);
    }
    nodes_ = std::move(ordered);
    for (std::size_t i = 0; i < nodes_.size(); ++i) position_[nodes_[i].name] = i;
  }

  const Node& node_of(const LayerOutput& source) const { return nodes_[position_.find(source.layer)->second]; }

  // What the outputs are computed from: not the operations that only make masks.
  void find_used() {
    std::vector<const Node*> pending;
    for (const LayerOutput& output : model_.outputs) pending.push_back(&node_of(output));
    std::set<const Node*> met(pending.begin(), pending.end());
    while (!pending.empty()) {
      const Node& node = *pending.back();
      pending.pop_back();
      used_.insert(node.owner);
      for (const LayerOutput& input : node.inputs) {
        if (met.insert(&node_of(input)).second) pending.push_back(&node_of(input));
      }
    }
    for (const Node& node : nodes_) {
      if (!node.operation) used_.insert(node.owner);
    }
  }

  void read_operations() {
    for (Node& node : nodes_) {
      if (node.operation && used_.contains(node.owner)) {
        node.layer = in_context(text(node), [&] { return operation_layer(*node.entry); });
      }
    }
  }

  // evenflow's layers hand on the masks of Embedding and Masking by themselves, as Keras's do; any other mask would be
  // lost.
  void check_masks() const {
    for (const Node& node : nodes_) {
      for (const LayerOutput& mask : node.masks) {
        in_context(text(node), [&] { check_mask(mask); });
      }
    }
  }

  void check_mask(const LayerOutput& mask) const {
    std::vector<LayerOutput> pending{mask};
    std::set<const Node*> met;
    while (!pending.empty()) {
      const Node& node = node_of(pending.back());
      pending.pop_back();
      if (!met.insert(&node).second) continue;
      if (!node.operation) {
        fail(ErrorKind::unsupported,
             "is called with a mask made of '{}'; masks of Embedding(mask_zero=True) and Masking are supported",
             printable(node.owner));
      }
      if (!is_made_by_layer(node)) pending.insert(pending.end(), node.tensors.begin(), node.tensors.end());
    }
  }

  // Is this operation what a layer asks of its input, not_equal(x, 0)?
  bool is_made_by_layer(const Node& comparison) const {
    if (required_text(*comparison.entry, "class_name") != "NotEqual" || comparison.tensors.size() != 1) return false;
    const Json& arguments = (*comparison.entry)["inbound_nodes"][0]["args"];
    const Json& value = arguments.size() == 2 ? arguments[1] : arguments;
    return std::any_of(nodes_.begin(), nodes_.end(), [&](const Node& node) {
      if (node.inputs != comparison.tensors) return false;
      if (node.layer.type == "Embedding") return node.layer.config.value("mask_zero", false) && value == 0;
      return node.layer.type == "Masking" && value == node.layer.config.value("mask_value", Json(0.0));
    });
  }

  // The first call of a layer in order gets its name and its weights, the others "name_call_2" and so on.
  void rename() {
    std::map<std::string, std::string, std::less<>> names;
    std::map<std::string, int> counts;
    for (Node& node : nodes_) {
      const int count = ++counts[node.owner];
      std::string name = node.owner;
      for (int i = count; count > 1 && names_.contains(name = fmt::format("{}_call_{}", node.owner, i));) ++i;
      names[node.name] = name;
      node.layer.shares = count > 1 ? node.owner : "";
      node.layer.name = name;
      node.layer.inputs = node.inputs;
    }
    const auto renamed = [&](LayerOutput& source) {
      const auto found = names.find(source.layer);
      if (found != names.end()) source.layer = found->second;
    };
    for (Node& node : nodes_) std::for_each(node.layer.inputs.begin(), node.layer.inputs.end(), renamed);
    std::for_each(model_.outputs.begin(), model_.outputs.end(), renamed);
  }

  const Json& config_;
  KerasVersion version_;
  Model& model_;
  std::vector<Node> nodes_;
  std::vector<Call> calls_;                                             // what each takes, as the file has it
  std::map<std::string, std::vector<std::string>, std::less<>> names_;  // of a layer's calls
  std::map<std::string, std::string, std::less<>> models_;              // class of each inner model
  std::map<std::string, std::size_t, std::less<>> position_;            // of nodes by name
  std::set<std::string, std::less<>> used_;                             // layers
};

}  // namespace

void read_functional(const Json& config, KerasVersion version, Model& model) {
  FunctionalReader(config, version, model).read();
}

}  // namespace evenflow::keras
