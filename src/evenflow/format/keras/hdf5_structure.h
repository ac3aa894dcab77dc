// The inner structure of HDF5 files: object headers, groups, heaps, types ("HDF5 File Format Specification" 3.0; the
// numbers of its sections stand in the code). Reading is our own because the C library crashes, hangs or takes memory
// without bound on damaged files; here every step is checked against the file's end and every walk is finite.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenflow::keras::hdf5 {

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};  // the undefined address

// A place in a file. Reads little-endian numbers; throws Error(input) at the end of the bytes.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes, std::uint64_t at = 0);

  std::uint64_t number(unsigned width);
  std::uint64_t byte() { return number(1); }
  std::uint64_t address() { return number(8); }
  std::string_view take(std::uint64_t count);
  void skip(std::uint64_t count) { take(count); }
  void expect(std::string_view signature);
  std::size_t left() const { return bytes_.size() - at_; }
  std::size_t at() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_;
};

enum class MessageType : std::uint64_t {
  dataspace = 0x01,
  link_info = 0x02,
  datatype = 0x03,
  link = 0x06,
  external_files = 0x07,
  layout = 0x08,
  group_info = 0x0a,
  filters = 0x0b,
  attribute = 0x0c,
  continuation = 0x10,
  symbol_table = 0x11,
  attribute_info = 0x15,
};

// A group, a data set or a named type: the messages of its header (IV.A).
struct Message {
  MessageType type;
  bool shared;  // what it says stands elsewhere in the file
  std::string_view data;
};
struct Object {
  std::vector<Message> messages;

  // The first message of a type, or null. Throws Error(unsupported) for a shared one.
  const std::string_view* find(MessageType type) const;
  bool is_dataset() const { return find(MessageType::layout) != nullptr; }
  bool is_group() const;
};

// Address of the root group's object header. Throws unless the whole file is there (II).
std::uint64_t root_address(std::string_view file);
Object read_object(std::string_view file, std::uint64_t address);

// The names in a group with the addresses of what they stand for; kNowhere for a link to elsewhere.
using Members = std::map<std::string, std::uint64_t, std::less<>>;
Members read_group(std::string_view file, const Object& group);

// Extents of a data space; nullopt for the empty ("null") one (IV.A.2.b).
std::optional<std::vector<std::int64_t>> parse_dataspace(std::string_view message);

struct Datatype {
  enum class Kind : std::uint8_t { integer, real, fixed_text, variable_text, other } kind = Kind::other;
  std::size_t size = 0;  // bytes of one element
  bool big_endian = false;
  bool is_signed = false;
};
Datatype parse_datatype(std::string_view message);

struct Attribute {
  std::string_view name;
  Datatype type;
  std::optional<std::vector<std::int64_t>> shape;
  std::string_view data;
};
Attribute parse_attribute(std::string_view message);
// Throws Error(unsupported) when attributes stand outside the object's header.
void check_attributes_complete(const Object& object);

// The strings that `count` references in `data` point to in the file's global heaps (III.E).
std::vector<std::string> read_heap_strings(std::string_view file, std::string_view data, std::size_t count);

}  // namespace evenflow::keras::hdf5
