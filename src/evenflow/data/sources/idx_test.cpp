#include "evenflow/data/test_files.h"

namespace evenflow::sources {
extern const Source idx;
namespace {

using testing::corpus_bytes;
using testing::error_of;
using testing::parse;
using testing::values;

TEST(Idx, PicturesBecomeZeroToOne) {
  const Dataset data = parse(idx, corpus_bytes("tiny-images-idx3-ubyte"));
  ASSERT_EQ(data.x.shape(), Shape({4, 2, 3}));
  for (std::int64_t i = 0; i < data.x.count(); ++i) EXPECT_EQ(data.x[i], static_cast<float>(10 * i) / 255.0f);
}

TEST(Idx, LabelsAndOtherNumbersStayAsTheyAre) {
  const Dataset labels = parse(idx, corpus_bytes("tiny-labels-idx1-ubyte"));
  EXPECT_EQ(values(labels.x), (std::vector<float>{3, 0, 1, 2}));
  EXPECT_EQ(labels.classes, 4);
  EXPECT_EQ(parse(idx, corpus_bytes("floats-idx2")).x, Tensor({2, 2}, {1.5f, -2, 0, 4}));
  EXPECT_EQ(values(parse(idx, corpus_bytes("shorts-idx1")).x), (std::vector<float>{-1, 0, 300}));
}

TEST(Idx, ShapesThatTheBytesDoNotJustifyAreErrors) {
  std::string bytes = corpus_bytes("tiny-images-idx3-ubyte");
  for (const std::size_t axis : {0, 1, 2}) bytes[4 + 4 * axis] = '\xff';
  const std::string message = error_of(ErrorKind::input, [&] { parse(idx, bytes); });
  EXPECT_NE(message.find("the file has 24"), std::string::npos) << message;
  error_of(ErrorKind::input, [&] { parse(idx, corpus_bytes("tiny-images-idx3-ubyte") + "x"); });
  // Extents whose product is 2^64 times something.
  const std::string wrapped("\0\0\x08\4\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0", 20);
  error_of(ErrorKind::input, [&] { parse(idx, wrapped); });
}

TEST(Idx, SurvivesDamage) {
  for (const std::string name : {"tiny-images-idx3-ubyte", "tiny-labels-idx1-ubyte", "floats-idx2", "shorts-idx1"}) {
    testing::expect_errors_when_cut(idx, corpus_bytes(name));
    testing::expect_sound_when_flipped(idx, corpus_bytes(name));
  }
}

TEST(Idx, FindsItsCompanionsUnderTheUsualNames) {
  const testing::Folder folder;
  const std::string images = corpus_bytes("tiny-images-idx3-ubyte");
  const std::string labels = corpus_bytes("tiny-labels-idx1-ubyte");
  const std::string packed = corpus_bytes("packed-images-idx3-ubyte.gz");
  const std::string train = folder.write("train-images-idx3-ubyte.gz", packed);
  folder.write("train-labels-idx1-ubyte", labels);
  const std::string test = folder.write("t10k-images-idx3-ubyte", images);
  folder.write("t10k-labels-idx1-ubyte", labels);

  const Dataset data = load_data(train);
  EXPECT_EQ(data.x, data.x_test);
  EXPECT_EQ(values(data.y), (std::vector<float>{3, 0, 1, 2}));
  EXPECT_EQ(data.y_test, data.y);
  EXPECT_EQ(data.classes, 4);

  const Dataset alone = load_data(test);
  EXPECT_EQ(alone.x, data.x);
  EXPECT_EQ(alone.y, data.y);
  EXPECT_TRUE(alone.x_test.empty());

  const Dataset pair = load_data(train + "," + (folder / "t10k-labels-idx1-ubyte").string());
  EXPECT_EQ(pair.y, data.y);
  EXPECT_TRUE(pair.x_test.empty());

  // Kaggle's names, and a test part without labels, which is of no use.
  const std::string dotted = folder.write("k-train-images.idx3-ubyte", images);
  folder.write("k-train-labels.idx1-ubyte", labels);
  folder.write("k-test-images.idx3-ubyte", images);
  EXPECT_EQ(load_data(dotted).y, data.y);
  EXPECT_TRUE(load_data(dotted).x_test.empty());
}

TEST(Idx, LabelsAloneAreAnError) {
  const std::string message =
      error_of(ErrorKind::input, [] { load_data(testing::corpus("tiny-labels-idx1-ubyte").string()); });
  EXPECT_NE(message.find("PICTURES,LABELS"), std::string::npos) << message;
}

}  // namespace
}  // namespace evenflow::sources
