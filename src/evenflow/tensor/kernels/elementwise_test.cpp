#include "evenflow/tensor/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/tensor/kernels/targets_test.h"

namespace evenflow::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = -77;

// With a guard behind the last element.
std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> x(count + 1, kGuard);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<float>(random.normal());
  return x;
}

// The same number, or both NaN.
bool same(float a, float b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

float apply(BinaryOp op, float a, float b) {
  switch (op) {
    case BinaryOp::add:
      return a + b;
    case BinaryOp::subtract:
      return a - b;
    case BinaryOp::multiply:
      return a * b;
    case BinaryOp::divide:
      return a / b;
    case BinaryOp::maximum:
      return std::isnan(a) || std::isnan(b) ? kNan : std::max(a, b);
    case BinaryOp::minimum:
      return std::isnan(a) || std::isnan(b) ? kNan : std::min(a, b);
  }
  return kNan;
}

constexpr BinaryOp kOperations[] = {BinaryOp::add,    BinaryOp::subtract, BinaryOp::multiply,
                                    BinaryOp::divide, BinaryOp::maximum,  BinaryOp::minimum};

TEST(Binary, AllOperationsAndLengths) {
  for_each_target([] {
    for (const BinaryOp op : kOperations) {
      for (std::size_t count = 0; count < 70; ++count) {
        const std::vector<float> a = normal(count, count);
        const std::vector<float> b = normal(count, count + 1000);
        std::vector<float> y(count + 1, kGuard), with_scalar = y, scalar_first = y, in_place = a;
        binary(op, a.data(), b.data(), y.data(), count);
        binary_scalar(op, a.data(), 0.5f, with_scalar.data(), count);
        binary_scalar_first(op, 0.5f, b.data(), scalar_first.data(), count);
        binary(op, in_place.data(), b.data(), in_place.data(), count);
        for (std::size_t i = 0; i < count; ++i) {
          ASSERT_EQ(y[i], apply(op, a[i], b[i])) << count;
          ASSERT_EQ(with_scalar[i], apply(op, a[i], 0.5f)) << count;
          ASSERT_EQ(scalar_first[i], apply(op, 0.5f, b[i])) << count;
        }
        ASSERT_EQ(in_place, y);
        for (const auto* guarded : {&y, &with_scalar, &scalar_first}) ASSERT_EQ(guarded->back(), kGuard);
      }
    }
  });
}

TEST(Binary, WhatIsNotFiniteGoesOnAsInScalarCode) {
  const float special[] = {kNan, kInfinity, -kInfinity, 0.0f, -0.0f, 1.0f, -3e38f, 1e-45f};
  std::vector<float> a, b;
  for (const float x : special) {
    for (const float y : special) a.push_back(x), b.push_back(y);
  }
  for_each_target([&] {
    for (const BinaryOp op : kOperations) {
      std::vector<float> y(a.size());
      binary(op, a.data(), b.data(), y.data(), a.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        ASSERT_TRUE(same(y[i], apply(op, a[i], b[i]))) << static_cast<int>(op) << ": " << a[i] << ", " << b[i];
      }
    }
  });
}

TEST(Binary, ThreadsDoNotMatter) {
  constexpr std::size_t kCount = 300001;
  const std::vector<float> a = normal(kCount, 1), b = normal(kCount, 2);
  for_each_thread_count([&] {
    std::vector<float> y(kCount + 1, kGuard);
    binary(BinaryOp::divide, a.data(), b.data(), y.data(), kCount);
    for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(y[i], a[i] / b[i]) << i;
    ASSERT_EQ(y.back(), kGuard);
  });
}

TEST(Elementwise, ScaleAxpyAndFill) {
  for_each_target([] {
    for (std::size_t count = 0; count < 70; ++count) {
      const std::vector<float> x = normal(count, count);
      std::vector<float> y = normal(count, count + 1000), sum = y;
      axpy(-0.3f, x.data(), sum.data(), count);
      for (std::size_t i = 0; i < count; ++i) ASSERT_NEAR(sum[i], y[i] - 0.3f * x[i], 1e-6);
      scale(x.data(), 3.0f, y.data(), count);
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(y[i], 3 * x[i]);
      fill(2.5f, sum.data(), count);
      ASSERT_EQ(std::count(sum.begin(), sum.end(), 2.5f), static_cast<std::ptrdiff_t>(count));
      ASSERT_EQ(y.back(), kGuard);
      ASSERT_EQ(sum.back(), kGuard);
    }
  });
}

TEST(Sums, EqualTheDefinitionInDoublePrecision) {
  for_each_target([] {
    for (const std::size_t count : {0u, 1u, 2u, 3u, 7u, 8u, 9u, 31u, 33u, 100u, 1025u, 65535u, 65537u, 200003u}) {
      const std::vector<float> x = normal(count, count);
      long double s = 0, magnitude = 0, squares = 0;
      for (std::size_t i = 0; i < count; ++i) {
        s += x[i];
        magnitude += std::abs(x[i]);
        squares += static_cast<long double>(x[i]) * x[i];
      }
      EXPECT_NEAR(sum(x.data(), count), static_cast<double>(s), 1e-13 * static_cast<double>(magnitude)) << count;
      EXPECT_NEAR(sum_of_squares(x.data(), count), static_cast<double>(squares), 1e-13 * static_cast<double>(squares));
    }
  });
}

TEST(Sums, ExtremeNumbers) {
  for_each_target([] {
    for (const std::size_t count : {3u, 40u}) {
      EXPECT_NEAR(sum_of_squares(std::vector<float>(count, 3e38f).data(), count) / (9e76 * static_cast<double>(count)),
                  1, 1e-6);
      EXPECT_NEAR(
          sum_of_squares(std::vector<float>(count, 1e-38f).data(), count) / (1e-76 * static_cast<double>(count)), 1,
          1e-6);
      std::vector<float> x(count, 1.0f);
      x[1] = kInfinity;
      EXPECT_EQ(sum(x.data(), count), kInfinity);
      x[2] = kNan;
      EXPECT_TRUE(std::isnan(sum(x.data(), count)));
      EXPECT_TRUE(std::isnan(sum_of_squares(x.data(), count)));
    }
  });
}

TEST(Sums, ThreadsDoNotMatter) {
  constexpr std::size_t kCount = 500001;
  const std::vector<float> x = normal(kCount, 3);
  set_threads(1);
  const double expected = sum(x.data(), kCount);
  const double squares = sum_of_squares(x.data(), kCount);
  std::vector<float> columns(3), wide(5000);
  column_sums(x.data(), kCount / 3, 3, columns.data());
  column_sums(x.data(), 100, 5000, wide.data());
  for_each_thread_count([&] {
    EXPECT_EQ(sum(x.data(), kCount), expected);
    EXPECT_EQ(sum_of_squares(x.data(), kCount), squares);
    std::vector<float> y(3), z(5000);
    column_sums(x.data(), kCount / 3, 3, y.data());
    column_sums(x.data(), 100, 5000, z.data());
    EXPECT_EQ(y, columns);
    EXPECT_EQ(z, wide);
  });
}

void expect_column_sums(std::size_t rows, std::size_t columns) {
  const std::vector<float> x = normal(rows * columns, rows + 7 * columns);
  std::vector<float> y(columns + 1, kGuard);
  column_sums(x.data(), rows, columns, y.data());
  for (std::size_t c = 0; c < columns; ++c) {
    double expected = 0, magnitude = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      expected += x[r * columns + c];
      magnitude += std::abs(x[r * columns + c]);
    }
    ASSERT_NEAR(y[c], expected, 1e-6 * magnitude) << rows << " x " << columns;
  }
  ASSERT_EQ(y.back(), kGuard);
}

