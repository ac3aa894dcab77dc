#include "evenflow/data/test_files.h"

namespace evenflow {
namespace {

using testing::corpus;
using testing::corpus_bytes;
using testing::error_of;
using testing::values;

TEST(DataSpec, TakesOptionsApart) {
  DataSpec spec = parse_data_spec("circles:samples=10,noise=0.5");
  EXPECT_EQ(spec.head, "circles");
  EXPECT_EQ(spec.integer("samples", 1), 10);
  EXPECT_EQ(spec.integer("samples", 1), 1) << "it was removed";
  EXPECT_EQ(spec.number("noise", 0), 0.5);
  EXPECT_EQ(spec.text("target", "last"), "last");
  EXPECT_TRUE(spec.options.empty());
}

TEST(DataSpec, PathsThatExistMayHaveColonsAndCommas) {
  const testing::Folder folder;
  const std::string path = folder.write("a:b,c=d.csv", "x,y\n1,2\n");
  EXPECT_EQ(parse_data_spec(path).head, path);
  EXPECT_EQ(parse_data_spec(path + ":target=x").head, path);
  EXPECT_EQ(parse_data_spec(path + ":target=x").options.at("target"), "x");
  EXPECT_EQ(values(load_data(path + ":target=x").y), (std::vector<float>{1}));
  const std::string x = folder.write("x:1.npy", corpus_bytes("f4_little.npy"));
  const std::string y = folder.write("y:1.npy", corpus_bytes("labels.npy"));
  EXPECT_EQ(load_data(x + "," + y).y, Tensor({2}, {1, 0}));
}

TEST(LoadData, RecognizesEachFileByExactlyOneSource) {
  const std::vector<std::pair<std::string, std::string_view>> files = {{"f4_big.npy", "npy"},
                                                                       {"stored.npz", "npz"},
                                                                       {"classes.csv", "csv"},
                                                                       {"one.bin", "cifar"},
                                                                       {"tiny-images-idx3-ubyte", "idx"},
                                                                       {"tiny-labels-idx1-ubyte", "idx"},
                                                                       {"floats-idx2", "idx"}};
  for (const auto& [name, id] : files) {
    for (const Source* source : all_sources()) {
      if (source->generated()) continue;
      EXPECT_EQ(source->recognizes(name, corpus_bytes(name)), source->id == id) << name << " by " << source->id;
      // A misleading name hides no magic number.
      const bool misnamed = source->recognizes("table.csv", corpus_bytes("stored.npz"));
      EXPECT_EQ(misnamed, source->id == "npz") << source->id;
    }
  }
}

TEST(LoadData, LoadsEachKindOfFile) {
  EXPECT_EQ(load_data(corpus("stored.npz").string()).classes, 3);
  EXPECT_EQ(load_data(corpus("classes.csv").string()).class_names.size(), 3u);
  EXPECT_EQ(load_data(corpus("one.bin").string()).classes, 10);
  EXPECT_EQ(load_data(corpus("tiny-images-idx3-ubyte").string()).y, Tensor({4}, {3, 0, 1, 2}));
  EXPECT_EQ(load_data(corpus("packed-images-idx3-ubyte.gz").string()).x.shape(), Shape({4, 2, 3}));
  const std::string pair = corpus("f4_little.npy").string() + "," + corpus("labels.npy").string();
  EXPECT_EQ(load_data(pair).x.shape(), Shape({2, 3}));
  EXPECT_EQ(load_data(pair).y, Tensor({2}, {1, 0}));
  EXPECT_EQ(load_data(pair).classes, 2);
  EXPECT_EQ(load_data(pair).name, pair);
  EXPECT_TRUE(load_data(corpus("f4_little.npy").string()).y.empty());
}

TEST(LoadData, UnknownNamesAreSuggested) {
  const std::string message = error_of(ErrorKind::usage, [] { load_data("circels:samples=5"); });
  EXPECT_NE(message.find("'circels': no such file"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean 'circles'?"), std::string::npos) << message;
  EXPECT_NE(message.find("adding, blobs, circles, copy, gaussian, mackey_glass, moons, sine, spirals"),
            std::string::npos)
      << message;
  error_of(ErrorKind::usage, [] { load_data("no/such/file.npz"); });
  error_of(ErrorKind::usage, [] { load_data(""); });
  error_of(ErrorKind::usage, [] { load_data(":samples=3"); });
  error_of(ErrorKind::usage, [] { load_data(corpus("f4_little.npy").string() + ",missing.npy"); });
  error_of(ErrorKind::usage, [] { load_data(corpus("").string()); });
  const std::string option = error_of(ErrorKind::usage, [] { load_data(corpus("stored.npz").string() + ":target=y"); });
  EXPECT_NE(option.find("unknown option 'target'"), std::string::npos) << option;
}

TEST(LoadData, ErrorsNameTheFile) {
  const testing::Folder folder;
  const std::string table = folder.write("t.csv", "a,b\n1,2\nx,3\n");
  const std::string message = error_of(ErrorKind::input, [&] { load_data(table); });
  EXPECT_EQ(message.find(table), 0u) << message;
  error_of(ErrorKind::input, [&] { load_data(folder.write("empty", "")); });
  error_of(ErrorKind::input, [&] { load_data(folder.write("noise", "\x01\x02\x03")); });
  error_of(ErrorKind::input, [&] { load_data(folder.write("cut.npy.gz", "\x1f\x8b\x08")); });
  error_of(ErrorKind::input,
           [&] { load_data(folder.write("zeros.npy", corpus_bytes("f4_little.npy").substr(0, 90))); });
}

TEST(LoadData, PartsOfDifferentLengthAreAnError) {
  const std::string pair = corpus("f4_little.npy").string() + "," + corpus("shorts-idx1").string();
  const std::string message = error_of(ErrorKind::input, [&] { load_data(pair); });
  EXPECT_NE(message.find("x has 2 samples but y has 3"), std::string::npos) << message;
  error_of(ErrorKind::input, [] { load_data(corpus("stored.npz").string() + "," + corpus("labels.npy").string()); });
}

TEST(LoadData, SourcesAreListedWithTheirUsage) {
  const std::vector<SourceInfo> infos = data_sources();
  EXPECT_EQ(infos.size(), all_sources().size());
  EXPECT_EQ(infos.back().name, "spirals");
  for (const SourceInfo& info : infos) {
    EXPECT_FALSE(info.summary.empty());
    EXPECT_FALSE(info.usage.empty());
  }
}

// Real files, which lie beside the repository on some machines.
class RealData : public ::testing::Test {
 protected:
  static std::string file(const std::string& name) {
    return std::string(EVENFLOW_SOURCE_DIR "/../shared/data/") + name;
  }
  void SetUp() override {
    if (!std::filesystem::exists(file(""))) GTEST_SKIP() << file("") << " is absent";
  }
};

TEST_F(RealData, Mnist) {
  const Dataset data = load_data(file("t10k-images-idx3-ubyte.gz"));
  EXPECT_EQ(data.x.shape(), Shape({10000, 28, 28}));
  EXPECT_EQ(data.y.shape(), Shape({10000}));
  EXPECT_EQ(data.classes, 10);
  // The first test digits are 7, 2, 1, 0, 4.
  EXPECT_EQ(values(data.y.rows(0, 5)), (std::vector<float>{7, 2, 1, 0, 4}));
  double sum = 0;
  for (const float value : data.x.values()) sum += value;
  EXPECT_NEAR(sum / static_cast<double>(data.x.count()), 0.1325, 0.0001);
}

TEST_F(RealData, MnistTrainingPartBringsTheTestPart) {
  const Dataset data = load_data(file("train-images-idx3-ubyte.gz"));
  EXPECT_EQ(data.x.shape(), Shape({60000, 28, 28}));
  EXPECT_EQ(data.x_test.shape(), Shape({10000, 28, 28}));
  EXPECT_EQ(values(data.y_test.rows(0, 5)), (std::vector<float>{7, 2, 1, 0, 4}));
}

TEST_F(RealData, Cifar) {
  const Dataset data = load_data(file("cifar10_train_5000.bin"));
  EXPECT_EQ(data.x.shape(), Shape({5000, 32, 32, 3}));
  EXPECT_EQ(data.x_test.shape(), Shape({1000, 32, 32, 3}));
  EXPECT_EQ(data.classes, 10);
  EXPECT_EQ(count_classes(data.y), 10);
}

TEST_F(RealData, ToySets) {
  const Dataset circle = load_data(file("circle.npz"));
  EXPECT_EQ(circle.x.shape(), Shape({700, 2}));
  EXPECT_EQ(circle.y_test.shape(), Shape({300}));
  EXPECT_EQ(circle.classes, 2);
  EXPECT_FLOAT_EQ(circle.x[0], 0.7468708813303835f);
  const Dataset blob = load_data(file("blob.npz"));
  EXPECT_EQ(blob.y.shape(), Shape({700, 3}));
  EXPECT_EQ(blob.classes, 0);
}

}  // namespace
}  // namespace evenflow
