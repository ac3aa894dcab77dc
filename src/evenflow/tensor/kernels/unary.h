// The interface through which the graph runs an element-wise function with its derivative: activations fill it in.
#pragma once

#include <cstddef>

namespace evenflow {

// Numbers a function may carry (slope, alpha, ...), in the order that its owner defines.
struct UnaryParameters {
  float values[4] = {0, 0, 0, 0};
};

struct UnaryFunction {
  const char* name;
  // y[i] = f(x[i]) for i < count. x and y may be the same memory.
  void (*forward)(const float* x, float* y, std::size_t count, const UnaryParameters& parameters);
  // dx[i] = dy[i] f'(x[i]). dx may be the same memory as x, y or dy. Reads only what the flags say; the other
  // pointer may be null.
  void (*backward)(const float* x, const float* y, const float* dy, float* dx, std::size_t count,
                   const UnaryParameters& parameters);
  bool backward_reads_x;
  bool backward_reads_y;
};

}  // namespace evenflow
