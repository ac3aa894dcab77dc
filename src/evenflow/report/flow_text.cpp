// What `evenflow predict-flow` prints.
#include <cmath>

#include "evenflow/base/json_text.h"
#include "evenflow/base/text.h"
#include "evenflow/report.h"
#include "evenflow/report/layout.h"

namespace evenflow {
namespace {

using layout::Column;

Json optional(const std::optional<double>& value) {
  return value ? number(*value) : Json();
}

}  // namespace

std::string flow_text(const FlowPrediction& prediction, const TextStyle& style) {
  Column name{"layer", true, 9};
  Column q{"E[z^2]", false, 4};
  Column signal{"signal", false, 5};
  Column alike{"alike", false, 2};
  Column gain{"gain", false, 6};
  Column decades{"decades", false, 8};
  Column deviation{"+-", false, 7};
  Column time{"per time step", false, 3};
  for (std::size_t i = prediction.layers.size(); i-- > 0;) {
    const FlowPrediction::Layer& layer = prediction.layers[i];
    name.cells.push_back(layout::shorten(printable(layer.name), 28, style));
    q.cells.push_back(layer.pre_activation ? layout::short_number(*layer.pre_activation) : "");
    signal.cells.push_back(layout::short_number(layer.second_moment));
    alike.cells.push_back(layout::short_number(layer.correlation));
    gain.cells.push_back(layer.gain ? layout::short_number(*layer.gain) : "");
    decades.cells.push_back(!layer.decades                ? ""
                            : *layer.decades <= kZeroNorm ? "zero"
                                                          : fmt::format("{:+.2f}", *layer.decades));
    deviation.cells.push_back(layer.decades ? fmt::format("{:.2f}", layer.deviation) : "");
    time.cells.push_back(layer.time ? fmt::format("{:+.3f}", layer.time->decades_per_step) : "");
  }
  std::vector<Column> columns{name, q, signal, alike, gain, decades, deviation};
  for (const std::string& cell : time.cells) {
    if (cell.empty()) continue;
    columns.push_back(time);
    break;
  }
  columns = layout::fit(columns, style.width);
  std::string text = layout::colored(layout::header(columns), layout::Color::bold, style) + '\n';
  for (std::size_t row = 0; row < prediction.layers.size(); ++row) {
    std::string line = layout::row(columns, row);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  if (prediction.path.size() >= 2) {
    text += fmt::format("flow    {:+.2f} +- {:.2f} decades from the last layer to the first\n",
                        prediction.total_decades, prediction.deviation);
  }
  for (const std::string& doubt : prediction.doubts)
    text += layout::paragraph("doubt: " + printable(doubt), 0, style.width);
  return text;
}

Json flow_json(const FlowPrediction& prediction) {
  Json layers = Json::array();
  for (const FlowPrediction::Layer& layer : prediction.layers) {
    Json time;
    if (layer.time) {
      time = {{"steps", layer.time->steps},
              {"total_decades", number(layer.time->total_decades)},
              {"decades_per_step", number(layer.time->decades_per_step)}};
    }
    layers.push_back({{"name", layer.name},
                      {"type", layer.type},
                      {"pre_activation", optional(layer.pre_activation)},
                      {"second_moment", number(layer.second_moment)},
                      {"correlation", number(layer.correlation)},
                      {"gain", optional(layer.gain)},
                      {"factor", optional(layer.factor)},
                      {"backward_decades", number(layer.backward_decades)},
                      {"decades", optional(layer.decades)},
                      {"deviation", number(layer.deviation)},
                      {"expected_saturated", number(layer.expected_saturated)},
                      {"expected_dead", number(layer.expected_dead)},
                      {"time", time}});
  }
  Json path = Json::array();
  for (const std::size_t layer : prediction.path) path.push_back(prediction.layers[layer].name);
  return {{"schema_version", 1},
          {"layers", layers},
          {"path", path},
          {"total_decades", number(prediction.total_decades)},
          {"deviation", number(prediction.deviation)},
          {"confident", prediction.confident()},
          {"doubts", prediction.doubts}};
}

}  // namespace evenflow
