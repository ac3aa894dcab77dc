// For tests: compares an operator with its twin in double precision, forward and backward.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/graph.h"

namespace evenflow::ops {

using Doubles = std::vector<double>;

struct OperatorCase {
  std::vector<Shape> shapes;  // of the inputs
  // Adds the nodes; returns the result.
  std::function<ValueId(Graph&, std::span<const ValueId>)> build;
  // The same, slow and obvious, on row-major arrays.
  std::function<Doubles(std::span<const Doubles>)> twin;
  // An element of an input; the standard normal distribution if empty.
  std::function<double(Random&, std::size_t input)> draw = {};
  // Inputs to differentiate by; all if empty.
  std::vector<std::size_t> differentiate_by = {};
  bool differentiable = true;
  double forward_tolerance = 2e-6;   // relative to the root mean square
  double gradient_tolerance = 1e-4;  // relative to the norm
  StepState state = {};
  CompileOptions options = {};  // how `build` finds its parameters
};

// Draws inputs and a gradient of the result; runs with and without fusion and shared memory; compares the result with
// the twin, and the gradient with central differences of the twin.
void check_operator(const OperatorCase& operator_case, std::uint64_t seed);

// Extents from 1 to `largest`, with ones more often than by chance.
Shape random_shape(Random& random, int rank, std::int64_t largest);

// Coordinates of a row-major element, and back.
using Index = std::vector<std::int64_t>;
Index unravel(std::size_t element, const Shape& shape);
std::size_t ravel(const Index& index, const Shape& shape);

// Parameters by name for CompileOptions, made when first asked for.
class ParameterStore {
 public:
  CompileOptions options(bool fuse = true, bool reuse = true);
  Tensor& operator[](const std::string& name) { return tensors_[name]; }

 private:
  std::map<std::string, Tensor> tensors_;
};

// Runs `graph` once with its inputs set to `values` by name, and gives the outputs by name as doubles.
std::map<std::string, Doubles> run_graph(Graph graph, const std::map<std::string, Doubles>& values,
                                         const CompileOptions& options = {}, const StepState& state = {});

// The message of the Error that `action` throws; "" if it throws none.
std::string error_of(const std::function<void()>& action);

}  // namespace evenflow::ops
