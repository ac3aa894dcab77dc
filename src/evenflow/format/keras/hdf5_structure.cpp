#include "evenflow/format/keras/hdf5_structure.h"

#include <algorithm>
#include <unordered_map>

#include "evenflow/base/text.h"

namespace evenflow::keras::hdf5 {
namespace {

// The number of axes that the format allows.
constexpr std::uint64_t kMostAxes = 32;

[[noreturn]] void damaged(std::string_view what) {
  fail(ErrorKind::input, "damaged HDF5 file: {}", what);
}
[[noreturn]] void unknown(std::string_view what) {
  fail(ErrorKind::unsupported, "HDF5 file with {}", what);
}

// Work that a sound file can cause at most once per byte: damage that sends a walk in circles exhausts it.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes) : left_(bytes) {}
  void spend(std::uint64_t bytes) {
    if (bytes > left_) damaged("its parts overlap");
    left_ -= bytes;
  }

 private:
  std::uint64_t left_;
};

struct Chunk {
  std::uint64_t address;
  std::uint64_t length;
};

void add_message(Object& object, std::vector<Chunk>& chunks, std::uint64_t type, std::uint64_t flags,
                 std::string_view data) {
  if (static_cast<MessageType>(type) == MessageType::continuation) {
    Cursor cursor(data);
    const std::uint64_t address = cursor.address();
    chunks.push_back({address, cursor.number(8)});
  } else {
    object.messages.push_back({static_cast<MessageType>(type), (flags & 2) != 0, data});
  }
}

// IV.A.1.a
Object read_object_1(std::string_view file, std::uint64_t address) {
  constexpr std::size_t kMessageHeader = 8;
  Cursor prefix(file, address);
  prefix.skip(2);
  std::uint64_t messages = prefix.number(2);
  prefix.skip(4);
  std::vector<Chunk> chunks{{address + 16, prefix.number(4)}};
  Object object;
  Budget budget(file.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    budget.spend(std::max<std::uint64_t>(chunks[i].length, kMessageHeader));
    Cursor cursor(Cursor(file, chunks[i].address).take(chunks[i].length));
    for (; messages > 0 && cursor.left() >= kMessageHeader; --messages) {
      const std::uint64_t type = cursor.number(2);
      const std::uint64_t size = cursor.number(2);
      const std::uint64_t flags = cursor.byte();
      cursor.skip(3);
      add_message(object, chunks, type, flags, cursor.take(size));
    }
  }
  if (messages > 0) damaged("an object header is incomplete");
  return object;
}

// IV.A.1.b
Object read_object_2(std::string_view file, std::uint64_t address) {
  Cursor prefix(file, address);
  prefix.expect("OHDR");
  if (prefix.byte() != 2) unknown("an object header of an unknown version");
  const std::uint64_t flags = prefix.byte();
  if ((flags & 0x20) != 0) prefix.skip(16);
  if ((flags & 0x10) != 0) prefix.skip(4);
  const std::uint64_t first = prefix.number(1u << (flags & 3));
  const bool ordered = (flags & 4) != 0;
  const std::size_t header = ordered ? 6 : 4;

  std::vector<Chunk> chunks{{prefix.at(), first}};
  Object object;
  Budget budget(file.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    budget.spend(std::max<std::uint64_t>(chunks[i].length, header));
    Cursor cursor(Cursor(file, chunks[i].address).take(chunks[i].length));
    std::size_t beyond = 0;
    if (i > 0) {
      cursor.expect("OCHK");
      beyond = 4;  // the checksum
    }
    while (cursor.left() >= header + beyond) {
      const std::uint64_t type = cursor.byte();
      const std::uint64_t size = cursor.number(2);
      const std::uint64_t message_flags = cursor.byte();
      if (ordered) cursor.skip(2);
      add_message(object, chunks, type, message_flags, cursor.take(size));
    }
  }
  return object;
}

// Names of an old-style group are offsets into its local heap (III.D).
std::string heap_name(std::string_view heap, std::uint64_t offset) {
  if (offset >= heap.size()) damaged("a name lies outside its group's heap");
  const std::string_view rest = heap.substr(offset);
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) damaged("a name has no end");
  return std::string(rest.substr(0, end));
}

