#include "evenflow/data/test_files.h"

namespace evenflow::sources {
extern const Source cifar;
namespace {

using testing::corpus_bytes;
using testing::error_of;
using testing::parse;
using testing::values;

TEST(Cifar, ChannelsBecomeTheLastAxis) {
  const Dataset data = parse(cifar, corpus_bytes("one.bin"));
  ASSERT_EQ(data.x.shape(), Shape({1, 32, 32, 3}));
  EXPECT_EQ(values(data.y), (std::vector<float>{7}));
  EXPECT_EQ(data.classes, 10);
  for (std::int64_t pixel = 0; pixel < 1024; ++pixel) {
    EXPECT_EQ(data.x[3 * pixel], static_cast<float>(pixel % 256) / 255.0f);
    EXPECT_EQ(data.x[3 * pixel + 1], 1.0f);
    EXPECT_EQ(data.x[3 * pixel + 2], 0.2f);
  }
}

TEST(Cifar, WrongLabelsAndSizesAreErrors) {
  std::string bytes = corpus_bytes("one.bin");
  const std::string good = bytes;
  bytes[0] = 10;
  const std::string label = error_of(ErrorKind::input, [&] { parse(cifar, good + bytes); });
  EXPECT_NE(label.find("record 1 (counted from 0) has label 10"), std::string::npos) << label;
  const std::string hundred = error_of(ErrorKind::input, [&] { parse(cifar, good + "x"); });
  EXPECT_NE(hundred.find("CIFAR-100"), std::string::npos) << hundred;
  testing::expect_errors_when_cut(cifar, good);
}

TEST(Cifar, FindsTheTestPart) {
  const testing::Folder folder;
  const std::string record = corpus_bytes("one.bin");
  const std::string train = folder.write("cifar10_train_5000.bin", record + record);
  folder.write("cifar100_test_1.bin", record + record + record);
  EXPECT_TRUE(load_data(train).x_test.empty());
  folder.write("cifar10_test_1000.bin", record);
  EXPECT_EQ(load_data(train).x.shape()[0], 2);
  EXPECT_EQ(load_data(train).x_test.shape(), Shape({1, 32, 32, 3}));
  EXPECT_EQ(values(load_data(train).y_test), (std::vector<float>{7}));

  const std::string batch = folder.write("data_batch_1.bin", record);
  EXPECT_TRUE(load_data(batch).x_test.empty());
  folder.write("test_batch.bin", record + record);
  EXPECT_EQ(load_data(batch).x_test.shape()[0], 2);
}

}  // namespace
}  // namespace evenflow::sources
