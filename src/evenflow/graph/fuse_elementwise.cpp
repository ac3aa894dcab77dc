// Element-wise chains as one node. A chain is run block by block: every step works on the same few kilobytes, so the
// values between the steps never leave the first-level cache and need no memory of their own.
#include <omp.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/base/threads.h"
#include "evenflow/graph/passes.h"

namespace evenflow::passes {
namespace {

constexpr std::size_t kBlock = 1024;  // elements: a step's inputs and output fit the first-level cache
constexpr std::size_t kParallelGrain = 32 * kBlock;

// Where a step's operand comes from: an input of the fused node, or the result of an earlier step.
struct Operand {
  bool is_step;
  std::size_t index;
};

struct Step {
  std::shared_ptr<const Operator> op;
  std::vector<Operand> operands;
  std::vector<ValueType> operand_types;
  ValueType type;
};

class FusedElementwise : public Operator {
 public:
  explicit FusedElementwise(std::vector<Step> steps) : steps_(std::move(steps)) {
    for (const Step& step : steps_) name_ += (name_.empty() ? "fused " : "+") + std::string(step.op->name());
  }

  std::string_view name() const override { return name_; }
  std::vector<ValueType> infer(std::span<const ValueType>) const override { return {steps_.back().type}; }

  std::size_t scratch_bytes(std::span<const ValueType>, std::span<const ValueType>) const override {
    return static_cast<std::size_t>(threads()) * bytes_per_thread();
  }

  Kernel bind(const Binding& binding) const override {
    auto run = std::make_shared<Run>();
    for (const Step& step : steps_) run->kernels.push_back(step.op->block_kernel(step.operand_types, step.type));
    run->operands.reserve(steps_.size());
    for (const Step& step : steps_) run->operands.push_back(step.operands);
    for (const Buffer& input : binding.inputs) run->inputs.push_back(input.f32());
    run->output = binding.outputs[0].f32();
    run->count = binding.outputs[0].count();
    run->scratch = binding.scratch;
    run->scratch_per_thread = bytes_per_thread();
    run->state = binding.state;
    return [run] { run->all(); };
  }

 private:
  std::size_t bytes_per_thread() const { return (steps_.size() - 1) * kBlock * sizeof(float); }

  struct Run {
    std::vector<BlockKernel> kernels;
    std::vector<std::vector<Operand>> operands;
    std::vector<const float*> inputs;
    float* output;
    std::size_t count;
    std::byte* scratch;
    std::size_t scratch_per_thread;
    const StepState* state;

    void all() const {
      parallel_for(count, kParallelGrain, [this](std::size_t begin, std::size_t end) {
        auto* temporaries =
            reinterpret_cast<float*>(scratch + static_cast<std::size_t>(omp_get_thread_num()) * scratch_per_thread);
        for (std::size_t at = begin; at < end; at += kBlock) block(at, std::min(kBlock, end - at), temporaries);
      });
    }

    void block(std::size_t begin, std::size_t size, float* temporaries) const {
      const float* sources[kMaximumOperands];
      for (std::size_t s = 0; s < kernels.size(); ++s) {
        for (std::size_t i = 0; i < operands[s].size(); ++i) {
          const Operand operand = operands[s][i];
          sources[i] = operand.is_step ? temporaries + operand.index * kBlock : inputs[operand.index] + begin;
        }
        float* const out = s + 1 == kernels.size() ? output + begin : temporaries + s * kBlock;
        kernels[s]({.inputs = sources, .output = out, .begin = begin, .count = size, .state = state});
      }
    }
  };

 public:
  static constexpr std::size_t kMaximumOperands = 8;
  static constexpr std::size_t kMaximumSteps = 16;

