#include "evenflow/graph/ops/support.h"

#include <gtest/gtest.h>

#include <vector>

#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/strided.h"

namespace evenflow::ops {
namespace {

TEST(Support, ChecksArguments) {
  const std::vector<ValueType> types{{Shape{2}}, {Shape{2}, DType::float64}};
  EXPECT_EQ(error_of([&] { require_float32("op", types, 2); }), "op: computes with float32 values only");
  EXPECT_EQ(error_of([&] { require_float32("op", types, 1); }), "op: takes 1 inputs, not 2");
  EXPECT_EQ(resolve_axis("op", -1, {2, 3}), 1);
  EXPECT_EQ(resolve_axis("op", 0, {2, 3}), 0);
  EXPECT_EQ(error_of([&] { resolve_axis("op", -3, {2, 3}); }), "op: a value of shape (2, 3) has no axis -3");
}

TEST(Support, KnowsConstantScalars) {
  Graph graph;
  EXPECT_EQ(constant_scalar(graph, graph.scalar(2.5f)), 2.5f);
  EXPECT_EQ(constant_scalar(graph, graph.input("x", Shape{})), std::nullopt);
  EXPECT_EQ(constant_scalar(graph, graph.constant(Tensor({2}))), std::nullopt);
}

TEST(Support, BlockwiseSumsCoverEveryElementOnce) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kSumBlock, 5 * kSumBlock + 7}) {
    std::vector<double> partial(sum_blocks(count));
    const double sum = blockwise_sum(count, partial.data(), [](std::size_t begin, std::size_t end) {
      double part = 0;
      for (std::size_t i = begin; i < end; ++i) part += static_cast<double>(i);
      return part;
    });
    const auto n = static_cast<double>(count);
    EXPECT_EQ(sum, n * (n - 1) / 2);
  }
}

TEST(StridedLoop, MergesAxesThatRunTogether) {
  const Shape whole{2, 3, 4};
  const Shape row{4};
  const auto contiguous = broadcast_loop<1>(whole, {&whole});
  EXPECT_EQ(contiguous.rows(), 1u);
  EXPECT_EQ(contiguous.row_length(), 24u);
  const auto with_row = broadcast_loop<2>(whole, {&whole, &row});
  EXPECT_EQ(with_row.rows(), 6u);
  EXPECT_EQ(with_row.row_length(), 4u);
  EXPECT_EQ(with_row.row_strides(), (StridedLoop<2>::Offsets{1, 1}));
}

TEST(StridedLoop, VisitsRowsInOrderWithTheirOffsets) {
  const Shape result{2, 3, 2};
  const Shape operand{2, 1, 2};
  std::vector<std::int64_t> offsets;
  broadcast_loop<1>(result, {&operand}).for_each_row([&](std::size_t row, const auto& at) {
    EXPECT_EQ(row, offsets.size());  // small: one thread
    offsets.push_back(at[0]);
  });
  EXPECT_EQ(offsets, (std::vector<std::int64_t>{0, 0, 0, 2, 2, 2}));
}

TEST(StridedLoop, AnEmptyResultHasNoElements) {
  const Shape empty{2, 0, 3};
  const auto loop = broadcast_loop<1>(empty, {&empty});
  EXPECT_EQ(loop.rows() * loop.row_length(), 0u);
}

}  // namespace
}  // namespace evenflow::ops
