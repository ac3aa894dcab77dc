// A training step as one static graph: values, nodes, operators; differentiation; compilation to a Program.
//
//   Graph graph;
//   ValueId x = graph.input("x", {32, 784});
//   ValueId w = graph.parameter("dense/kernel", {784, 10});
//   ValueId y = ops::matmul(graph, x, w);               // evenflow/graph/ops/*.h has the functions that add nodes
//   graph.output("y", y);
//   Program program = Program::compile(std::move(graph), {.parameter = ...});
//   program.run();
//
// A graph is built once per (model, batch size): every shape is known and checked while it is built. A Program is a
// flat list of bound kernels over one block of memory; run() looks up and allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenflow/tensor.h"

namespace evenflow {

enum class DType : std::uint8_t {
  float32,
  float64,  // statistics only
};
std::size_t size_of(DType dtype);

struct ValueType {
  Shape shape;
  DType dtype = DType::float32;
  std::size_t bytes() const { return static_cast<std::size_t>(shape.count()) * size_of(dtype); }
  friend bool operator==(const ValueType&, const ValueType&) = default;
};

// Handle of a value in one Graph.
struct ValueId {
  int index = -1;
  explicit operator bool() const { return index >= 0; }
  friend bool operator==(ValueId, ValueId) = default;
};

// What changes from step to step and is not a tensor. Kernels hold a pointer to it.
struct StepState {
  std::uint64_t seed = 0;      // of the run: every random operator draws from (seed, its stream, step, element)
  std::uint64_t step = 0;      // optimizer iterations finished before this step
  double learning_rate = 0.0;  // of this step
};

// Memory of one value as a kernel sees it.
struct Buffer {
  ValueType type;
  void* data = nullptr;

  float* f32() const { return static_cast<float*>(data); }
  double* f64() const { return static_cast<double*>(data); }
  std::size_t count() const { return static_cast<std::size_t>(type.shape.count()); }
};

// A bound kernel: everything it needs is captured. It must not allocate, throw or look anything up when called.
using Kernel = std::function<void()>;

// What an operator gets when its kernel is bound. The pointers stay valid for the life of the Program.
struct Binding {
  std::span<const Buffer> inputs;
  std::span<const Buffer> outputs;
  std::byte* scratch = nullptr;  // scratch_bytes() bytes, aligned, shared with other nodes: garbage at each call
  const StepState* state = nullptr;
};

class Graph;
struct Node;

// One kind of computation with its settings. Immutable; shared by the nodes that use it.
// Each operator is one file in src/evenflow/graph/ops with a function that validates and adds a node.
class Operator {
 public:
  virtual ~Operator() = default;

  virtual std::string_view name() const = 0;

  // Types of the outputs. Throws Error(shape) when the inputs do not fit; the graph adds the layer's name.
  virtual std::vector<ValueType> infer(std::span<const ValueType> inputs) const = 0;

  // Adds to `graph` the nodes that compute dLoss/dinput for each input i with needed[i], given the gradients of
  // the node's outputs (an absent id where none arrives). Absent ids in the result mean "no gradient flows".
  // The default throws Error(unsupported): the operator is not differentiable.
  virtual std::vector<ValueId> gradient(Graph& graph, const Node& node, std::span<const ValueId> output_gradients,
                                        std::span<const bool> needed) const;

