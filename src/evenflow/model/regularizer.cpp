#include "evenflow/model/regularizer.h"

#include <string>

#include "evenflow/base/text.h"
#include "evenflow/graph/ops/ops.h"

namespace evenflow {
namespace {

constexpr float kSmallest = 1e-14f;      // rows of zeros stay; Keras bounds the inverse root by 1e7
constexpr double kDefaultFactor = 0.01;  // of L1() and L2() in Keras; L1L2() has 0

double factor(const Json& config, const char* key, double fallback) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return fallback;
  if (!found->is_number()) fail(ErrorKind::input, "regularizer: {} must be a number, not {}", key, found->dump());
  return found->get<double>();
}

// factor * the mean absolute cosine between pairs of rows (or columns).
ValueId orthogonality(Graph& graph, ValueId w, const Json& config, double divisor) {
  const Shape shape = graph.shape(w);
  if (shape.rank() != 2)
    fail(ErrorKind::shape, "OrthogonalRegularizer takes 2 axes, not the shape {}", to_string(shape));
  const ValueId rows = config.at("mode") == "rows" ? w : ops::transpose(graph, w, {1, 0});
  const ValueId squares = ops::reduce_sum(graph, ops::multiply(graph, rows, rows), {1}, true);
  const ValueId directions = ops::multiply(graph, rows, ops::inverse_root(graph, squares, kSmallest));
  const std::int64_t count = graph.shape(rows)[0];
  Tensor others(Shape{count, count}, 1.0f);
  for (std::int64_t i = 0; i < count; ++i) others[i * count + i] = 0;
  const ValueId cosines = ops::multiply(
      graph, ops::matmul(graph, directions, ops::transpose(graph, directions, {1, 0})), graph.constant(others));
  const double pairs = static_cast<double>(count) * (static_cast<double>(count) - 1) / 2;
  return ops::penalty(graph, cosines, 0.5 * config.at("factor").get<double>() / pairs / divisor, 0.0);
}

}  // namespace

Item choose_regularizer(const Json& config) {
  if (config.is_null()) return {};
  const bool object = config.is_object();
  const Json class_name = object && config.contains("class_name") ? config["class_name"] : config;
  const std::string given = class_name.is_string() ? class_name.get<std::string>() : "";
  const Json numbers =
      object && config.contains("config") && config["config"].is_object() ? config["config"] : Json::object();
  const std::string name = lower(given);
  if (name == "l1") return {"L1", {{"l1", factor(numbers, "l1", kDefaultFactor)}}};
  if (name == "l2") return {"L2", {{"l2", factor(numbers, "l2", kDefaultFactor)}}};
  if (name == "l1l2" || name == "l1_l2") {
    const double fallback = object ? 0.0 : kDefaultFactor;  // Keras 2's function l1_l2(l1=0.01, l2=0.01)
    return {"L1L2", {{"l1", factor(numbers, "l1", fallback)}, {"l2", factor(numbers, "l2", fallback)}}};
  }
  if (name == "orthogonalregularizer" || name == "orthogonal_regularizer") {
    const Json mode = numbers.value("mode", Json("rows"));
    if (mode != "rows" && mode != "columns")
      fail(ErrorKind::input, "OrthogonalRegularizer: mode must be \"rows\" or \"columns\", not {}", mode.dump());
    return {"OrthogonalRegularizer", {{"factor", factor(numbers, "factor", kDefaultFactor)}, {"mode", mode}}};
  }
  fail(ErrorKind::unsupported, "unknown regularizer {}; known are L1, L2, L1L2 and OrthogonalRegularizer",
       printable(config.dump()));
}

ValueId penalty(Graph& graph, ValueId w, const Item& regularizer, double divisor) {
  if (regularizer.type == "OrthogonalRegularizer") return orthogonality(graph, w, regularizer.config, divisor);
  return ops::penalty(graph, w, regularizer.config.value("l1", 0.0) / divisor,
                      regularizer.config.value("l2", 0.0) / divisor);
}

}  // namespace evenflow
