// The text of `evenflow info`.
#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/model/lowering.h"
#include "evenflow/report.h"
#include "evenflow/report/layout.h"

namespace evenflow {
namespace {

using layout::Color;
using layout::Column;

// "(None, 28, 28, 1)": the shape of a batch, as Keras shows it.
std::string batch_shape(const Shape& shape) {
  std::string text = "(None";
  for (int axis = 1; axis < shape.rank(); ++axis) text += fmt::format(", {}", shape[axis]);
  return text + ")";
}

std::string settings_text(const Item& item) {
  std::vector<std::string> settings;
  for (const auto& [key, value] : item.config.items()) {
    if (value.is_null() || value == Json(false) || key == "name") continue;
    settings.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return item.type + (settings.empty() ? "" : "(" + join(settings) + ")");
}

std::string compile_text(const Model& model, const TextStyle& style) {
  if (!model.compile) return "no compile settings: it has no loss and no optimizer\n";
  const CompileSettings& compile = *model.compile;
  std::vector<std::string> losses;
  std::vector<std::string> metrics;
  const std::size_t different = compile.outputs.empty() ? 1 : compile.outputs.size();
  for (std::size_t i = 0; i < different; ++i) {
    const OutputSettings output = compile.of_output(i);
    const std::string of = different == 1 ? "" : model.outputs.at(i).layer + ": ";
    const std::string weight = output.weight == 1.0 ? "" : fmt::format("{} * ", output.weight);
    losses.push_back(of + (output.loss.type.empty() ? "none" : weight + settings_text(output.loss)));
    for (const Item& metric : output.metrics) metrics.push_back(of + metric.type);
  }
  std::string text;
  const auto add = [&](std::string_view label, const std::string& value) {
    text += layout::colored(layout::pad_right(label, 11), Color::dim, style) + printable(value) + '\n';
  };
  add("loss", join(losses));
  add("optimizer", compile.optimizer.type.empty() ? "none" : settings_text(compile.optimizer));
  if (!metrics.empty()) add("metrics", join(metrics));
  return text;
}

std::string sources_text(const std::vector<LayerOutput>& sources) {
  std::vector<std::string> texts;
  for (const LayerOutput& source : sources) texts.push_back(to_string(source));
  return join(texts);
}

struct Counts {
  std::int64_t all = 0;
  std::int64_t trainable = 0;
};

std::vector<Column> layer_columns(const Model& model, const Lowered& lowered, Counts& counts, const TextStyle& style) {
  Column name{"layer", true, 9};
  Column type{"type", true, 8};
  Column shape{"output", true, 7};
  Column activation{"activation", true, 5};
  Column number{"parameters", false, 6};
  Column inputs{"inputs", true, 4};
  for (std::size_t i = 0; i < lowered.layers.size(); ++i) {
    const LoweredLayer& layer = lowered.layers[i];
    std::int64_t own = 0;
    for (const ParameterInfo& parameter : layer.parameters) {
      own += parameter.shape.count();
      if (parameter.trainable) counts.trainable += parameter.shape.count();
    }
    counts.all += own;
    name.cells.push_back(layout::shorten(printable(layer.name), 30, style));
    type.cells.push_back(printable(layer.type));
    shape.cells.push_back(batch_shape(lowered.graph.shape(layer.output)));
    activation.cells.emplace_back(layer.activation.name);
    number.cells.push_back(own == 0 ? "" : with_thousands(own));
    inputs.cells.push_back(printable(sources_text(model.layers[i].inputs)));
  }
  std::vector<Column> columns{name, type, shape, activation, number};
  if (!model.sequential) columns.push_back(inputs);
  return columns;
}

}  // namespace

std::string model_text(const Model& given, const TextStyle& style) {
  const Model model = flattened(given);
  const Lowered lowered = lower(model, {});
  Counts counts;
  const std::vector<Column> columns = layout::fit(layer_columns(model, lowered, counts, style), style.width);
  std::string text = layout::colored(printable(model.name), Color::bold, style);
  text += fmt::format("   {}, Keras {}\n\n", model.sequential ? "sequential" : "functional", model.keras.major);
  text += layout::colored(layout::header(columns), Color::bold, style) + '\n';
  for (std::size_t i = 0; i < lowered.layers.size(); ++i) {
    std::string line = layout::row(columns, i);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  text += fmt::format("\n{} parameters", with_thousands(counts.all));
  if (counts.trainable != counts.all) text += fmt::format(", {} of them trainable", with_thousands(counts.trainable));
  return text + "\n" + compile_text(model, style);
}

}  // namespace evenflow
