#include "evenflow/data/test_files.h"

namespace evenflow::sources {
extern const Source npy;
namespace {

using testing::corpus_bytes;
using testing::error_of;
using testing::parse;
using testing::values;

TEST(Npy, ReadsEveryElementTypeInBothByteOrders) {
  for (const std::string kind : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
    for (const std::string order : {"little", "big"}) {
      const Dataset data = parse(npy, corpus_bytes(kind + "_" + order + ".npy"));
      EXPECT_EQ(data.x, Tensor({2, 3}, {0, 1, 2, 3, 4, kind[0] == 'u' ? 5.0f : -5.0f})) << kind << " " << order;
    }
  }
  EXPECT_EQ(parse(npy, corpus_bytes("bool.npy")).x, Tensor({2, 3}, {0, 1, 0, 1, 1, 0}));
}

TEST(Npy, TurnsFortranOrderIntoRowMajor) {
  Tensor wanted({2, 3, 4});
  for (std::int64_t i = 0; i < wanted.count(); ++i) wanted[i] = static_cast<float>(i);
  EXPECT_EQ(parse(npy, corpus_bytes("fortran.npy")).x, wanted);
}

TEST(Npy, ReadsVersions2And3) {
  for (const std::string name : {"version2.npy", "version3.npy"}) {
    EXPECT_EQ(parse(npy, corpus_bytes(name)).x, Tensor({2, 3}, {0, 1, 2, 3, 4, 5})) << name;
  }
}

// An NPY file of version 1 with the given dictionary.
std::string file(std::string dictionary, std::string_view elements) {
  dictionary += "\n";
  std::string bytes = "\x93NUMPY";
  bytes += {1, 0, static_cast<char>(dictionary.size() & 255), static_cast<char>(dictionary.size() >> 8)};
  return bytes + dictionary + std::string(elements);
}

TEST(Npy, ReadsWhatIsWritten) {
  for (const Shape& shape : {Shape({3}), Shape({2, 3}), Shape({3, 1, 2, 2})}) {
    Tensor tensor(shape);
    for (std::int64_t i = 0; i < tensor.count(); ++i) tensor[i] = 1.5f - static_cast<float>(i);
    EXPECT_EQ(parse(npy, npy_bytes(tensor)).x, tensor);
  }
}

TEST(Npy, HalvesAreExact) {
  // 1, -2, the smallest subnormal, the largest finite value, infinity: IEEE 754 binary16, little-endian.
  const std::string elements("\x00\x3c\x00\xc0\x01\x00\xff\x7b\x00\x7c", 10);
  const Dataset data = parse(npy, file("{'descr': '<f2', 'fortran_order': False, 'shape': (5,)}", elements));
  EXPECT_EQ(values(data.x), (std::vector<float>{1, -2, 0x1p-24f, 65504, HUGE_VALF}));
}

TEST(Npy, DoublesBeyondFloatAreInfinite) {
  const double numbers[] = {1e39, -1e300, 3e38, 1e-320};
  const std::string_view elements(reinterpret_cast<const char*>(numbers), sizeof numbers);
  const Dataset data = parse(npy, file("{'descr': '<f8', 'fortran_order': False, 'shape': (4,)}", elements));
  EXPECT_EQ(values(data.x), (std::vector<float>{HUGE_VALF, -HUGE_VALF, 3e38f, 0}));
}

TEST(Npy, OddlyWrittenHeadersAreRead) {
  const Dataset data = parse(npy, file("{ \"shape\":(2L ,), 'fortran_order' : True,'descr':'|u1',} ", "\x07\x08"));
  EXPECT_EQ(values(data.x), (std::vector<float>{7, 8}));
}

TEST(Npy, RefusesWhatIsNoNumberAndSaysWhy) {
  const auto message = [](const std::string& name) {
    return error_of(ErrorKind::unsupported, [&] { parse(npy, corpus_bytes(name)); });
  };
  EXPECT_NE(message("object.npy").find("pickle"), std::string::npos);
  EXPECT_NE(message("text.npy").find("text"), std::string::npos);
  EXPECT_NE(message("complex.npy").find("complex"), std::string::npos);
  EXPECT_NE(message("fields.npy").find("structured"), std::string::npos);
}

TEST(Npy, ShapesThatTheBytesDoNotJustifyAreErrors) {
  for (const char* shape :
       {"(1000000000,)", "(65536, 65536, 65536, 65536)", "(9223372036854775807, 2)", "(3,)", "(1,)"}) {
    const std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': {}}}", shape);
    error_of(ErrorKind::input, [&] { parse(npy, file(header, std::string(8, '\0'))); });
  }
  error_of(ErrorKind::unsupported, [] {
    parse(npy, file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", std::string(4, '\0')));
  });
}

TEST(Npy, DamagedHeadersAreErrors) {
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "{'descr': '<f4",
        "{'other': 1}"}) {
    error_of(ErrorKind::input, [&] { parse(npy, file(header, std::string(4, '\0'))); });
  }
}

TEST(Npy, SurvivesDamage) {
  for (const std::string name : {"f4_little.npy", "fortran.npy", "version2.npy"}) {
    testing::expect_errors_when_cut(npy, corpus_bytes(name));
    testing::expect_sound_when_flipped(npy, corpus_bytes(name));
  }
}

}  // namespace
}  // namespace evenflow::sources
