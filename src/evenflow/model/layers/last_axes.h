// What layers share that normalize over some axes of a sample.
#pragma once

#include <algorithm>
#include <numeric>

#include "evenflow/graph/ops/ops.h"
#include "evenflow/model/layer_support.h"

namespace evenflow::layers {

// The layer's input with some axes (ascending) moved to the end.
class LastAxes {
 public:
  LastAxes(LayerBuilder& builder, const std::vector<int>& axes)
      : graph_(builder.graph()),
        input_(builder.input()),
        first_(builder.shape().rank() - static_cast<int>(axes.size())) {
    std::vector<int> order(static_cast<std::size_t>(builder.shape().rank()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_partition(order.begin(), order.end(),
                          [&](int axis) { return std::find(axes.begin(), axes.end(), axis) == axes.end(); });
    if (!std::is_sorted(order.begin(), order.end())) {
      order_ = order;
      input_ = ops::transpose(graph_, input_, order);
    }
  }

  bool moved() const { return !order_.empty(); }
  ValueId input() const { return input_; }
  int first() const { return first_; }
  Shape shape() const { return graph_.shape(input_).slice(first_, graph_.shape(input_).rank()); }
  ValueId restore(ValueId y) const {
    if (order_.empty()) return y;
    std::vector<int> back(order_.size());
    for (std::size_t i = 0; i < back.size(); ++i) back[static_cast<std::size_t>(order_[i])] = static_cast<int>(i);
    return ops::transpose(graph_, y, back);
  }

 private:
  Graph& graph_;
  ValueId input_;
  int first_;
  std::vector<int> order_;  // empty: nothing is moved
};

// x divided by the root of its sum of squares over `axes`, or by the root of `least` if that is larger.
inline ValueId unit_norm(Graph& graph, ValueId x, const std::vector<int>& axes, float least) {
  const ValueId squares = ops::reduce_sum(graph, ops::multiply(graph, x, x), axes, true);
  return ops::multiply(graph, x, ops::inverse_root(graph, ops::maximum(graph, squares, graph.scalar(least))));
}

}  // namespace evenflow::layers