// A node of the B-tree of an old-style group (III.A.1, III.B).
void read_group_node(std::string_view file, std::uint64_t address, std::string_view heap, int level, Budget& budget,
                     Members& members) {
  constexpr std::uint64_t kSymbolEntry = 40;
  constexpr std::uint64_t kSoftLink = 2;
  Cursor cursor(file, address);
  if (level < 0) {
    cursor.expect("SNOD");
    cursor.skip(2);
    const std::uint64_t symbols = cursor.number(2);
    budget.spend(8 + kSymbolEntry * symbols);
    for (std::uint64_t i = 0; i < symbols; ++i) {
      std::string name = heap_name(heap, cursor.number(8));
      const std::uint64_t object = cursor.address();
      const std::uint64_t cache = cursor.number(4);
      cursor.skip(20);
      budget.spend(name.size());
      members.emplace(std::move(name), cache == kSoftLink ? kNowhere : object);
    }
    return;
  }
  cursor.expect("TREE");
  if (cursor.byte() != 0 || cursor.byte() != static_cast<std::uint64_t>(level)) damaged("a group's index is broken");
  const std::uint64_t children = cursor.number(2);
  budget.spend(24 + 16 * children);
  cursor.skip(16 + 8);
  for (std::uint64_t i = 0; i < children; ++i) {
    read_group_node(file, cursor.address(), heap, level - 1, budget, members);
    cursor.skip(8);
  }
}

void read_symbol_table(std::string_view file, std::string_view message, Members& members) {
  Cursor table(message);
  const std::uint64_t tree = table.address();
  Cursor heap(file, table.address());
  heap.expect("HEAP");
  heap.skip(4);
  const std::uint64_t size = heap.number(8);
  heap.skip(8);
  const std::string_view names = Cursor(file, heap.address()).take(size);
  Cursor root(file, tree);
  root.expect("TREE");
  root.skip(1);
  // Names may be counted beside the nodes that refer to them.
  Budget budget(2 * file.size());
  read_group_node(file, tree, names, static_cast<int>(root.byte()), budget, members);
}

// IV.A.2.g
void read_link(std::string_view message, Members& members) {
  Cursor cursor(message);
  if (cursor.byte() != 1) unknown("a link of an unknown version");
  const std::uint64_t flags = cursor.byte();
  const std::uint64_t type = (flags & 8) != 0 ? cursor.byte() : 0;
  if ((flags & 4) != 0) cursor.skip(8);
  if ((flags & 0x10) != 0) cursor.skip(1);
  const std::string_view name = cursor.take(cursor.number(1u << (flags & 3)));
  members.emplace(name, type == 0 ? cursor.address() : kNowhere);
}

bool is_dense(std::string_view info, bool attributes) {
  Cursor cursor(info);
  cursor.skip(1);
  const std::uint64_t flags = cursor.byte();
  if ((flags & 1) != 0) cursor.skip(attributes ? 2 : 8);
  return cursor.address() != kNowhere;
}

// The heap objects of one collection by their numbers (III.E).
using Collection = std::unordered_map<std::uint64_t, std::string_view>;
Collection read_collection(std::string_view file, std::uint64_t address, Budget& budget) {
  Cursor cursor(file, address);
  cursor.expect("GCOL");
  cursor.skip(4);
  const std::uint64_t size = cursor.number(8);
  budget.spend(std::max<std::uint64_t>(size, 16));
  Cursor objects(Cursor(file, address).take(size));
  objects.skip(16);
  Collection collection;
  while (objects.left() >= 16) {
    const std::uint64_t index = objects.number(2);
    objects.skip(6);
    const std::uint64_t length = objects.number(8);
    if (index == 0) break;  // free space up to the end
    const std::string_view data = objects.take(length);
    objects.skip(std::min<std::uint64_t>((8 - length % 8) % 8, objects.left()));
    collection.emplace(index, data);
  }
  return collection;
}

}  // namespace

