#include "evenflow/graph/memory_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace evenflow {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr int kForever = std::numeric_limits<int>::max();

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// A piece of memory: one value, or several that share it one after the other.
struct Block {
  std::size_t bytes = 0;
  int first = 0;  // node that writes it first; -1: before the step
  int last = 0;   // node that reads it last
  std::size_t offset = 0;
  bool meets(const Block& other) const { return first <= other.last && other.first <= last; }
};

class Planner {
 public:
  Planner(const Graph& graph, bool reuse) : graph_(graph), reuse_(reuse), block_of_(graph.values().size(), kNoBlock) {}

  MemoryPlan plan() {
    find_last_uses();
    make_blocks();
    place_blocks();
    return result();
  }

 private:
  static constexpr std::size_t kNoBlock = static_cast<std::size_t>(-1);

  // The last node that reads a value itself (not through a view).
  void find_last_uses() {
    last_use_.assign(graph_.values().size(), -1);
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      for (const ValueId id : graph_.nodes()[n].inputs)
        last_use_[static_cast<std::size_t>(id.index)] = static_cast<int>(n);
    }
    for (const auto& [name, id] : graph_.outputs()) last_use_[static_cast<std::size_t>(id.index)] = kForever;
  }

  void make_blocks() {
    for (std::size_t v = 0; v < graph_.values().size(); ++v) {
      if (graph_.values()[v].role == Value::Role::input) new_block(v, -1, kForever);
    }
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      const Node& node = graph_.nodes()[n];
      for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        const auto v = static_cast<std::size_t>(node.outputs[i].index);
        const int last = std::max(last_use_[v], static_cast<int>(n));
        if (node.op->is_view() && block_of_[static_cast<std::size_t>(node.inputs[0].index)] == kNoBlock) {
          continue;  // of a parameter or a constant
        }
        if (const std::size_t shared = i == 0 ? shareable(node, static_cast<int>(n)) : kNoBlock; shared != kNoBlock) {
          block_of_[v] = shared;
          blocks_[shared].last = std::max(blocks_[shared].last, last);
        } else {
          new_block(v, static_cast<int>(n), last);
        }
      }
    }
  }

  // The block that the first output of a node takes over, if any.
  std::size_t shareable(const Node& node, int n) const {
    if (node.op->is_view()) return block_of_[static_cast<std::size_t>(node.inputs[0].index)];
    const int source = node.op->in_place_input();
    if (!reuse_ || source < 0) return kNoBlock;
    const ValueId id = node.inputs[static_cast<std::size_t>(source)];
    const std::size_t block = block_of_[static_cast<std::size_t>(id.index)];
    if (block == kNoBlock || graph_.value(id).type.bytes() != graph_.value(node.outputs[0]).type.bytes())
      return kNoBlock;
    if (blocks_[block].last > n) return kNoBlock;
    // Another input in the same memory must hold the same elements in the same places.
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId other = node.inputs[i];
      if (block_of_[static_cast<std::size_t>(other.index)] == block && graph_.shape(other) != graph_.shape(id))
        return kNoBlock;
    }
    return block;
  }

  void new_block(std::size_t value, int first, int last) {
    block_of_[value] = blocks_.size();
    blocks_.push_back({aligned(graph_.values()[value].type.bytes()), first, last, 0});
  }

  // Largest first, each at the lowest place that is free during its whole life.
  void place_blocks() {
    std::vector<std::size_t> order(blocks_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return blocks_[a].bytes > blocks_[b].bytes; });
    std::vector<const Block*> placed;  // by offset
    for (const std::size_t b : order) {
      Block& block = blocks_[b];
      std::size_t offset = 0;
      for (const Block* other : placed) {
        if (reuse_ && !block.meets(*other)) continue;
        if (offset + block.bytes <= other->offset) break;
        offset = std::max(offset, other->offset + other->bytes);
      }
      block.offset = offset;
      bytes_ = std::max(bytes_, offset + block.bytes);
      placed.insert(std::upper_bound(placed.begin(), placed.end(), &block,
                                     [](const Block* x, const Block* y) { return x->offset < y->offset; }),
                    &block);
    }
  }

  MemoryPlan result() const {
    MemoryPlan plan;
    plan.offsets.assign(graph_.values().size(), MemoryPlan::kNoPlace);
    for (std::size_t v = 0; v < block_of_.size(); ++v) {
      if (block_of_[v] != kNoBlock) plan.offsets[v] = blocks_[block_of_[v]].offset;
    }
    plan.scratch_offset = bytes_;
    std::size_t scratch = 0;
    for (const Node& node : graph_.nodes()) {
      std::vector<ValueType> inputs;
      std::vector<ValueType> outputs;
      for (const ValueId id : node.inputs) inputs.push_back(graph_.value(id).type);
      for (const ValueId id : node.outputs) outputs.push_back(graph_.value(id).type);
      scratch = std::max(scratch, node.op->scratch_bytes(inputs, outputs));
    }
    plan.bytes = bytes_ + aligned(scratch);
    return plan;
  }

  const Graph& graph_;
  bool reuse_;
  std::vector<int> last_use_;
  std::vector<std::size_t> block_of_;
  std::vector<Block> blocks_;
  std::size_t bytes_ = 0;
};

}  // namespace

MemoryPlan plan_memory(const Graph& graph, bool reuse) {
  return Planner(graph, reuse).plan();
}

}  // namespace evenflow
