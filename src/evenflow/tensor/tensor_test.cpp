#include "evenflow/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <utility>

#include "evenflow/base/error_of_test.h"

namespace evenflow {
namespace {

TEST(Shape, ExtentsAndCounts) {
  const Shape shape{2, 3, 5};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape[0], 2);
  EXPECT_EQ(shape[-1], 5);
  EXPECT_EQ(shape.back(), 5);
  EXPECT_EQ(shape.count(), 30);
  EXPECT_EQ(shape.count(1, 3), 15);
  EXPECT_EQ(shape.count(1, 1), 1);
  EXPECT_EQ(shape.with(-1, 7), (Shape{2, 3, 7}));
  EXPECT_EQ(shape.slice(1, 3), (Shape{3, 5}));
  EXPECT_EQ(shape.slice(1, 1), Shape());
  EXPECT_EQ(concatenate(shape, {7}), (Shape{2, 3, 5, 7}));
  EXPECT_NE(shape, (Shape{2, 3}));
  EXPECT_NE((Shape{2, 0}), (Shape{2}));
  EXPECT_EQ(to_string(shape), "(2, 3, 5)");
  EXPECT_EQ(Shape().count(), 1);
  EXPECT_EQ(to_string(Shape()), "()");
}

TEST(Shape, Limits) {
  EXPECT_EQ((Shape{1, 1, 1, 1, 1, 1, 1, 1}).rank(), 8);
  EXPECT_EQ(error_of([] { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }), "shape: a shape has 9 axes; at most 8 are possible");
  EXPECT_EQ(error_of([] { Shape{3, -1}; }), "shape: a shape has the negative extent -1");
  constexpr std::int64_t kMost = std::int64_t{1} << 46;
  EXPECT_EQ((Shape{kMost}).count(), kMost);
  EXPECT_EQ((Shape{1 << 23, 1 << 23}).count(), kMost);
  EXPECT_EQ((Shape{kMost, 0}).count(), 0);
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  for (const auto& dims : {std::vector<std::int64_t>{kMost + 1}, {kMost, 2}, {kHuge, 4}, {4, kHuge}, {0, kMost, 2}}) {
    EXPECT_EQ(error_of([&] { Shape{std::span<const std::int64_t>(dims)}; }),
              "shape: a shape with more than 2^46 elements");
  }
  EXPECT_EQ(error_of([] {
              concatenate({1, 1, 1, 1, 1}, {1, 1, 1, 1});
            }),
            "shape: a shape has 9 axes; at most 8 are possible");
  EXPECT_EQ(error_of([] { (Shape{2, 3}).with(0, -5); }), "shape: a shape has the negative extent -5");
}

TEST(Tensor, MemoryIsAlignedAndZero) {
  for (const std::size_t bytes : {0u, 1u, 64u, 1000u}) {
    const AlignedBytes memory = allocate_aligned(bytes);
    ASSERT_NE(memory.get(), nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % 64, 0u);
    for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(memory[i], std::byte{0});
  }
}

TEST(Tensor, HoldsItsValues) {
  EXPECT_EQ(Tensor(Shape{2, 2}), Tensor(Shape{2, 2}, {0, 0, 0, 0}));
  EXPECT_EQ(Tensor(Shape{3}, 1.5f), Tensor(Shape{3}, {1.5f, 1.5f, 1.5f}));
  EXPECT_EQ(Tensor(Shape{}, 7.0f)[0], 7);
  EXPECT_EQ(Tensor(Shape{}).count(), 1);
  EXPECT_TRUE(Tensor(Shape{0, 3}).empty());
  EXPECT_TRUE(Tensor().empty());
  EXPECT_EQ(error_of([] { Tensor(Shape{2, 2}, {1, 2, 3}); }), "shape: 3 values do not fill a tensor of shape (2, 2)");
}

TEST(Tensor, CopiesAreApart) {
  Tensor a(Shape{2}, {1, 2});
  Tensor b = a;
  b[0] = 9;
  EXPECT_EQ(a[0], 1);
  a = b;
  EXPECT_EQ(a, b);
  a = *&a;
  EXPECT_EQ(a, b);
  EXPECT_EQ(Tensor(Tensor()), Tensor());
}

TEST(Tensor, MovingLeavesAnEmptyTensor) {
  Tensor a(Shape{2}, {1, 2});
  const float* data = a.data();
  Tensor b = std::move(a);
  EXPECT_EQ(b.data(), data);
  EXPECT_EQ(a, Tensor());  // NOLINT(bugprone-use-after-move)
  a = std::move(b);
  EXPECT_EQ(a, Tensor(Shape{2}, {1, 2}));
  EXPECT_EQ(Tensor(b), Tensor());  // NOLINT(bugprone-use-after-move)
}

TEST(Tensor, OtherShapesOfTheSameElements) {
  const Tensor a(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(a.reshaped({3, 2}), Tensor(Shape{3, 2}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(error_of([&] { a.reshaped({4}); }), "shape: a tensor of shape (2, 3) cannot take the shape (4)");
  EXPECT_EQ(a.rows(1, 2), Tensor(Shape{1, 3}, {4, 5, 6}));
  EXPECT_EQ(a.rows(2, 2), Tensor(Shape{0, 3}));
  EXPECT_EQ(error_of([&] { a.rows(1, 3); }), "usage: rows [1, 3) of a tensor of shape (2, 3)");
  EXPECT_EQ(error_of([&] { a.rows(-1, 1); }), "usage: rows [-1, 1) of a tensor of shape (2, 3)");
  EXPECT_EQ(error_of([&] { Tensor(Shape{}).rows(0, 0); }), "usage: rows [0, 0) of a tensor of shape ()");
}

TEST(Tensor, Equality) {
  EXPECT_NE(Tensor(Shape{2}, {1, 2}), Tensor(Shape{1, 2}, {1, 2}));
  EXPECT_NE(Tensor(Shape{2}, {1, 2}), Tensor(Shape{2}, {1, 3}));
  EXPECT_EQ(Tensor(Shape{1}, {0.0f}), Tensor(Shape{1}, {-0.0f}));
  EXPECT_NE(Tensor(Shape{1}, {std::nanf("")}), Tensor(Shape{1}, {std::nanf("")}));
  EXPECT_NE(Tensor(), Tensor(Shape{}));
}

}  // namespace
}  // namespace evenflow
