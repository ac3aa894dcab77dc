// A bias and an activation that follow a matrix product or a convolution are applied while the result is in the cache.
#include <vector>

#include "evenflow/graph/ops/binary.h"
#include "evenflow/graph/ops/conv2d.h"
#include "evenflow/graph/ops/matmul.h"
#include "evenflow/graph/ops/unary.h"
#include "evenflow/graph/passes.h"

namespace evenflow::passes {
namespace {

// What of an epilogue a node may still take on. Null operators mean "none".
std::shared_ptr<const Operator> with_bias(const Operator& op) {
  if (const auto* product = dynamic_cast<const ops::MatMul*>(&op);
      product && !product->epilogue().bias && !product->epilogue().activation) {
    return product->with_epilogue(true, nullptr, {});
  }
  if (const auto* conv = dynamic_cast<const ops::Conv2d*>(&op);
      conv && !conv->epilogue().bias && !conv->epilogue().activation) {
    return conv->with_epilogue(true, nullptr, {});
  }
  return nullptr;
}

std::shared_ptr<const Operator> with_activation(const Operator& op, const ops::Unary& unary) {
  if (const auto* product = dynamic_cast<const ops::MatMul*>(&op); product && !product->epilogue().activation) {
    return product->with_epilogue(product->epilogue().bias, &unary.function(), unary.parameters());
  }
  if (const auto* conv = dynamic_cast<const ops::Conv2d*>(&op); conv && !conv->epilogue().activation) {
    return conv->with_epilogue(conv->epilogue().bias, &unary.function(), unary.parameters());
  }
  return nullptr;
}

class EpilogueFusion {
 public:
  explicit EpilogueFusion(Graph& graph)
      : graph_(graph),
        readers_(count_readers(graph)),
        nodes_(graph.nodes().begin(), graph.nodes().end()),
        gone_(nodes_.size(), 0) {}

  void run() {
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (!fuse_bias(n)) fuse_activation(n);
    }
    std::vector<Node> kept;
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (!gone_[n]) kept.push_back(std::move(nodes_[n]));
    }
    graph_.replace_nodes(std::move(kept));
  }

 private:
  // The node that computes `value`, if nobody but one node reads it.
  int sole_producer(ValueId value) const {
    return readers_[static_cast<std::size_t>(value.index)] == 1 ? graph_.value(value).producer : -1;
  }

  // The consumer takes over the producer's work and stays where it stands, after all that both read.
  void absorb(std::size_t consumer, std::size_t producer, std::shared_ptr<const Operator> op,
              std::vector<ValueId> inputs) {
    nodes_[consumer].op = std::move(op);
    nodes_[consumer].inputs = std::move(inputs);
    nodes_[consumer].scope = nodes_[producer].scope;
    gone_[producer] = 1;
  }

  bool fuse_bias(std::size_t n) {
    const Node& node = nodes_[n];
    const auto* binary = dynamic_cast<const ops::Binary*>(node.op.get());
    if (binary == nullptr || !binary->is_bias_add(graph_.shape(node.inputs[0]), graph_.shape(node.inputs[1])))
      return false;
    const int producer = sole_producer(node.inputs[0]);
    if (producer < 0) return false;
    const Node& product = nodes_[static_cast<std::size_t>(producer)];
    const auto fused = with_bias(*product.op);
    if (fused == nullptr) return false;
    absorb(n, static_cast<std::size_t>(producer), fused, {product.inputs[0], product.inputs[1], node.inputs[1]});
    return true;
  }

  void fuse_activation(std::size_t n) {
    const Node& node = nodes_[n];
    const auto* unary = dynamic_cast<const ops::Unary*>(node.op.get());
    if (unary == nullptr) return;
    const int producer = sole_producer(node.inputs[0]);
    if (producer < 0) return;
    if (nodes_[static_cast<std::size_t>(producer)].op->is_view()) return fuse_through_view(n, producer);
    const Node& product = nodes_[static_cast<std::size_t>(producer)];
    if (auto fused = with_activation(*product.op, *unary))
      absorb(n, static_cast<std::size_t>(producer), std::move(fused), product.inputs);
  }

  // An activation of a reshaped product, as one-dimensional convolutions have it: the view becomes that of the result.
  void fuse_through_view(std::size_t n, int view_at) {
    Node& view = nodes_[static_cast<std::size_t>(view_at)];
    const int producer = sole_producer(view.inputs[0]);
    if (producer < 0) return;
    Node& product = nodes_[static_cast<std::size_t>(producer)];
    auto fused = with_activation(*product.op, dynamic_cast<const ops::Unary&>(*nodes_[n].op));
    if (fused == nullptr) return;
    product.op = std::move(fused);
    view.outputs = nodes_[n].outputs;
    gone_[n] = 1;
  }

  Graph& graph_;
  std::vector<int> readers_;
  std::vector<Node> nodes_;
  std::vector<char> gone_;
};

}  // namespace

void fuse_epilogues(Graph& graph) {
  EpilogueFusion(graph).run();
}

}  // namespace evenflow::passes