  virtual std::size_t scratch_bytes(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const;

  virtual Kernel bind(const Binding& binding) const = 0;

  // The input whose memory output 0 may take over (element-wise kernels that read before they write), or -1.
  virtual int in_place_input() const { return -1; }
  // Output 0 is input 0 under another shape: no kernel, no memory of its own.
  virtual bool is_view() const { return false; }
  // Inputs that the kernel writes to (parameters, optimizer slots, moving statistics). A node that mutates
  // something is never dead.
  virtual std::span<const int> mutated_inputs() const { return {}; }

  // For element-wise operators: the work on elements [begin, end), with the pointers already advanced to `begin`.
  // A chain of such nodes is fused into one pass over the memory. Inputs that are not `streamed` (scalars, one
  // row that is repeated) make an operator not fusible. Empty when the operator is not element-wise.
  struct Block {
    const float* const* inputs;
    float* output;
    std::size_t begin;
    std::size_t count;
    const StepState* state;
  };
  using BlockKernel = std::function<void(const Block&)>;
  virtual BlockKernel block_kernel(std::span<const ValueType> inputs, const ValueType& output) const;
};

struct Value {
  enum class Role : std::uint8_t { input, parameter, constant, computed };
  ValueType type;
  Role role = Role::computed;
  std::string name;   // of inputs and parameters; else empty
  int producer = -1;  // index of the node that computes it
  int output = 0;     // which of that node's outputs
  Tensor constant;    // for Role::constant
};

struct Node {
  std::shared_ptr<const Operator> op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::string scope;  // the layer it belongs to, for messages
};

class Graph {
 public:
  ValueId input(std::string name, ValueType type);
  ValueId input(std::string name, Shape shape) { return input(std::move(name), ValueType{shape}); }
  // A tensor that outlives the program's runs and is resolved by name when the graph is compiled.
  // Asking again for the same name gives the same value; throws Error(shape) if the shapes differ.
  ValueId parameter(std::string name, Shape shape);
  ValueId constant(Tensor value);
  ValueId scalar(float value) { return constant(Tensor(Shape{}, value)); }

  // Checks the inputs by op->infer and appends a node. Errors are prefixed with the current scope.
  std::vector<ValueId> add(std::shared_ptr<const Operator> op, std::vector<ValueId> inputs);
  ValueId add1(std::shared_ptr<const Operator> op, std::vector<ValueId> inputs) {
    return add(std::move(op), std::move(inputs)).front();
  }

  // Keeps the value alive to the end of the step, to be read by this name.
  void output(std::string name, ValueId value);

  const Value& value(ValueId id) const { return values_[static_cast<std::size_t>(id.index)]; }
  Shape shape(ValueId id) const { return value(id).type.shape; }  // by value: adding nodes moves the originals
  std::span<const Value> values() const { return values_; }
  std::span<const Node> nodes() const { return nodes_; }
  std::span<const std::pair<std::string, ValueId>> outputs() const { return outputs_; }

  // Nodes added while a Scope lives carry its name.
  class Scope {
   public:
    Scope(Graph& graph, std::string name);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Graph& graph_;
    std::string previous_;
  };
  const std::string& scope() const { return scope_; }

  // The executable specification of a well-formed graph: throws Error(internal) naming the first fault (an id out
  // of range, a use before its definition, an inferred type that differs from the stored one, a view that is not).
  void verify() const;

  // One line per node: outputs = name(inputs) shapes [scope].
  std::string to_text() const;

  // For passes: replaces all nodes. The values they mention must exist; producers are recomputed.
  void replace_nodes(std::vector<Node> nodes);
  void replace_output(ValueId from, ValueId to);

 private:
  ValueId new_value(Value value);

  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<std::pair<std::string, ValueId>> outputs_;
  std::string scope_;
};

// Adds the nodes that compute d(loss)/d(value) for each of `wrt` by reverse-mode differentiation, and returns them
// in that order: an absent id where the loss does not depend on the value. `loss` may have any shape: then the sum of
// its elements is differentiated, or its product with `cotangent` (same shape as loss) if one is given.
std::vector<ValueId> differentiate(Graph& graph, ValueId loss, std::span<const ValueId> wrt, ValueId cotangent = {});

struct CompileOptions {
  // Where the parameter of that name lives; the memory (shape.count() floats) must outlive the program.
  std::function<float*(std::string_view name, const Shape& shape)> parameter;
  bool fuse = true;          // bias and activation into matrix product and convolution, element-wise chains
  bool reuse_memory = true;  // off: every value has memory of its own, so that all can be inspected
};

class Program {
 public:
  Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  // Verifies, removes dead nodes, fuses, orders, plans memory and binds the kernels.
  static Program compile(Graph graph, const CompileOptions& options);

  // One step. Allocates nothing.
  void run();

  // Memory of an input to fill before run(), of an output to read after it. Throws Error(usage) for an unknown name.
  Buffer input(std::string_view name) const;
  Buffer output(std::string_view name) const;
  bool has_output(std::string_view name) const;

  StepState& state();

  std::size_t memory_bytes() const;  // of the planned block
  std::size_t kernel_count() const;
  std::string to_text() const;  // one line per kernel, with its memory
  // Runs each kernel alone `repeats` times in order and returns seconds per kernel with its text: the profile.
  std::vector<std::pair<std::string, double>> profile(int repeats);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evenflow
