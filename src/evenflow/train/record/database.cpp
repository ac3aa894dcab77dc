#include "evenflow/train/record/database.h"

#include <sqlite3.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "evenflow/base/text.h"

namespace evenflow {
namespace {

// A reader waits this long for the writer's checkpoint.
constexpr int kPatienceMilliseconds = 2000;

// As a file: URI. The characters that end a path there are escaped.
std::string uri_of(const std::string& path, std::string_view parameters) {
  std::string uri = "file:";
  for (const char c : path) uri += c == '?' || c == '#' || c == '%' ? fmt::format("%{:02x}", c) : std::string(1, c);
  return uri + std::string(parameters);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

bool Database::open(const std::string& name, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &opened, flags | SQLITE_OPEN_URI, nullptr);
  handle_.reset(opened);
  return code == SQLITE_OK;
}

Database::Database(const std::filesystem::path& path, Mode mode) : name_(path.string()) {
  if (mode == Mode::create) {
    if (!open(name_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) {
      fail(ErrorKind::io, "cannot create '{}': {}", name_, std::strerror(sqlite3_system_errno(handle_.get())));
    }
  } else {
    // A folder that may not be written to has no place for the shared memory of a write-ahead log: then the file is
    // read as it stands.
    const auto readable = [this] {
      return sqlite3_exec(handle(), "SELECT 1 FROM sqlite_master", nullptr, nullptr, nullptr) == SQLITE_OK;
    };
    if (!open(name_, SQLITE_OPEN_READONLY) || !readable()) {
      const int first = sqlite3_extended_errcode(handle());
      if (first == SQLITE_NOTADB) fail(ErrorKind::input, "'{}' is no run record: not an SQLite file", name_);
      if (!open(uri_of(name_, "?immutable=1"), SQLITE_OPEN_READONLY) || !readable()) {
        fail(ErrorKind::io, "cannot read '{}': {}", name_, sqlite3_errmsg(handle()));
      }
    }
  }
  sqlite3_busy_timeout(handle(), kPatienceMilliseconds);
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_with(code);
}

void Database::fail_with(int code) const {
  const int error = sqlite3_system_errno(handle());
  const bool system = (code & 0xff) == SQLITE_IOERR && error != 0;
  fail(ErrorKind::io, "'{}': {}{}", name_, sqlite3_errmsg(handle()),
       system ? fmt::format(" ({})", std::strerror(error)) : std::string());
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  statement_.reset(statement);
  require(code);
}

void Statement::require(int code) const {
  if (code != SQLITE_OK) database_.fail_with(code);
}

Statement& Statement::bind(std::int64_t value) {
  require(sqlite3_bind_int64(statement_.get(), ++bound_, value));
  return *this;
}
Statement& Statement::bind(double value) {
  require(sqlite3_bind_double(statement_.get(), ++bound_, value));
  return *this;
}
Statement& Statement::bind(std::string_view text) {
  require(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind(std::span<const std::byte> bytes) {
  require(bytes.empty()
              ? sqlite3_bind_null(statement_.get(), ++bound_)
              : sqlite3_bind_blob64(statement_.get(), ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

bool Statement::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_.get());
  bound_ = 0;
  if (code != SQLITE_DONE) database_.fail_with(code);
  return false;
}

void Statement::execute() {
  while (next()) {
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double Statement::number(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nan("");
  return sqlite3_column_double(statement_.get(), column);
}
std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text), size);
}
std::span<const std::byte> Statement::bytes(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

}  // namespace evenflow