 private:
  std::vector<Step> steps_;
  std::string name_;
};

// The nodes of a growing chain, in order; the last one computes the result.
using Chain = std::vector<std::size_t>;

class ElementwiseFusion {
 public:
  explicit ElementwiseFusion(Graph& graph)
      : graph_(graph), readers_(count_readers(graph)), mutated_(graph.values().size(), 0) {
    for (const Node& node : graph.nodes()) {
      for (const int input : node.op->mutated_inputs()) {
        mutated_[static_cast<std::size_t>(node.inputs[static_cast<std::size_t>(input)].index)] = 1;
      }
    }
  }

  void run() {
    const std::span<const Node> nodes = graph_.nodes();
    std::vector<Chain> chains(nodes.size());  // by the node that ends the chain
    std::vector<char> absorbed(nodes.size(), 0);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      if (!fusible(nodes[n])) continue;
      chains[n] = {n};
      for (const ValueId input : nodes[n].inputs) {
        const int producer = graph_.value(input).producer;
        if (producer < 0) continue;
        Chain& before = chains[static_cast<std::size_t>(producer)];
        if (before.empty() || !may_absorb(input, nodes[n])) continue;
        if (before.size() + chains[n].size() > FusedElementwise::kMaximumSteps) continue;
        chains[n].insert(chains[n].begin(), before.begin(), before.end());
        before.clear();
        absorbed[static_cast<std::size_t>(producer)] = 1;
      }
      std::sort(chains[n].begin(), chains[n].end());
    }
    std::vector<Node> result;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      if (absorbed[n]) continue;
      result.push_back(chains[n].size() > 1 ? fuse(chains[n]) : nodes[n]);
    }
    graph_.replace_nodes(std::move(result));
  }

 private:
  std::vector<ValueType> input_types(const Node& node) const {
    std::vector<ValueType> types;
    for (const ValueId id : node.inputs) types.push_back(graph_.value(id).type);
    return types;
  }

  bool fusible(const Node& node) const {
    if (node.outputs.size() != 1 || node.inputs.size() > FusedElementwise::kMaximumOperands) return false;
    // A chain runs where its last node stood; a parameter that is updated in between would be read too late.
    for (const ValueId id : node.inputs) {
      if (mutated_[static_cast<std::size_t>(id.index)]) return false;
    }
    return static_cast<bool>(node.op->block_kernel(input_types(node), graph_.value(node.outputs[0]).type));
  }

  // May the chain that ends in `value` be computed inside its reader?
  bool may_absorb(ValueId value, const Node& reader) const {
    return readers_[static_cast<std::size_t>(value.index)] ==
               std::count(reader.inputs.begin(), reader.inputs.end(), value) &&
           graph_.shape(value).count() == graph_.shape(reader.outputs[0]).count();
  }

  Node fuse(const Chain& chain) const {
    std::vector<ValueId> inputs;
    std::vector<Step> steps;
    std::vector<ValueId> step_values;
    for (const std::size_t n : chain) {
      const Node& node = graph_.nodes()[n];
      Step step{.op = node.op,
                .operands = {},
                .operand_types = input_types(node),
                .type = graph_.value(node.outputs[0]).type};
      for (const ValueId id : node.inputs) {
        if (const auto made = std::find(step_values.begin(), step_values.end(), id); made != step_values.end()) {
          step.operands.push_back({true, static_cast<std::size_t>(made - step_values.begin())});
          continue;
        }
        auto given = std::find(inputs.begin(), inputs.end(), id);
        if (given == inputs.end()) given = inputs.insert(inputs.end(), id);
        step.operands.push_back({false, static_cast<std::size_t>(given - inputs.begin())});
      }
      step_values.push_back(node.outputs[0]);
      steps.push_back(std::move(step));
    }
    const Node& last = graph_.nodes()[chain.back()];
    return {std::make_shared<FusedElementwise>(std::move(steps)), std::move(inputs), last.outputs, last.scope};
  }

  Graph& graph_;
  std::vector<int> readers_;
  std::vector<char> mutated_;
};

}  // namespace

void fuse_elementwise(Graph& graph) {
  ElementwiseFusion(graph).run();
}

}  // namespace evenflow::passes
