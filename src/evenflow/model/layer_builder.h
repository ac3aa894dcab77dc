// The LayerBuilder behind lower(): one per layer.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/graph.h"
#include "evenflow/model.h"
#include "evenflow/model/layer_type.h"
#include "evenflow/model/lowering.h"

namespace evenflow {

// The layer's configuration in today's keys, with every default filled in. Throws Error naming the layer and the key
// when a key is unknown or asks for something that evenflow does not do.
Json complete_config(const LayerType& type, const Layer& layer, KerasVersion version);

// "layer 'dense_3' (Dense)"
std::string layer_text(const Layer& layer);

// The layer's entry in the registry. Throws Error(unsupported) naming the layer and the nearest known type.
const LayerType& layer_type_of(const Layer& layer);

// "(None, 32)": the shape of a batch, as Keras shows it.
std::string batch_shape_text(const Shape& shape);

class GraphLayerBuilder final : public LayerBuilder {
 public:
  // `masks` has an entry per input, absent where nothing is masked. Everything referred to must outlive the builder.
  GraphLayerBuilder(Graph& graph, const Model& model, const Layer& layer, const LoweringOptions& options,
                    std::vector<ValueId> inputs, std::vector<ValueId> masks);

  // Builds the layer.
  LoweredLayer build();
  // The value whose activation is the layer's output; absent when the output is something else.
  ValueId activation_input() const { return activation_input_; }

  Graph& graph() override { return graph_; }
  std::span<const ValueId> inputs() const override { return lowered_.inputs; }
  ValueId mask(std::size_t input) const override { return masks_[input]; }
  void set_mask(ValueId mask) override;
  void also_output(ValueId value) override { lowered_.more_outputs.push_back(value); }
  bool training() const override { return training_; }
  bool trainable() const override { return trainable_; }
  const Model& model() const override { return model_; }

  const Json& config() const override { return config_; }
  std::int64_t integer(std::string_view key) const override;
  double number(std::string_view key) const override;
  bool flag(std::string_view key) const override;
  std::string text(std::string_view key) const override;
  std::vector<std::int64_t> integers(std::string_view key, std::size_t count) const override;
  [[noreturn]] void unsupported(std::string_view key, std::string_view why) const override;
  [[noreturn]] void wrong(std::string_view key, std::string_view what) const override;
  [[noreturn]] void misfit(std::string_view what) const override;

  ValueId weight(std::string_view variable, const Shape& shape, bool trainable, std::string_view prefix,
                 const Json& given) override;

  void regularize_activity(const Json& regularizer) override;
  void pre_activation(ValueId z) override { lowered_.pre_activation = z; }
  ValueId activate(ValueId z, std::string_view key) override;
  ValueId activate(ValueId z, const ActivationChoice& activation) override;

  const Json& argument(std::string_view key) const override;
  Inner call(const Layer& inner, std::vector<ValueId> inputs, ValueId mask) override;
  std::string state_gradient_output(std::string_view state) const override;

  std::uint64_t random_stream() override;

 private:
  Inner call_layer(const Layer& inner, std::vector<ValueId> inputs, std::vector<ValueId> masks);
  Inner call_model(const Layer& inner, std::vector<ValueId> inputs, ValueId mask);
  void check_arguments() const;
  const Json& at(std::string_view key) const;
  const Json& required(std::string_view key) const;
  std::int64_t integer(const Json& value, std::string_view key) const;

  Graph& graph_;
  const Model& model_;
  const Layer& layer_;
  const LayerType& type_;
  const LoweringOptions& options_;
  bool training_;
  Json config_;
  bool trainable_;
  std::string owner_;  // name of the layer whose weights are used: its own, or the one that it shares
  std::vector<ValueId> masks_;
  bool mask_set_ = false;
  mutable std::set<std::string, std::less<>> arguments_read_;
  LoweredLayer lowered_;
  ValueId activation_input_;
  ValueId activation_output_;
  std::uint64_t streams_ = 0;
};

}  // namespace evenflow
