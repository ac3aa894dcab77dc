#include "evenflow/model/stacked_network.h"

#include <map>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

// Puts layers one behind the other and names them as Keras does.
class Chain {
 public:
  explicit Chain(const StackedNetwork& network) : n_(network) {}

  Model make() {
    add(Input{n_.input});
    if (n_.embedding > 0) {
      add(layer("Embedding", {{"input_dim", n_.tokens}, {"output_dim", n_.embedding}, {"mask_zero", true}}));
    }
    if (!n_.recurrent.empty()) {
      add_recurrent();
    } else {
      if (n_.input.size() > 1 || n_.embedding > 0) add(layer("Flatten"));
      if (n_.residual) {
        add_blocks();
      } else {
        for (const std::int64_t units : n_.hidden) add_hidden(units);
      }
    }
    add(dense(n_.output, n_.output_activation));
    model_.name = "sequential";
    if (!model_.sequential) model_.name = "functional";
    model_.outputs = {model_.layers.back().name};
    validate(model_);
    return std::move(model_);
  }

 private:
  // Behind the last layer, or behind `inputs`. Returns its name.
  std::string add(Layer layer, std::vector<LayerOutput> inputs = {}) {
    const std::string stem = snake_case(layer.type);
    const int number = counts_[stem]++;
    layer.name = number == 0 ? stem : fmt::format("{}_{}", stem, number);
    if (inputs.empty() && !model_.layers.empty()) inputs = {model_.layers.back().name};
    layer.inputs = std::move(inputs);
    model_.layers.push_back(std::move(layer));
    return model_.layers.back().name;
  }

  std::string activation() const { return n_.activation.empty() ? "relu" : n_.activation; }

  Json initializer() const {
    if (n_.initializer != "variance_scaling") return n_.initializer;
    return {{"class_name", "VarianceScaling"},
            {"config", {{"scale", n_.weight_variance}, {"mode", "fan_in"}, {"distribution", "untruncated_normal"}}}};
  }

  Layer dense(std::int64_t units, const std::string& activation) const {
    return layer("Dense", {{"units", units},
                           {"activation", activation},
                           {"kernel_initializer", initializer()},
                           {"bias_initializer", n_.bias_initializer}});
  }

  void add_normalization() {
    if (n_.normalization.empty()) return;
    add(layer(n_.normalization == "batch_normalization" ? "BatchNormalization" : "LayerNormalization"));
  }

  void add_activation() {
    add_normalization();
    add(layer("Activation", {{"activation", activation()}}));
    add_dropout();
  }

  void add_dropout() {
    if (n_.dropout > 0) add(layer("Dropout", {{"rate", n_.dropout}}));
  }

  void add_hidden(std::int64_t units) {
    if (n_.normalization.empty()) {
      add(dense(units, activation()));
      add_dropout();
    } else {
      add(dense(units, "linear"));
      add_activation();
    }
  }

  void add_blocks() {
    std::string stream;  // the layer that carries the identity
    for (std::size_t i = 0; i < n_.hidden.size(); ++i) {
      if (i > 0) add_activation();
      const std::string branch = add(dense(n_.hidden[i], "linear"));
      const bool joins = i > 0 && n_.hidden[i] == n_.hidden[i - 1];
      stream = joins ? add(layer("Add"), {stream, branch}) : branch;
      if (joins) model_.sequential = false;
    }
    if (!n_.hidden.empty()) add_activation();
  }

  void add_recurrent() {
    if (n_.hidden.empty()) fail(ErrorKind::usage, "{}: the widths of its layers are missing (--hidden)", n_.recurrent);
    if (!n_.normalization.empty()) {
      fail(ErrorKind::usage,
           "normalization stands between a layer and its activation; recurrent layers have theirs inside");
    }
    if (n_.residual) fail(ErrorKind::usage, "residual paths are for dense layers, not for {}", n_.recurrent);
    for (std::size_t i = 0; i < n_.hidden.size(); ++i) {
      Json config = {{"units", n_.hidden[i]},
                     {"kernel_initializer", initializer()},
                     {"bias_initializer", n_.bias_initializer},
                     {"return_sequences", n_.return_sequences || i + 1 < n_.hidden.size()}};
      if (!n_.activation.empty()) config["activation"] = n_.activation;
      if (!n_.recurrent_initializer.empty()) config["recurrent_initializer"] = n_.recurrent_initializer;
      add(layer(n_.recurrent, std::move(config)));
      add_dropout();
    }
  }

  const StackedNetwork& n_;
  Model model_;
  std::map<std::string, int> counts_;
};

}  // namespace

Model stacked_network(const StackedNetwork& network) {
  return Chain(network).make();
}

}  // namespace evenflow
