// NumPy's NPZ: a ZIP of NPY arrays, stored or deflated. The values are taken as they are.
#include <zip.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/data/npy_array.h"
#include "evenflow/data/source.h"
#include "evenflow/data/tokens.h"

namespace evenflow::sources {
namespace {

// Of all arrays together, unpacked.
constexpr std::uint64_t kLimit = std::uint64_t{1} << 32;
// Deflate cannot pack more than 258 bytes into 2 bits: https://zlib.net/zlib_tech.html, "Maximum Compression Factor".
constexpr std::uint64_t kDeflateRatio = 1032;

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

Archive open_archive(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr) {
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    zip_source_free(source);
    fail(ErrorKind::input, "the ZIP archive is damaged: {}", printable(reason));
  }
  zip_error_fini(&error);
  return Archive(archive, zip_discard);
}

// One array of an archive, read from front to back.
class ArrayReader {
 public:
  ArrayReader(zip_t* archive, std::uint64_t index, std::uint64_t archive_bytes, std::uint64_t* budget)
      : file_(nullptr, zip_fclose) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr std::uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
      fail(ErrorKind::input, "its ZIP entry is damaged");
    }
    check(stat, archive_bytes, *budget);
    *budget -= stat.size;
    size_ = stat.size;
    file_.reset(zip_fopen_index(archive, index, 0));
    if (file_ == nullptr) fail(ErrorKind::input, "its ZIP entry is damaged: {}", printable(zip_strerror(archive)));
  }

  Tensor read() {
    std::vector<char> buffer(kNpyHeaderLimit);
    std::size_t have = fill(buffer, 0);
    const NpyHeader header = parse_npy_header({buffer.data(), have});
    if (size_ - header.offset != header.bytes) {
      fail(ErrorKind::input, "its shape {} wants {} bytes of elements, the archive declares {}",
           to_string(header.shape), header.bytes, size_ - header.offset);
    }
    Tensor elements(header.shape);
    const auto total = static_cast<std::size_t>(elements.count());
    std::size_t begin = header.offset;
    for (std::size_t done = 0; done < total;) {
      if (have - begin < header.type.size) {
        std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin),
                  buffer.begin() + static_cast<std::ptrdiff_t>(have), buffer.begin());
        have = fill(buffer, have - begin);
        begin = 0;
      }
      const std::size_t count = std::min((have - begin) / header.type.size, total - done);
      if (count == 0) fail(ErrorKind::input, "its elements are cut off");
      to_floats(header.type, buffer.data() + begin, count, elements.data() + done);
      done += count;
      begin += count * header.type.size;
    }
    // Reading to the end checks the CRC.
    if (begin < have || read_some(buffer.data(), 1) != 0) {
      fail(ErrorKind::input, "it has more bytes than its shape {} wants", to_string(header.shape));
    }
    return row_major(header, std::move(elements));
  }

 private:
  static void check(const zip_stat_t& stat, std::uint64_t archive_bytes, std::uint64_t budget) {
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
      fail(ErrorKind::unsupported,
           "it is packed with ZIP method {}; np.savez (stored) and np.savez_compressed (deflate) "
           "are known",
           stat.comp_method);
    }
    if (stat.encryption_method != ZIP_EM_NONE) fail(ErrorKind::unsupported, "it is encrypted");
    const std::uint64_t most =
        stat.comp_method == ZIP_CM_STORE ? stat.comp_size : stat.comp_size * kDeflateRatio + 1024;
    if (stat.comp_size > archive_bytes || stat.size > most) {
      fail(ErrorKind::input, "it claims {} bytes, more than its {} packed bytes can hold", stat.size, stat.comp_size);
    }
    if (stat.size > budget) fail(ErrorKind::input, "the arrays take more than {} bytes", kLimit);
  }

  std::size_t read_some(char* to, std::size_t count) {
    const zip_int64_t got = zip_fread(file_.get(), to, count);
    if (got < 0) fail(ErrorKind::input, "it is damaged: {}", printable(zip_file_strerror(file_.get())));
    return static_cast<std::size_t>(got);
  }
  // Reads behind the first `have` bytes until the buffer is full or the array ends; returns what is in the buffer.
  std::size_t fill(std::vector<char>& buffer, std::size_t have) {
    while (have < buffer.size()) {
      const std::size_t got = read_some(buffer.data() + have, buffer.size() - have);
      if (got == 0) break;
      have += got;
    }
    return have;
  }

  std::uint64_t size_ = 0;
  Member file_;
};

bool recognizes(std::string_view, std::string_view bytes) {
  return bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06");
}

