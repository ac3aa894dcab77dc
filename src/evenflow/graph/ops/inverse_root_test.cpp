#include "evenflow/graph/ops/inverse_root.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/graph/ops/operator_check_test.h"

namespace evenflow::ops {
namespace {

TEST(InverseRoot, EqualsItsTwin) {
  check_operator({.shapes = {{3, 50}},
                  .build = [](Graph& g, std::span<const ValueId> in) { return inverse_root(g, in[0], 0.25f); },
                  .twin =
                      [](std::span<const Doubles> in) {
                        Doubles y;
                        for (const double x : in[0]) y.push_back(1 / std::sqrt(x + 0.25));
                        return y;
                      },
                  .draw = [](Random& random, std::size_t) { return 0.1 + std::abs(random.normal()); }},
                 1);
}

}  // namespace
}  // namespace evenflow::ops
