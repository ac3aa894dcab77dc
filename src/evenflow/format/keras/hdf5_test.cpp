#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "evenflow/base/files.h"
#include "evenflow/base/random.h"
#include "evenflow/error.h"
#include "evenflow/format/keras/hdf5_reader.h"
#include "evenflow/format/keras/hdf5_writer.h"

namespace evenflow::keras {
namespace {

// Written by tests/golden/make_keras_files.py with h5py: "earliest" is what Keras writes, "v110" the format of
// HDF5 1.10.
std::string golden(const std::string& name) {
  return read_file(Path(EVENFLOW_SOURCE_DIR) / "tests/golden/keras" / name);
}

std::string message(ErrorKind kind, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

std::string two_matrices() {
  Hdf5Writer writer;
  writer.tensor("layers/dense/vars/0", Tensor({2, 3}, {1, 2, 3, 4, 5, 6}));
  writer.tensor("layers/dense/vars/1", Tensor(Shape(), {7}));
  writer.group("vars");
  writer.integer("optimizer/vars/0", 123456789012);
  writer.text("layers/dense/vars", "name", "hidden \xc3\xa9");
  return writer.bytes();
}

class Flavours : public testing::TestWithParam<const char*> {
 protected:
  std::string bytes = golden(std::string("flavours_") + GetParam() + ".h5");
  Hdf5Reader file{bytes, "flavours.h5"};
};
INSTANTIATE_TEST_SUITE_P(Hdf5, Flavours, testing::Values("earliest", "v110"));

TEST_P(Flavours, ReadsEveryNumberFormatAsFloat) {
  Tensor counted(Shape{4, 6});
  std::iota(counted.values().begin(), counted.values().end(), 0.0f);
  for (const char* name : {"chunks/gzip", "chunks/one", "chunks/plain"}) EXPECT_EQ(file.tensor(name), counted) << name;
  for (const std::string& name : file.members("numbers")) EXPECT_EQ(file.tensor("numbers/" + name), counted) << name;
  EXPECT_EQ(file.members("numbers").size(), 6u);
  EXPECT_EQ(file.integer("group/scalar"), 42);
  EXPECT_EQ(file.shape("group/scalar"), Shape());
}

TEST_P(Flavours, ReadsGroupsWithManyNames) {
  if (std::string(GetParam()) == "v110") {
    EXPECT_NE(message(ErrorKind::unsupported, [&] { file.members("many"); }).find("dense"), std::string::npos);
    return;
  }
  EXPECT_EQ(file.members("many").size(), 12u);
  EXPECT_EQ(file.tensor("many/11")[0], 11.0f);
}

TEST_P(Flavours, ReadsEveryStringFormat) {
  EXPECT_EQ(file.texts("", "fixed"), (std::vector<std::string>{"one", "three"}));
  EXPECT_EQ(file.texts("", "variable"), (std::vector<std::string>{"\xc3\xa9\xc3\xa9n", "two"}));
  EXPECT_EQ(file.texts("", "empty"), std::vector<std::string>());
  EXPECT_EQ(file.text("", "scalar"), "text");
  EXPECT_EQ(file.text("", "absent"), std::nullopt);
}

TEST_P(Flavours, RefusesWhatLeavesTheFile) {
  EXPECT_NE(message(ErrorKind::unsupported, [&] { file.tensor("links/soft"); }).find("'links/soft': a link"),
            std::string::npos);
  EXPECT_NE(message(ErrorKind::unsupported, [&] { file.tensor("links/external"); }).find("link"), std::string::npos);
  EXPECT_NE(message(ErrorKind::unsupported, [&] { file.tensor("links/elsewhere"); }).find("another file"),
            std::string::npos);
}

TEST_P(Flavours, RefusesDeclaredSizesThatTheFileDoesNotJustify) {
  message(ErrorKind::input, [&] { file.tensor("chunks/bomb"); });
}

TEST(Hdf5, WritesWhatItReads) {
  const std::string bytes = two_matrices();
  EXPECT_EQ(bytes[8], '\0') << "superblock version 0, as h5py writes";
  const Hdf5Reader file(bytes, "written");
  EXPECT_EQ(file.tensor("layers/dense/vars/0"), Tensor({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(file.shape("layers/dense/vars/1"), Shape());
  EXPECT_EQ(file.integer("optimizer/vars/0"), 123456789012);
  EXPECT_EQ(file.text("layers/dense/vars", "name"), "hidden \xc3\xa9");
  EXPECT_EQ(file.members(""), (std::vector<std::string>{"layers", "optimizer", "vars"}));
  EXPECT_TRUE(file.has_group("vars"));
  EXPECT_FALSE(file.has_dataset("vars"));
  EXPECT_FALSE(file.has_group("layers/dense/missing/deeper"));
  EXPECT_EQ(bytes, two_matrices()) << "not a function of its content";
}

TEST(Hdf5, FilesInMemoryDoNotMeetEachOther) {
  const std::string first = two_matrices();
  Hdf5Writer writer;
  writer.tensor("other", Tensor({1}, {1}));
  const std::string second = writer.bytes();
  const Hdf5Reader a(first, "a");
  const Hdf5Reader b(second, "b");
  EXPECT_TRUE(b.has_dataset("other"));
  EXPECT_FALSE(a.has_dataset("other"));
}

TEST(Hdf5, NamesWhatIsMissing) {
  const std::string bytes = two_matrices();
  const Hdf5Reader file(bytes, "m.h5");
  EXPECT_EQ(message(ErrorKind::input, [&] { file.tensor("layers/dense/vars/2"); }),
            "m.h5: 'layers/dense/vars/2': this data set is missing");
  EXPECT_EQ(message(ErrorKind::input, [&] { file.integer("layers/dense/vars/1"); }),
            "m.h5: 'layers/dense/vars/1': this is not one integer");
}

// Reads all there is, as a model reader would.
void read_all(const std::string& bytes) {
  const Hdf5Reader file(bytes, "damaged");
  const std::function<void(const std::string&, int)> walk = [&](const std::string& group, int depth) {
    for (const std::string& name : file.members(group)) {
      const std::string path = group.empty() ? name : group + "/" + name;
      try {
        if (file.has_dataset(path)) {
          file.tensor(path);
        } else if (depth < 6 && file.has_group(path)) {
          file.texts(path, "name");
          walk(path, depth + 1);
        }
      } catch (const Error&) {
      }
    }
  };
  for (const char* attribute : {"fixed", "variable", "scalar", "empty"}) file.texts("", attribute);
  walk("", 0);
}

TEST(Hdf5, SurvivesTruncation) {
  for (const std::string& whole : {golden("flavours_earliest.h5"), golden("flavours_v110.h5"), two_matrices()}) {
    for (std::size_t size = 0; size < whole.size(); size += size < 2048 ? 7 : 131) {
      EXPECT_THROW(read_all(whole.substr(0, size)), Error) << size;
    }
  }
}

TEST(Hdf5, SurvivesFlippedBits) {
  Random random(1);
  for (const std::string& whole : {golden("flavours_earliest.h5"), golden("flavours_v110.h5"), two_matrices()}) {
    for (int i = 0; i < 1500; ++i) {
      std::string damaged = whole;
      for (std::uint64_t flips = random.below(4) + 1; flips > 0; --flips) {
        damaged[random.below(damaged.size())] ^= static_cast<char>(1 << random.below(8));
      }
      try {
        read_all(damaged);
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace evenflow::keras