// Sequences of any lengths as tf.RaggedTensor holds them: sequence i is the values from splits[i] to splits[i + 1].
struct Ragged {
  Tensor values;
  Tensor splits;
};
struct Contents {
  Dataset data;
  Ragged x;
  Ragged x_test;
};

Tensor padded(const Ragged& ragged, std::size_t bytes) {
  constexpr std::int64_t kExact = std::int64_t{1} << 24;  // as float32
  const Tensor& splits = ragged.splits;
  const Shape& shape = ragged.values.shape();
  if (shape.rank() == 0 || splits.shape().rank() == 0) {
    fail(ErrorKind::input, "sequences of different lengths need two arrays, x_values and x_row_splits");
  }
  if (splits.shape().rank() != 1 || splits.count() < 2 || splits[0] != 0) {
    fail(ErrorKind::input,
         "x_row_splits must be one row of numbers that begins with 0 and has one for each sequence's end");
  }
  if (shape[0] > kExact) fail(ErrorKind::unsupported, "x_values has more than {} steps", kExact);
  const Shape step = shape.slice(1, shape.rank());
  if (step.count() == 0) fail(ErrorKind::input, "x_values has the shape {}: no numbers", to_string(shape));
  std::vector<std::span<const float>> rows;
  for (std::int64_t i = 0; i + 1 < splits.count(); ++i) {
    const float begin = splits[i];
    const float end = splits[i + 1];
    if (!(begin <= end && end <= static_cast<float>(shape[0])) || end != std::floor(end)) {
      fail(ErrorKind::input, "x_row_splits goes from {:g} to {:g} at sequence {} (counted from 0); it must rise to {}",
           begin, end, i, shape[0]);
    }
    const auto first = static_cast<std::size_t>(begin) * static_cast<std::size_t>(step.count());
    const auto last = static_cast<std::size_t>(end) * static_cast<std::size_t>(step.count());
    rows.push_back(ragged.values.values().subspan(first, last - first));
  }
  return padded_rows(rows, step, 0, bytes);
}

// Where an array of this name goes; nullptr for other names.
Tensor* place_of(const std::string& key, Contents& contents) {
  Dataset& data = contents.data;
  if (key == "x_values" || key == "x_train_values") return &contents.x.values;
  if (key == "x_row_splits" || key == "x_train_row_splits") return &contents.x.splits;
  if (key == "x_test_values") return &contents.x_test.values;
  if (key == "x_test_row_splits") return &contents.x_test.splits;
  if (key == "x" || key == "x_train") return &data.x;
  if (key == "y" || key == "y_train") return &data.y;
  if (key == "x_test") return &data.x_test;
  if (key == "y_test") return &data.y_test;
  return nullptr;
}

Dataset parse(std::string_view bytes, DataSpec&) {
  const Archive archive = open_archive(bytes);
  Contents contents;
  std::uint64_t budget = kLimit;
  std::vector<std::string> names;
  const zip_int64_t entries = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    const char* raw = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    std::string name = raw == nullptr ? "" : raw;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    if (names.size() < 20) names.push_back(printable(name));
    Tensor* place = place_of(lower(name), contents);
    if (place == nullptr) continue;
    if (place->shape().rank() != 0) {
      fail(ErrorKind::input, "array '{}' is there twice (x and x_train, or x and X, mean the same)", printable(name));
    }
    try {
      *place = ArrayReader(archive.get(), static_cast<std::uint64_t>(i), bytes.size(), &budget).read();
      if (place->shape().rank() == 0)
        fail(ErrorKind::input, "it is a single number; its first axis must be the samples");
    } catch (const Error& error) {
      fail(error.kind(), "array '{}': {}", printable(name), error.what());
    }
  }
  Dataset data = std::move(contents.data);
  const auto fill = [&](const Ragged& ragged, Tensor& x) {
    if (ragged.values.shape().rank() == 0 && ragged.splits.shape().rank() == 0) return;
    if (x.shape().rank() != 0) fail(ErrorKind::input, "the inputs are there twice, as x and as x_values");
    x = padded(ragged, bytes.size());
    data.padded = true;
  };
  fill(contents.x, data.x);
  fill(contents.x_test, data.x_test);
  if (data.x.shape().rank() == 0) {
    fail(ErrorKind::input, "no array is named x or x_train; the file has {}", names.empty() ? "none" : join(names));
  }
  return data;
}

}  // namespace

extern const Source npz;
constinit const Source npz{.id = "npz",
                           .usage = "points.npz",
                           .summary =
                               "NumPy archive with x, y or x_train, y_train, x_test, y_test; values as they are. "
                               "Sequences of different lengths: x_values, all steps in a row, and x_row_splits, where "
                               "each begins and the last ends; filled up with 0 at the end",
                           .recognizes = recognizes,
                           .parse = parse};

}  // namespace evenflow::sources
