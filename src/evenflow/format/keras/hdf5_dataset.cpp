#include "evenflow/format/keras/hdf5_dataset.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "evenflow/base/text.h"

namespace evenflow::keras::hdf5 {
namespace {

// DEFLATE cannot expand by more (zlib's technical details: 1032:1).
constexpr std::uint64_t kLargestExpansion = 1032;

[[noreturn]] void damaged(std::string_view what) {
  fail(ErrorKind::input, "damaged HDF5 file: {}", what);
}
[[noreturn]] void unknown(std::string_view what) {
  fail(ErrorKind::unsupported, "HDF5 file with {}", what);
}

// ---- Filters (IV.A.2.l) ---------------------------------------------------------------------------------------

enum class Filter : std::uint64_t { deflate = 1, shuffle = 2, fletcher32 = 3 };

std::vector<Filter> parse_filters(const Object& dataset) {
  std::vector<Filter> filters;
  const std::string_view* message = dataset.find(MessageType::filters);
  if (message == nullptr) return filters;
  Cursor cursor(*message);
  const std::uint64_t version = cursor.byte();
  const std::uint64_t count = cursor.byte();
  if (version == 1) cursor.skip(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t id = cursor.number(2);
    const std::uint64_t name = version == 1 || id >= 256 ? cursor.number(2) : 0;
    cursor.skip(2);
    const std::uint64_t values = cursor.number(2);
    cursor.skip(version == 1 ? (name + 7) / 8 * 8 : name);
    cursor.skip(4 * values + (version == 1 && values % 2 == 1 ? 4 : 0));
    if (id < 1 || id > 3) {
      fail(ErrorKind::unsupported, "HDF5 file with filter {}; known are gzip, shuffle and fletcher32", id);
    }
    filters.push_back(static_cast<Filter>(id));
  }
  return filters;
}

std::string inflated(std::string_view packed, std::size_t size) {
  std::string result(size, '\0');
  uLongf length = result.size();
  const int status = uncompress(reinterpret_cast<Bytef*>(result.data()), &length,
                                reinterpret_cast<const Bytef*>(packed.data()), packed.size());
  if (status != Z_OK) damaged("a compressed chunk is broken");
  result.resize(length);
  return result;
}

// The first bytes of all elements stand first, then all second bytes, ...
std::string unshuffled(std::string_view bytes, std::size_t element) {
  const std::size_t count = bytes.size() / element;
  std::string result(bytes);
  for (std::size_t byte = 0; byte < element; ++byte) {
    for (std::size_t i = 0; i < count; ++i) result[i * element + byte] = bytes[byte * count + i];
  }
  return result;
}

std::string unfiltered(std::string_view stored, const std::vector<Filter>& filters, std::uint64_t skipped,
                       std::size_t size, std::size_t element) {
  constexpr std::size_t kChecksum = 4;
  std::string bytes(stored);
  for (std::size_t i = filters.size(); i-- > 0;) {
    if (i < 32 && (skipped >> i & 1) != 0) continue;
    switch (filters[i]) {
      case Filter::deflate:
        bytes = inflated(bytes, size + kChecksum);
        break;
      case Filter::shuffle:
        bytes = unshuffled(bytes, element);
        break;
      case Filter::fletcher32:
        if (bytes.size() < kChecksum) damaged("a chunk is too short");
        bytes.resize(bytes.size() - kChecksum);
        break;
    }
  }
  if (bytes.size() != size) damaged("a chunk has the wrong size");
  return bytes;
}

// ---- Chunks (III.A.1, IV.A.2.i) -------------------------------------------------------------------------------

struct Chunks {
  std::string_view file;
  std::vector<std::int64_t> shape;     // of the data set
  std::vector<std::uint64_t> extents;  // of a chunk
  std::size_t element;
  std::vector<Filter> filters;
  std::uint64_t chunk_bytes;
  std::uint64_t unpacked = 0;  // so far
  std::uint64_t justified;     // at most
  std::uint64_t covered = 0;   // elements that chunks have brought
  std::string result;
};

// Copies the part of a chunk at `origin` that lies inside the data set, one run along the last axis at a time.
void place_chunk(Chunks& chunks, const std::vector<std::uint64_t>& origin, std::string_view data) {
  const std::size_t rank = chunks.shape.size();
  std::vector<std::uint64_t> inside(rank);
  std::uint64_t runs = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const auto extent = static_cast<std::uint64_t>(chunks.shape[axis]);
    if (origin[axis] % chunks.extents[axis] != 0 || origin[axis] >= extent)
      damaged("a chunk lies outside its data set");
    inside[axis] = std::min(chunks.extents[axis], extent - origin[axis]);
    if (axis + 1 < rank) runs *= inside[axis];
  }
  const std::uint64_t length = inside[rank - 1];
  for (std::uint64_t run = 0; run < runs; ++run) {
    std::uint64_t rest = run, source = 0, target = 0, source_stride = 1, target_stride = 1;
    for (std::size_t axis = rank; axis-- > 0;) {
      std::uint64_t index = 0;
      if (axis + 1 < rank) {
        index = rest % inside[axis];
        rest /= inside[axis];
      }
      source += index * source_stride;
      target += (origin[axis] + index) * target_stride;
      source_stride *= chunks.extents[axis];
      target_stride *= static_cast<std::uint64_t>(chunks.shape[axis]);
    }
    std::memcpy(chunks.result.data() + target * chunks.element, data.data() + source * chunks.element,
                length * chunks.element);
  }
  chunks.covered += runs * length;
}

void read_chunk(Chunks& chunks, std::uint64_t address, std::uint64_t stored, std::uint64_t skipped,
                const std::vector<std::uint64_t>& origin) {
  chunks.unpacked += chunks.chunk_bytes;
  if (chunks.unpacked > chunks.justified) damaged("a data set has more chunks than the file can hold");
  const std::string_view bytes = Cursor(chunks.file, address).take(stored);
  place_chunk(chunks, origin, unfiltered(bytes, chunks.filters, skipped, chunks.chunk_bytes, chunks.element));
}

void read_chunk_node(Chunks& chunks, std::uint64_t address, int level) {
  const std::size_t rank = chunks.shape.size();
  Cursor cursor(chunks.file, address);
  cursor.expect("TREE");
  if (cursor.byte() != 1 || cursor.byte() != static_cast<std::uint64_t>(level)) damaged("an index of chunks is broken");
  const std::uint64_t children = cursor.number(2);
  cursor.skip(16);
  // Each node counts as much as a chunk, so that a tree in circles comes to an end.
  chunks.unpacked += 24;
  if (chunks.unpacked > chunks.justified) damaged("an index of chunks is broken");
  std::vector<std::uint64_t> origin(rank);
  for (std::uint64_t i = 0; i < children; ++i) {
    const std::uint64_t stored = cursor.number(4);
    const std::uint64_t skipped = cursor.number(4);
    for (std::uint64_t& at : origin) at = cursor.number(8);
    cursor.skip(8);
    const std::uint64_t child = cursor.address();
    if (level > 0) {
      read_chunk_node(chunks, child, level - 1);
    } else {
      read_chunk(chunks, child, stored, skipped, origin);
    }
  }
}

std::uint64_t product(const std::vector<std::uint64_t>& factors, std::uint64_t start) {
  for (const std::uint64_t factor : factors) {
    if (factor == 0 || __builtin_mul_overflow(start, factor, &start)) damaged("a chunk has an impossible shape");
  }
  return start;
}

// An index of the newer formats for data sets that cannot grow: the chunks in order, in pages when there are many
// (VII.B, "Fixed Array").
void read_fixed_array(Chunks& chunks, std::uint64_t address, bool filtered) {
  Cursor header(chunks.file, address);
  header.expect("FAHD");
  header.skip(2);
  const std::uint64_t entry = header.byte();
  const std::uint64_t page_bits = header.byte();
  const std::uint64_t entries = header.number(8);
  const std::uint64_t block = header.address();
  const std::uint64_t width = filtered ? entry - 12 : 0;  // of a chunk's stored size
  if ((filtered ? width < 1 || width > 8 : entry != 8) || page_bits > 32) damaged("an index of chunks is broken");

  const std::size_t rank = chunks.shape.size();
  std::vector<std::uint64_t> counts(rank);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    counts[axis] = (static_cast<std::uint64_t>(chunks.shape[axis]) - 1) / chunks.extents[axis] + 1;
  }
  const std::uint64_t total = product(counts, 1);
  if (total > entries || total > chunks.file.size()) damaged("an index of chunks is broken");
  const std::uint64_t page = std::uint64_t{1} << page_bits;
  const bool paged = entries > page;
  constexpr std::uint64_t kPrefix = 14, kChecksum = 4;
  const std::uint64_t first = block + kPrefix + (paged ? ((entries - 1) / page / 8 + 1) + kChecksum : 0);
  Cursor(chunks.file, block).expect("FADB");
  for (std::uint64_t i = 0; i < total; ++i) {
    Cursor cursor(chunks.file, first + i * entry + (paged ? i / page * kChecksum : 0));
    const std::uint64_t data = cursor.address();
    const std::uint64_t stored = filtered ? cursor.number(static_cast<unsigned>(width)) : chunks.chunk_bytes;
    const std::uint64_t skipped = filtered ? cursor.number(4) : 0;
    std::vector<std::uint64_t> origin(rank);
    std::uint64_t rest = i;
    for (std::size_t axis = rank; axis-- > 0; rest /= counts[axis]) {
      origin[axis] = rest % counts[axis] * chunks.extents[axis];
    }
    read_chunk(chunks, data, stored, skipped, origin);
  }
}