Cursor::Cursor(std::string_view bytes, std::uint64_t at) : bytes_(bytes), at_(at) {
  if (at > bytes.size()) damaged("it ends too early");
}

std::string_view Cursor::take(std::uint64_t count) {
  if (count > left()) damaged("it ends too early");
  const std::string_view result = bytes_.substr(at_, count);
  at_ += count;
  return result;
}

std::uint64_t Cursor::number(unsigned width) {
  const std::string_view digits = take(width);
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) value |= std::uint64_t{static_cast<unsigned char>(digits[i])} << (8 * i);
  return value;
}

void Cursor::expect(std::string_view signature) {
  if (take(signature.size()) != signature)
    fail(ErrorKind::input, "damaged HDF5 file: no {} where it should be", signature);
}

const std::string_view* Object::find(MessageType type) const {
  for (const Message& message : messages) {
    if (message.type != type) continue;
    if (message.shared) unknown("a named data type");
    return &message.data;
  }
  return nullptr;
}

bool Object::is_group() const {
  return find(MessageType::symbol_table) != nullptr || find(MessageType::link_info) != nullptr;
}

std::uint64_t root_address(std::string_view file) {
  Cursor cursor(file);
  cursor.expect("\x89HDF\r\n\x1a\n");
  const std::uint64_t version = cursor.byte();
  if (version > 3) unknown("a superblock of an unknown version");
  if (version < 2) cursor.skip(4);
  if (cursor.byte() != 8 || cursor.byte() != 8) unknown("addresses that are not of 8 bytes");
  if (version < 2) {
    cursor.skip(version == 0 ? 9 : 13);
  } else {
    cursor.skip(1);
  }
  if (cursor.address() != 0) unknown("a user block");
  cursor.skip(8);
  const std::uint64_t end = cursor.address();
  if (end > file.size()) {
    fail(ErrorKind::input, "truncated HDF5 file: {} bytes of {}", file.size(), end);
  }
  if (version < 2) cursor.skip(16);
  return cursor.address();
}

Object read_object(std::string_view file, std::uint64_t address) {
  const std::uint64_t first = Cursor(file, address).byte();
  if (first == 1) return read_object_1(file, address);
  if (first == 'O') return read_object_2(file, address);
  damaged("no object header where it should be");
}

Members read_group(std::string_view file, const Object& group) {
  Members members;
  if (const std::string_view* table = group.find(MessageType::symbol_table)) {
    read_symbol_table(file, *table, members);
    return members;
  }
  if (const std::string_view* info = group.find(MessageType::link_info); info != nullptr && is_dense(*info, false)) {
    unknown("groups in the newest (\"dense\") storage; save it with h5py's default libver");
  }
  for (const Message& message : group.messages) {
    if (message.type == MessageType::link) read_link(message.data, members);
  }
  return members;
}

std::optional<std::vector<std::int64_t>> parse_dataspace(std::string_view message) {
  Cursor cursor(message);
  const std::uint64_t version = cursor.byte();
  if (version != 1 && version != 2) unknown("a data space of an unknown version");
  const std::uint64_t rank = cursor.byte();
  cursor.skip(1);
  const std::uint64_t kind = cursor.byte();
  if (version == 1) cursor.skip(4);
  if (version == 2 && kind == 2) return std::nullopt;
  if (rank > kMostAxes) damaged("a data space has too many axes");
  std::vector<std::int64_t> shape;
  for (std::uint64_t i = 0; i < rank; ++i) shape.push_back(static_cast<std::int64_t>(cursor.number(8)));
  return shape;
}