TEST(ColumnSums, AllForms) {
  for_each_target([] {
    for (std::size_t columns = 1; columns < 70; ++columns) expect_column_sums(5, columns);
    for (const std::size_t rows : {0u, 1u, 63u, 64u, 65u, 129u, 1000u}) {
      for (const std::size_t columns : {1u, 33u, 255u, 256u, 257u, 600u}) expect_column_sums(rows, columns);
    }
    expect_column_sums(20001, 5);  // rows shared between threads
  });
}

TEST(AddRow, AddsToEachRow) {
  for_each_target([] {
    for (std::size_t columns = 1; columns < 70; ++columns) {
      constexpr std::size_t kRows = 3;
      const std::vector<float> x = normal(kRows * columns, columns), bias = normal(columns, columns + 1000);
      std::vector<float> y = x;  // in place
      add_row(y.data(), bias.data(), y.data(), kRows, columns);
      for (std::size_t i = 0; i < kRows * columns; ++i) ASSERT_EQ(y[i], x[i] + bias[i % columns]) << columns;
      ASSERT_EQ(y.back(), kGuard);
    }
  });
  constexpr std::size_t kRows = 5000, kColumns = 37;
  const std::vector<float> x = normal(kRows * kColumns, 1), bias = normal(kColumns, 2);
  for_each_thread_count([&] {
    std::vector<float> y(x.size());
    add_row(x.data(), bias.data(), y.data(), kRows, kColumns);
    for (std::size_t i = 0; i < kRows * kColumns; ++i) ASSERT_EQ(y[i], x[i] + bias[i % kColumns]) << i;
  });
}

}  // namespace
}  // namespace evenflow::kernels
