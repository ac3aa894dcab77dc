#include "evenflow/graph/ops/resample.h"

#include <gtest/gtest.h>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

ResampleRows random_rows(Random& random, std::int64_t rows, std::int64_t sources) {
  ResampleRows matrix{.rows = std::vector<std::vector<ResampleRows::Tap>>(static_cast<std::size_t>(rows)),
                      .sources = sources};
  for (auto& row : matrix.rows) {
    for (std::uint64_t taps = random.below(4); taps > 0; --taps) {
      row.push_back({static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(sources))),
                     static_cast<float>(random.normal())});
    }
  }
  return matrix;
}

TEST(Resample, EqualsItsTwin) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const int rank = 1 + static_cast<int>(seed % 4);
    const Shape shape = random_shape(random, rank, 5);
    const int axis = static_cast<int>(random.below(static_cast<std::uint64_t>(rank)));
    const ResampleRows matrix = random_rows(random, 1 + static_cast<std::int64_t>(random.below(7)), shape[axis]);
    const Shape result = shape.with(axis, static_cast<std::int64_t>(matrix.rows.size()));
    check_operator({.shapes = {shape},
                    .build = [=](Graph& g, std::span<const ValueId> in) { return resample(g, in[0], axis, matrix); },
                    .twin =
                        [=](std::span<const Doubles> in) {
                          Doubles y(static_cast<std::size_t>(result.count()));
                          for (std::size_t i = 0; i < y.size(); ++i) {
                            Index at = unravel(i, result);
                            const auto row = static_cast<std::size_t>(at[static_cast<std::size_t>(axis)]);
                            for (const auto& [source, weight] : matrix.rows[row]) {
                              at[static_cast<std::size_t>(axis)] = source;
                              y[i] += static_cast<double>(weight) * in[0][ravel(at, shape)];
                            }
                          }
                          return y;
                        }},
                   seed);
  }
}

TEST(Resample, ErrorsNameTheElementAndTheShape) {
  Graph graph;
  const ValueId x = graph.input("x", {2, 3});
  EXPECT_EQ(error_of([&] {
              resample(graph, x, 1, {.rows = {{{3, 1.0f}}}, .sources = 3});
            }),
            "resample: there is no element 3 of 3");
  EXPECT_EQ(error_of([&] {
              resample(graph, x, 1, {.rows = {{{3, 1.0f}}}, .sources = 4});
            }),
            "resample: axis 1 of the shape (2, 3) has not 4 elements");
}

}  // namespace
}  // namespace evenflow::ops