Datatype parse_datatype(std::string_view message) {
  Cursor cursor(message);
  const std::uint64_t kind = cursor.byte() & 0x0f;
  const std::uint64_t bits = cursor.byte();
  const std::uint64_t sign = cursor.byte();
  cursor.skip(1);
  Datatype type;
  type.size = cursor.number(4);
  if (type.size == 0) damaged("a data type has no size");
  type.big_endian = (bits & 1) != 0;
  constexpr std::uint64_t kInteger = 0, kReal = 1, kText = 3, kVariable = 9;
  if (kind == kInteger) {
    const std::uint64_t offset = cursor.number(2);
    const bool whole = cursor.number(2) == 8 * type.size && offset == 0;
    type.is_signed = (bits & 8) != 0;
    if (whole && (type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8)) {
      type.kind = Datatype::Kind::integer;
    }
  } else if (kind == kReal) {
    // IEEE 754: where the exponent and the mantissa lie and the exponent's bias follow from the size.
    struct Ieee {
      std::uint64_t size, exponent_at, exponent, mantissa, bias;
    };
    const std::uint64_t offset = cursor.number(2), precision = cursor.number(2);
    const std::uint64_t exponent_at = cursor.byte(), exponent = cursor.byte();
    const std::uint64_t mantissa_at = cursor.byte(), mantissa = cursor.byte(), bias = cursor.number(4);
    for (const Ieee& ieee : {Ieee{2, 10, 5, 10, 15}, Ieee{4, 23, 8, 23, 127}, Ieee{8, 52, 11, 52, 1023}}) {
      if (type.size == ieee.size && offset == 0 && precision == 8 * ieee.size && sign == 8 * ieee.size - 1 &&
          exponent_at == ieee.exponent_at && exponent == ieee.exponent && mantissa_at == 0 &&
          mantissa == ieee.mantissa && bias == ieee.bias && (bits & 0x40) == 0) {
        type.kind = Datatype::Kind::real;
      }
    }
  } else if (kind == kText) {
    type.kind = Datatype::Kind::fixed_text;
  } else if (kind == kVariable && (bits & 0x0f) == 1 && type.size == 16) {
    type.kind = Datatype::Kind::variable_text;
  }
  return type;
}

// IV.A.2.m
Attribute parse_attribute(std::string_view message) {
  Cursor cursor(message);
  const std::uint64_t version = cursor.byte();
  const std::uint64_t flags = cursor.byte();
  if (version < 1 || version > 3) unknown("an attribute of an unknown version");
  if (version > 1 && (flags & 3) != 0) unknown("an attribute of a named data type");
  const std::uint64_t name_size = cursor.number(2);
  const std::uint64_t type_size = cursor.number(2);
  const std::uint64_t space_size = cursor.number(2);
  if (version == 3) cursor.skip(1);
  const auto part = [&](std::uint64_t size) {
    const std::string_view bytes = cursor.take(size);
    if (version == 1) cursor.skip((8 - size % 8) % 8);
    return bytes;
  };
  const std::string_view name = part(name_size);
  Attribute attribute;
  attribute.name = name.substr(0, name.find('\0'));
  attribute.type = parse_datatype(part(type_size));
  attribute.shape = parse_dataspace(part(space_size));
  attribute.data = cursor.take(cursor.left());
  return attribute;
}

void check_attributes_complete(const Object& object) {
  const std::string_view* info = object.find(MessageType::attribute_info);
  if (info != nullptr && is_dense(*info, true)) {
    unknown("attributes in the newest (\"dense\") storage; save it with h5py's default libver");
  }
}

std::vector<std::string> read_heap_strings(std::string_view file, std::string_view data, std::size_t count) {
  std::unordered_map<std::uint64_t, Collection> collections;
  Budget heaps(file.size());
  Budget text(file.size());
  Cursor cursor(data);
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = cursor.number(4);
    const std::uint64_t address = cursor.address();
    const std::uint64_t index = cursor.number(4);
    if (length == 0) {
      result.emplace_back();
      continue;
    }
    auto collection = collections.find(address);
    if (collection == collections.end()) {
      collection = collections.emplace(address, read_collection(file, address, heaps)).first;
    }
    const auto object = collection->second.find(index);
    if (object == collection->second.end() || object->second.size() < length) damaged("a string is missing");
    text.spend(length);
    const std::string_view whole = object->second.substr(0, length);
    result.emplace_back(whole.substr(0, whole.find('\0')));
  }
  return result;
}

}  // namespace evenflow::keras::hdf5
