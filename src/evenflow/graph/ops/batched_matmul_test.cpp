#include "evenflow/graph/ops/batched_matmul.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

// Element (row, column) of matrix `index` in a stack of matrices that are stored with these rows and columns.
double element(const Doubles& stack, std::int64_t index, std::int64_t rows, std::int64_t columns, bool transposed,
               std::int64_t row, std::int64_t column) {
  const std::int64_t at = transposed ? column * rows + row : row * columns + column;
  return stack[static_cast<std::size_t>(index * rows * columns + at)];
}

TEST(BatchedMatmul, EqualsItsTwinForAllTranspositions) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    const bool ta = seed % 2 == 1;
    const bool tb = seed / 2 % 2 == 1;
    const Shape s = random_shape(random, 3, 9);
    const std::int64_t m = s[0], n = s[1], k = s[2];
    const Shape batch = random_shape(random, static_cast<int>(seed % 3), 4);
    check_operator({.shapes = {concatenate(batch, ta ? Shape{k, m} : Shape{m, k}),
                               concatenate(batch, tb ? Shape{n, k} : Shape{k, n})},
                    .build =
                        [=](Graph& g, std::span<const ValueId> in) {
                          return batched_matmul(g, in[0], in[1], {.transpose_a = ta, .transpose_b = tb});
                        },
                    .twin =
                        [=](std::span<const Doubles> in) {
                          Doubles y;
                          for (std::int64_t i = 0; i < batch.count() * m * n; ++i) {
                            const std::int64_t at = i / (m * n), row = i / n % m, column = i % n;
                            double sum = 0;
                            for (std::int64_t l = 0; l < k; ++l) {
                              sum += element(in[0], at, m, k, ta, row, l) * element(in[1], at, k, n, tb, l, column);
                            }
                            y.push_back(sum);
                          }
                          return y;
                        },
                    .forward_tolerance = 1e-5},
                   seed);
  }
}

TEST(BatchedMatmul, ErrorsNameBothShapes) {
  Graph graph;
  const ValueId a = graph.input("a", {2, 3, 4});
  for (const Shape& wrong : {Shape{2, 3, 4}, Shape{3, 4, 5}, Shape{4, 5}}) {
    const ValueId b = graph.input("b" + to_string(wrong), wrong);
    EXPECT_EQ(error_of([&] { batched_matmul(graph, a, b); }),
              "batched_matmul: (2, 3, 4) cannot be multiplied by " + to_string(wrong));
  }
}

}  // namespace
}  // namespace evenflow::ops