// Layout message of version 4: the newer ways to find the chunks (IV.A.2.i).
void read_newer_chunks(Chunks& chunks, Cursor layout, bool filtered_chunk) {
  constexpr std::uint64_t kSingle = 1, kFixedArray = 3;
  const std::uint64_t kind = layout.byte();
  if (kind == kSingle) {
    const std::uint64_t stored = filtered_chunk ? layout.number(8) : chunks.chunk_bytes;
    const std::uint64_t skipped = filtered_chunk ? layout.number(4) : 0;
    read_chunk(chunks, layout.address(), stored, skipped, std::vector<std::uint64_t>(chunks.shape.size(), 0));
  } else if (kind == kFixedArray) {
    layout.skip(1);
    read_fixed_array(chunks, layout.address(), !chunks.filters.empty());
  } else {
    unknown("an index of chunks of an unknown kind; save it with h5py's default libver");
  }
}

std::string read_chunked(std::string_view file, const Object& dataset, const Shape& shape, std::size_t element,
                         Cursor layout, std::uint64_t version) {
  const std::uint64_t flags = version == 4 ? layout.byte() : 0;
  const std::uint64_t axes = layout.byte();
  const std::uint64_t tree = version == 3 ? layout.address() : 0;
  const auto width = static_cast<unsigned>(version == 4 ? layout.byte() : 4);
  if (axes != static_cast<std::uint64_t>(shape.rank()) + 1 || width < 1 || width > 8)
    damaged("a chunk has the wrong shape");

  Chunks chunks{.file = file,
                .shape = {shape.dims().begin(), shape.dims().end()},
                .extents = {},
                .element = element,
                .filters = parse_filters(dataset),
                .chunk_bytes = 0,
                .justified = kLargestExpansion * file.size(),
                .result = {}};
  for (int axis = 0; axis < shape.rank(); ++axis) chunks.extents.push_back(layout.number(width));
  if (layout.number(width) != element) damaged("a chunk has elements of another size");
  chunks.chunk_bytes = product(chunks.extents, element);
  const std::uint64_t size = static_cast<std::uint64_t>(shape.count()) * element;
  const bool packed = std::find(chunks.filters.begin(), chunks.filters.end(), Filter::deflate) != chunks.filters.end();
  if (!packed) chunks.justified = 2 * file.size() + chunks.chunk_bytes;  // chunks at the rim stand out
  if (size > chunks.justified || chunks.chunk_bytes > kLargestExpansion * file.size() ||
      (!packed && (size > file.size() || chunks.chunk_bytes > file.size()))) {
    fail(ErrorKind::input, "its shape {} needs {} bytes, more than a file of {} can hold", to_string(shape), size,
         file.size());
  }
  chunks.justified = std::max(chunks.justified, 2 * size);
  chunks.result.assign(size, '\0');
  if (version == 4) {
    read_newer_chunks(chunks, layout, (flags & 2) != 0);
  } else {
    Cursor root(file, tree);
    root.skip(5);
    read_chunk_node(chunks, tree, static_cast<int>(root.byte()));
  }
  if (chunks.covered != static_cast<std::uint64_t>(shape.count())) damaged("chunks are missing");
  return std::move(chunks.result);
}

