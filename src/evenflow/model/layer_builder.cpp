#include "evenflow/model/layer_builder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "evenflow/base/random.h"
#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/connections.h"
#include "evenflow/model/constraint.h"
#include "evenflow/model/initializer_type.h"
#include "evenflow/model/regularizer.h"

namespace evenflow {
namespace {

// Keys that any layer may have and that are dealt with here or by the readers of files.
constexpr std::array<std::string_view, 10> kCommonKeys = {
    "name",        "trainable",   "dtype",    "batch_input_shape",    "batch_shape",
    "input_shape", "input_dtype", "autocast", "activity_regularizer", "build_config"};

// Extents, strides and the like beyond this are refused, so that products of two of them cannot overflow.
constexpr std::int64_t kLargestInteger = std::numeric_limits<std::int32_t>::max();

// "float32" or an object {"class_name": "DTypePolicy", "config": {"name": "float32"}}.
std::string dtype_name(const Json& dtype) {
  if (dtype.is_string()) return dtype.get<std::string>();
  const Json* name = nullptr;
  if (dtype.is_object() && dtype.contains("config") && dtype["config"].is_object()) {
    const auto found = dtype["config"].find("name");
    if (found != dtype["config"].end() && found->is_string()) name = &*found;
  }
  return name != nullptr ? name->get<std::string>() : dtype.dump();
}

// Keras writes some numbers as arrays without axes: {"type": "ndarray", "value": 0.3} (2.x) or
// {"class_name": "__numpy__", "config": {"value": 0.3, "dtype": "float32"}} (3.x).
Json without_array_wrapping(const Json& value) {
  if (!value.is_object()) return value;
  if (value.contains("value") && value.contains("type")) return value["value"];
  if (value.value("class_name", Json()) == "__numpy__" && value.contains("config") && value["config"].is_object() &&
      value["config"].contains("value")) {
    return value["config"]["value"];
  }
  return value;
}

// Frozen by the model or by its own configuration?
bool is_trainable(const Layer& layer) {
  const auto own = layer.config.find("trainable");
  if (own == layer.config.end() || own->is_null()) return layer.trainable;
  if (!own->is_boolean()) {
    fail(ErrorKind::input, "{}: trainable must be true or false, not {}", layer_text(layer), printable(own->dump()));
  }
  return layer.trainable && own->get<bool>();
}

Json value_or_null(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? Json() : *found;
}

// Inputs may be integers (tokens): they are exact in float32 up to 2^24.
bool takes_any_dtype(const Layer& layer) {
  return layer.type == "InputLayer";
}

void check_dtype(const Layer& layer) {
  if (takes_any_dtype(layer)) return;
  const auto dtype = layer.config.find("dtype");
  if (dtype == layer.config.end() || dtype->is_null()) return;
  const std::string name = dtype_name(*dtype);
  if (name != "float32") {
    fail(ErrorKind::unsupported, "{}: dtype {} is not supported; evenflow computes in float32", layer_text(layer),
         printable(name));
  }
}

[[noreturn]] void unknown_key(const Layer& layer, const std::string& key, const Json& known) {
  std::vector<std::string> keys;
  for (const auto& [name, value] : known.items()) keys.push_back(name);
  const std::string near = nearest(key, keys);
  fail(ErrorKind::unsupported, "{}: the key '{}' is not supported{}", layer_text(layer), printable(key),
       near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

// What function() gives; its errors get the layer and the key in front.
template <class Function>
auto naming(const Layer& layer, std::string_view key, const Function& function) {
  try {
    return function();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}: {}", layer_text(layer), key, error.what()));
  }
}

}  // namespace

std::string layer_text(const Layer& layer) {
  return fmt::format("layer '{}' ({})", printable(layer.name), printable(layer.type));
}

std::string batch_shape_text(const Shape& shape) {
  if (shape.rank() == 0) return "()";
  std::string text = "(None";
  for (const std::int64_t extent : shape.dims().subspan(1)) text += fmt::format(", {}", extent);
  return text + (shape.rank() == 1 ? ",)" : ")");
}

Json complete_config(const LayerType& type, const Layer& layer, KerasVersion version) {
  Json given = layer.config.is_null() ? Json::object() : layer.config;
  if (!given.is_object()) fail(ErrorKind::input, "{}: the configuration must be an object", layer_text(layer));
  check_dtype(layer);
  if (type.upgrade != nullptr) type.upgrade(given, version);

  Json config = Json::parse(type.defaults);
  for (const auto& [key, value] : given.items()) {
    if (value.is_null()) continue;  // the default
    if (config.contains(key)) {
      config[key] = without_array_wrapping(value);
    } else if (value != Json(false) && std::find(kCommonKeys.begin(), kCommonKeys.end(), key) == kCommonKeys.end()) {
      unknown_key(layer, key, config);
    }
  }
  return config;
}

const LayerType& layer_type(std::string_view id) {
  std::vector<std::string> ids;
  for (const LayerType* type : all_layers()) {
    if (type->id == id) return *type;
    ids.emplace_back(type->id);
  }
  const std::string near = nearest(id, ids);
  fail(ErrorKind::unsupported, "unknown layer type '{}'{}", printable(id),
       near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

const LayerType& layer_type_of(const Layer& layer) {
  try {
    return layer_type(layer.type);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("layer '{}': {}", printable(layer.name), error.what()));
  }
}

bool LayerBuilder::is_null(std::string_view key) const {
  const auto found = config().find(std::string(key));
  return found == config().end() || found->is_null();
}

Padding keras_padding(std::string_view mode, std::int64_t extent, std::int64_t kernel, std::int64_t stride,
                      std::int64_t dilation) {
  if (mode == "valid") return {};
  const std::int64_t effective = (kernel - 1) * dilation + 1;
  const std::int64_t output = (extent + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((output - 1) * stride + effective - extent, 0);
  return {.before = total / 2, .after = total - total / 2};
}

GraphLayerBuilder::GraphLayerBuilder(Graph& graph, const Model& model, const Layer& layer,
                                     const LoweringOptions& options, std::vector<ValueId> inputs,
                                     std::vector<ValueId> masks)
    : graph_(graph),
      model_(model),
      layer_(layer),
      type_(layer_type_of(layer)),
      options_(options),
      training_(options.training),
      config_(complete_config(type_, layer, model.keras)),
      trainable_(is_trainable(layer)),
      owner_(layer.shares.empty() ? layer.name : layer.shares),
      masks_(std::move(masks)) {
  // An operation on Keras's symbolic tensors, read as a layer: unlike layers those do not know of masks.
  if (layer.arguments.contains("operation")) {
    masks_.assign(masks_.size(), ValueId{});
    arguments_read_.insert("operation");
  }
  // model(x, training=False): how pretrained models are used. True would mean noise when predicting.
  const auto training = layer.arguments.find("training");
  if (training != layer.arguments.end() && *training == Json(false)) {
    training_ = false;
    arguments_read_.insert("training");
  }
  lowered_.name = layer.name;
  lowered_.type = layer.type;
  lowered_.inputs = std::move(inputs);
  regularize_activity(value_or_null(layer.config, "activity_regularizer"));
}

LoweredLayer GraphLayerBuilder::build() {
  const Graph::Scope scope(graph_, layer_.name);
  try {
    lowered_.output = type_.build(*this);
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with("layer '")) throw;
    throw Error(error.kind(), fmt::format("{}: {}", layer_text(layer_), error.what()));
  }
  check_arguments();
  if (activation_output_ != lowered_.output) activation_input_ = {};
  if (!mask_set_ && type_.passes_mask && !masks_.empty()) lowered_.mask = masks_.front();
  return std::move(lowered_);
}

void GraphLayerBuilder::set_mask(ValueId mask) {
  lowered_.mask = mask;
  mask_set_ = true;
}

const Json& GraphLayerBuilder::argument(std::string_view key) const {
  static const Json null;
  arguments_read_.emplace(key);
  const auto found = layer_.arguments.find(std::string(key));
  return found == layer_.arguments.end() ? null : *found;
}

void GraphLayerBuilder::check_arguments() const {
  for (const auto& [key, value] : layer_.arguments.items()) {
    if (value.is_null() || arguments_read_.contains(key)) continue;
    fail(ErrorKind::unsupported, "{}: is called with the argument {} = {}, which is not supported", layer_text(layer_),
         printable(key), printable(value.dump()));
  }
}

std::string GraphLayerBuilder::state_gradient_output(std::string_view state) const {
  return options_.state_gradients ? fmt::format("state_gradient/{}/{}", layer_.name, state) : std::string();
}

LayerBuilder::Inner GraphLayerBuilder::call(const Layer& inner, std::vector<ValueId> inputs, ValueId mask) {
  if (inner.config.contains("model")) return call_model(inner, std::move(inputs), mask);
  std::vector<ValueId> masks(inputs.size());
  if (!masks.empty()) masks.front() = mask;
  return call_layer(inner, std::move(inputs), std::move(masks));
}

LayerBuilder::Inner GraphLayerBuilder::call_layer(const Layer& inner, std::vector<ValueId> inputs,
                                                  std::vector<ValueId> masks) {
  Layer layer = inner;
  layer.name = fmt::format("{}/{}", layer_.name, inner.name);
  if (!inner.shares.empty()) layer.shares = fmt::format("{}/{}", owner_, inner.shares);
  if (owner_ != layer_.name && inner.shares.empty()) layer.shares = fmt::format("{}/{}", owner_, inner.name);
  layer.trainable = inner.trainable && trainable_;
  LoweringOptions options = options_;
  options.training = training_;
  GraphLayerBuilder builder(graph_, model_, layer, options, std::move(inputs), std::move(masks));
  LoweredLayer built = builder.build();
  for (ParameterInfo& parameter : built.parameters) {
    parameter.variable = parameter.name.substr(layer_.name.size() + 1);
    parameter.layer = layer_.name;
    lowered_.parameters.push_back(std::move(parameter));
  }
  // What the health room looks at: the last linear map and activation inside.
  if (built.pre_activation) lowered_.pre_activation = built.pre_activation;
  if (built.activation.function != nullptr || built.activation.row_wise) lowered_.activation = built.activation;
  return {.output = built.output, .more_outputs = std::move(built.more_outputs), .mask = built.mask};
}

LayerBuilder::Inner GraphLayerBuilder::call_model(const Layer& inner, std::vector<ValueId> inputs, ValueId mask) {
  const Model model = flattened(model_from_json(inner.config["model"]));
  const std::vector<std::vector<std::size_t>> sources = connections(model);
  const std::vector<std::string> names = input_names(model);
  std::vector<Inner> built(model.layers.size());
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    Layer layer = model.layers[i];
    if (layer.type == "InputLayer") {
      const auto position = static_cast<std::size_t>(std::find(names.begin(), names.end(), layer.name) - names.begin());
      if (position >= inputs.size()) misfit(fmt::format("its model takes {} inputs", names.size()));
      built[i] = {.output = inputs[position], .mask = mask};
      continue;
    }
    std::vector<ValueId> values;
    std::vector<ValueId> masks;
    for (std::size_t k = 0; k < sources[i].size(); ++k) {
      const Inner& source = built[sources[i][k]];
      const int index = layer.inputs[k].index;
      values.push_back(index == 0 ? source.output : source.more_outputs.at(static_cast<std::size_t>(index) - 1));
      masks.push_back(source.mask);
    }
    layer.name = fmt::format("{}/{}", inner.name, layer.name);
    if (!layer.shares.empty()) layer.shares = fmt::format("{}/{}", inner.name, layer.shares);
    layer.trainable = layer.trainable && inner.trainable;
    built[i] = call_layer(layer, std::move(values), std::move(masks));
  }
  Inner result;
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    const auto at = static_cast<std::size_t>(model.find(model.outputs[i].layer) - model.layers.data());
    const int index = model.outputs[i].index;
    const ValueId value =
        index == 0 ? built[at].output : built[at].more_outputs.at(static_cast<std::size_t>(index) - 1);
    if (i == 0) {
      result.output = value;
      result.mask = built[at].mask;
    } else {
      result.more_outputs.push_back(value);
    }
  }
  return result;
}

const Json& GraphLayerBuilder::at(std::string_view key) const {
  const auto found = config_.find(std::string(key));
  if (found == config_.end())
    fail(ErrorKind::internal, "{}: '{}' is not among the layer's keys", layer_text(layer_), key);
  return *found;
}

const Json& GraphLayerBuilder::required(std::string_view key) const {
  const Json& value = at(key);
  if (value.is_null()) fail(ErrorKind::input, "{}: the key '{}' is missing", layer_text(layer_), key);
  return value;
}

std::int64_t GraphLayerBuilder::integer(const Json& value, std::string_view key) const {
  const double number = value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
  if (number != std::floor(number) || std::abs(number) > static_cast<double>(kLargestInteger)) {
    wrong(key, fmt::format("must be an integer up to {}", kLargestInteger));
  }
  return static_cast<std::int64_t>(number);
}

std::int64_t GraphLayerBuilder::integer(std::string_view key) const {
  return integer(required(key), key);
}

double GraphLayerBuilder::number(std::string_view key) const {
  const Json& value = required(key);
  if (!value.is_number()) wrong(key, "must be a number");
  return value.get<double>();
}

bool GraphLayerBuilder::flag(std::string_view key) const {
  const Json& value = required(key);
  if (!value.is_boolean()) wrong(key, "must be true or false");
  return value.get<bool>();
}

std::string GraphLayerBuilder::text(std::string_view key) const {
  const Json& value = required(key);
  if (!value.is_string()) wrong(key, "must be text");
  return value.get<std::string>();
}

std::vector<std::int64_t> GraphLayerBuilder::integers(std::string_view key, std::size_t count) const {
  const Json& value = required(key);
  if (value.is_number()) return std::vector<std::int64_t>(count, integer(value, key));
  if (!value.is_array() || value.size() != count) wrong(key, fmt::format("must be an integer or a list of {}", count));
  std::vector<std::int64_t> numbers;
  for (const Json& element : value) numbers.push_back(integer(element, key));
  return numbers;
}

void GraphLayerBuilder::unsupported(std::string_view key, std::string_view why) const {
  fail(ErrorKind::unsupported, "{}: {} = {} is not supported: {}", layer_text(layer_), key, printable(at(key).dump()),
       why);
}

void GraphLayerBuilder::wrong(std::string_view key, std::string_view what) const {
  fail(ErrorKind::input, "{}: {} {}, not {}", layer_text(layer_), key, what, printable(at(key).dump()));
}

void GraphLayerBuilder::misfit(std::string_view what) const {
  std::vector<std::string> shapes;
  for (const ValueId input : lowered_.inputs) shapes.push_back(batch_shape_text(graph_.shape(input)));
  fail(ErrorKind::shape, "{}: {}, but {} {}", layer_text(layer_), what,
       shapes.size() == 1 ? "its input has shape" : "its inputs have shapes", join(shapes, " and "));
}

ValueId GraphLayerBuilder::weight(std::string_view variable, const Shape& shape, bool trainable,
                                  std::string_view prefix, const Json& given) {
  const std::string stem(prefix.empty() ? variable : prefix);
  const std::string initializer = stem + "_initializer";
  const std::string regularizer = stem + "_regularizer";
  const std::string constraint = stem + "_constraint";
  ParameterInfo info{.name = fmt::format("{}/{}", owner_, variable),
                     .layer = layer_.name,
                     .variable = std::string(variable),
                     .shape = shape,
                     .trainable = trainable && trainable_};
  info.initializer =
      naming(layer_, initializer, [&] { return choose_initializer(given.is_null() ? required(initializer) : given); });
  if (!is_null(regularizer)) {
    info.regularizer = naming(layer_, regularizer, [&] { return choose_regularizer(at(regularizer)); });
  }
  if (!is_null(constraint)) {
    info.constraint = naming(layer_, constraint, [&] { return choose_constraint(at(constraint)); });
  }
  const ValueId value = graph_.parameter(info.name, shape);
  if (owner_ == layer_.name) lowered_.parameters.push_back(std::move(info));
  return value;
}

void GraphLayerBuilder::regularize_activity(const Json& regularizer) {
  lowered_.activity_regularizer =
      naming(layer_, "activity_regularizer", [&] { return choose_regularizer(regularizer); });
}

ValueId GraphLayerBuilder::activate(ValueId z, std::string_view key) {
  return activate(z, naming(layer_, key, [&] { return choose_activation(at(key), model_.keras.major); }));
}

ValueId GraphLayerBuilder::activate(ValueId z, const ActivationChoice& activation) {
  lowered_.activation = activation;
  activation_input_ = z;
  if (activation.function != nullptr) {
    const bool identity = activation.function->id == "linear";
    activation_output_ = identity ? z : ops::unary(graph_, z, activation.function->kernel, activation.parameters);
  } else if (activation.name == "softmax") {
    activation_output_ = ops::softmax(graph_, z);
  } else if (activation.name == "log_softmax") {
    activation_output_ = ops::log_softmax(graph_, z);
  } else {
    fail(ErrorKind::unsupported, "{}: the activation {} is not supported", layer_text(layer_), activation.name);
  }
  return activation_output_;
}

std::uint64_t GraphLayerBuilder::random_stream() {
  return mix(stream_of(layer_.name), streams_++);
}

}  // namespace evenflow
