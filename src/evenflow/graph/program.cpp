#include <chrono>
#include <utility>

#include "evenflow/base/text.h"
#include "evenflow/graph.h"
#include "evenflow/graph/memory_plan.h"
#include "evenflow/graph/passes.h"

namespace evenflow {

struct Program::Impl {
  Graph graph{};
  MemoryPlan plan{};
  AlignedBytes memory{nullptr, nullptr};
  StepState state{};
  std::vector<Buffer> buffers{};  // by value index
  std::vector<Kernel> kernels{};
  std::vector<std::size_t> nodes{};  // the node of each kernel

  Buffer named(Value::Role role, std::string_view name) const;
  void place_buffers(const CompileOptions& options);
  void bind_kernels();
  std::string node_text(std::size_t node) const;
};

void Program::Impl::place_buffers(const CompileOptions& options) {
  const std::span<const Value> values = graph.values();
  // Parameters that no node reads any more need not exist.
  const std::vector<int> readers = passes::count_readers(graph);
  buffers.resize(values.size());
  for (std::size_t v = 0; v < values.size(); ++v) {
    Buffer& buffer = buffers[v];
    buffer.type = values[v].type;
    if (values[v].role == Value::Role::constant) {
      buffer.data = const_cast<float*>(values[v].constant.data());
    } else if (values[v].role == Value::Role::parameter && readers[v] > 0) {
      if (options.parameter) buffer.data = options.parameter(values[v].name, values[v].type.shape);
      if (buffer.data == nullptr) fail(ErrorKind::internal, "parameter '{}' has no memory", values[v].name);
    } else if (plan.offsets[v] != MemoryPlan::kNoPlace) {
      buffer.data = memory.get() + plan.offsets[v];
    }
  }
  // A view of a parameter or a constant has its source's memory.
  for (const Node& node : graph.nodes()) {
    if (!node.op->is_view()) continue;
    buffers[static_cast<std::size_t>(node.outputs[0].index)].data =
        buffers[static_cast<std::size_t>(node.inputs[0].index)].data;
  }
}

void Program::Impl::bind_kernels() {
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    if (node.op->is_view()) continue;
    std::vector<Buffer> inputs;
    std::vector<Buffer> outputs;
    for (const ValueId id : node.inputs) inputs.push_back(buffers[static_cast<std::size_t>(id.index)]);
    for (const ValueId id : node.outputs) outputs.push_back(buffers[static_cast<std::size_t>(id.index)]);
    kernels.push_back(node.op->bind(
        {.inputs = inputs, .outputs = outputs, .scratch = memory.get() + plan.scratch_offset, .state = &state}));
    nodes.push_back(n);
  }
}

Buffer Program::Impl::named(Value::Role role, std::string_view name) const {
  for (std::size_t v = 0; v < buffers.size(); ++v) {
    const Value& value = graph.values()[v];
    if (value.role == role && value.name == name) return buffers[v];
  }
  fail(ErrorKind::usage, "the program has no input '{}'", name);
}

std::string Program::Impl::node_text(std::size_t n) const {
  const Node& node = graph.nodes()[n];
  std::vector<std::string> inputs;
  for (const ValueId id : node.inputs) {
    const Value& value = graph.value(id);
    inputs.push_back(value.name.empty() ? fmt::format("%{}{}", id.index, to_string(value.type.shape))
                                        : value.name + to_string(value.type.shape));
  }
  std::vector<std::string> outputs;
  for (const ValueId id : node.outputs) outputs.push_back(fmt::format("%{}{}", id.index, to_string(graph.shape(id))));
  return fmt::format("{}: {} -> {}{}", node.op->name(), join(inputs), outputs.empty() ? "nothing" : join(outputs),
                     node.scope.empty() ? "" : fmt::format("  [{}]", node.scope));
}

Program::Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Program Program::compile(Graph graph, const CompileOptions& options) {
  graph.verify();
  passes::remove_dead_nodes(graph);
  if (options.fuse) {
    passes::fuse_epilogues(graph);
    passes::fuse_elementwise(graph);
  }
  passes::hoist_consumers(graph);
  graph.verify();

  Program program;
  program.impl_ = std::make_unique<Impl>();
  Impl& impl = *program.impl_;
  impl.graph = std::move(graph);
  impl.plan = plan_memory(impl.graph, options.reuse_memory);
  impl.memory = allocate_aligned(impl.plan.bytes);
  impl.place_buffers(options);
  impl.bind_kernels();
  return program;
}

void Program::run() {
  for (const Kernel& kernel : impl_->kernels) kernel();
}

Buffer Program::input(std::string_view name) const {
  return impl_->named(Value::Role::input, name);
}

bool Program::has_output(std::string_view name) const {
  for (const auto& [output, id] : impl_->graph.outputs()) {
    if (output == name) return true;
  }
  return false;
}

Buffer Program::output(std::string_view name) const {
  for (const auto& [output, id] : impl_->graph.outputs()) {
    if (output == name) return impl_->buffers[static_cast<std::size_t>(id.index)];
  }
  fail(ErrorKind::usage, "the program has no output '{}'", name);
}

StepState& Program::state() {
  return impl_->state;
}

std::size_t Program::memory_bytes() const {
  return impl_->plan.bytes;
}

std::size_t Program::kernel_count() const {
  return impl_->kernels.size();
}

std::string Program::to_text() const {
  std::string text;
  for (const std::size_t n : impl_->nodes) text += impl_->node_text(n) + '\n';
  return text + fmt::format("{} kernels, {} bytes\n", kernel_count(),
                            with_thousands(static_cast<std::int64_t>(memory_bytes())));
}

std::vector<std::pair<std::string, double>> Program::profile(int repeats) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::pair<std::string, double>> seconds;
  for (const std::size_t n : impl_->nodes) seconds.emplace_back(impl_->node_text(n), 0.0);
  for (int r = 0; r < repeats; ++r) {
    for (std::size_t k = 0; k < impl_->kernels.size(); ++k) {
      const auto start = Clock::now();
      impl_->kernels[k]();
      seconds[k].second += std::chrono::duration<double>(Clock::now() - start).count() / repeats;
    }
  }
  return seconds;
}

}  // namespace evenflow