// ---- Numbers --------------------------------------------------------------------------------------------------

std::uint64_t bits_at(std::string_view elements, const Datatype& type, std::size_t index) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < type.size; ++i) {
    const std::size_t byte = type.big_endian ? type.size - 1 - i : i;
    bits |= std::uint64_t{static_cast<unsigned char>(elements[index * type.size + byte])} << (8 * i);
  }
  return bits;
}

float half(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1f);
  const auto mantissa = static_cast<float>(bits & 0x3ff);
  float value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent == 31) {
    value = mantissa == 0 ? INFINITY : NAN;
  } else {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

std::int64_t sign_extended(std::uint64_t bits, std::size_t size) {
  const auto shift = static_cast<int>(64 - 8 * size);
  return static_cast<std::int64_t>(bits << shift) >> shift;
}

float to_float(std::uint64_t bits, const Datatype& type) {
  if (type.kind == Datatype::Kind::real) {
    if (type.size == 2) return half(bits);
    if (type.size == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    return static_cast<float>(std::bit_cast<double>(bits));
  }
  return type.is_signed ? static_cast<float>(sign_extended(bits, type.size)) : static_cast<float>(bits);
}

}  // namespace

Shape dataset_shape(const Object& dataset) {
  const std::string_view* space = dataset.find(MessageType::dataspace);
  if (space == nullptr) damaged("a data set has no shape");
  const std::optional<std::vector<std::int64_t>> dims = parse_dataspace(*space);
  if (!dims) damaged("a data set is empty");
  return Shape(*dims);
}

std::string read_elements(std::string_view file, const Object& dataset, const Shape& shape, std::size_t element) {
  if (dataset.find(MessageType::external_files) != nullptr) unknown("a data set that is stored in another file");
  const std::string_view* message = dataset.find(MessageType::layout);
  if (message == nullptr) damaged("a data set has no data");
  Cursor layout(*message);
  const std::uint64_t version = layout.byte();
  if (version != 3 && version != 4) unknown("a data layout of an unknown version");
  constexpr std::uint64_t kCompact = 0, kContiguous = 1, kChunked = 2;
  const std::uint64_t kind = layout.byte();
  const std::uint64_t size = static_cast<std::uint64_t>(shape.count()) * element;  // at most 2^46 elements
  if (kind == kCompact || kind == kContiguous) {
    const std::uint64_t address = kind == kContiguous ? layout.address() : 0;
    const std::uint64_t stored = layout.number(kind == kContiguous ? 8 : 2);
    if (size == 0) return {};
    if (stored != size) {
      fail(ErrorKind::input, "its shape {} needs {} bytes, the file has {}", to_string(shape), size, stored);
    }
    return std::string(kind == kContiguous ? Cursor(file, address).take(size) : layout.take(size));
  }
  if (kind != kChunked) unknown("a virtual data set, whose data is stored elsewhere");
  if (size == 0) return {};
  if (shape.rank() == 0) damaged("a number in chunks");
  return read_chunked(file, dataset, shape, element, layout, version);
}

Tensor to_tensor(std::string_view elements, const Datatype& type, const Shape& shape) {
  Tensor result(shape);
  const auto count = static_cast<std::size_t>(shape.count());
  if (type.kind == Datatype::Kind::real && type.size == 4 && !type.big_endian) {
    if (count > 0) std::memcpy(result.data(), elements.data(), count * sizeof(float));
    return result;
  }
  for (std::size_t i = 0; i < count; ++i) result.values()[i] = to_float(bits_at(elements, type, i), type);
  return result;
}

std::int64_t to_integer(std::string_view element, const Datatype& type) {
  const std::uint64_t bits = bits_at(element, type, 0);
  return type.is_signed ? sign_extended(bits, type.size) : static_cast<std::int64_t>(bits);
}

}  // namespace evenflow::keras::hdf5
