#include <cmath>

#include "evenflow/data/test_files.h"

namespace evenflow {
namespace {

using testing::error_of;
using testing::values;

TEST(RequireFinite, NamesTheFirstPlace) {
  const auto message = [](const Shape& shape, std::int64_t at, float value) {
    Tensor tensor(shape, 1.0f);
    tensor[at] = value;
    tensor[tensor.count() - 1] = NAN;
    return error_of(ErrorKind::input, [&] { require_finite(tensor, "x"); });
  };
  EXPECT_EQ(message({5, 3}, 7, NAN).find("x is NaN in row 2, column 1 (counted from 0)"), 0u);
  EXPECT_EQ(message({5}, 3, -HUGE_VALF).find("x is infinite in row 3 (counted from 0)"), 0u);
  EXPECT_EQ(message({2, 2, 2, 2}, 13, NAN).find("x is NaN in row 1, position (1, 0, 1) (counted"), 0u);
  EXPECT_NO_THROW(require_finite(Tensor({2, 2}, 3e38f), "x"));
  EXPECT_NO_THROW(require_finite(Tensor(), "x"));
}

TEST(RequireFinite, LoadingChecksInputsTargetsAndTestPart) {
  const testing::Folder folder;
  // An array of one float32.
  const auto array = [](float value) {
    const std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}\n";
    std::string bytes = "\x93NUMPY";
    bytes += {1, 0, static_cast<char>(dictionary.size()), 0};
    bytes += dictionary;
    return bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const std::string fine = folder.write("fine.npy", array(1));
  const std::string bad = folder.write("bad.npy", array(NAN));
  EXPECT_EQ(load_data(fine + "," + fine).samples(), 1);
  EXPECT_NE(error_of(ErrorKind::input, [&] { load_data(bad); }).find("x is NaN in row 0"), std::string::npos);
  EXPECT_NE(error_of(ErrorKind::input, [&] { load_data(fine + "," + bad); }).find("y is NaN in row 0"),
            std::string::npos);
}

TEST(RequireTargets, SaysHowToGiveThem) {
  EXPECT_NO_THROW(require_targets(load_data("circles")));
  const std::string message = error_of(ErrorKind::input, [] { require_targets(load_data("gaussian")); });
  EXPECT_NE(message.find("classes=N"), std::string::npos) << message;
}

TEST(CountClasses, WantsEveryClassToOccur) {
  EXPECT_EQ(count_classes(Tensor({4}, {0, 2, 1, 1})), 3);
  EXPECT_EQ(count_classes(Tensor({3, 1}, {0, 1, 0})), 2);
  EXPECT_EQ(count_classes(Tensor({3}, {0, 2, 0})), 0);
  EXPECT_EQ(count_classes(Tensor({2}, {0.5f, 1})), 0);
  EXPECT_EQ(count_classes(Tensor({2}, {-1, 1})), 0);
  EXPECT_EQ(count_classes(Tensor({2}, {0, 1e9f})), 0);
  EXPECT_EQ(count_classes(Tensor({2}, {NAN, 1})), 0);
  EXPECT_EQ(count_classes(Tensor({2, 2}, {0, 1, 1, 0})), 0);
  EXPECT_EQ(count_classes(Tensor()), 0);
}

TEST(SplitValidation, TakesTheLastFraction) {
  const Tensor x({10, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor y({10}, {0, 10, 20, 30, 40, 50, 60, 70, 80, 90});
  const Split split = split_validation(x, y, 0.25);  // floor(10 * 0.75) = 7 for training
  EXPECT_EQ(split.x.shape(), Shape({7, 1}));
  EXPECT_EQ(values(split.x_validation), (std::vector<float>{7, 8, 9}));
  EXPECT_EQ(values(split.y_validation), (std::vector<float>{70, 80, 90}));
  EXPECT_EQ(split.y.count(), 7);
  EXPECT_TRUE(split_validation(x, Tensor(), 0.5).y_validation.empty());
}

TEST(SplitValidation, EmptyPartsAreErrors) {
  const Tensor x({3, 1});
  for (const double fraction : {0.0, 1.0, -0.5, 1.5, static_cast<double>(NAN)}) {
    error_of(ErrorKind::usage, [&] { split_validation(x, Tensor(), fraction); });
  }
  error_of(ErrorKind::input, [&] { split_validation(Tensor({1, 1}), Tensor(), 0.5); });
  error_of(ErrorKind::input, [&] { split_validation(x, Tensor({4}), 0.5); });
}

}  // namespace
}  // namespace evenflow
