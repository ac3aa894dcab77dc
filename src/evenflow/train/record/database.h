// SQLite, as little of it as a run record needs. Throws Error(io) with what SQLite says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace evenflow {

class Database;

// A prepared statement. Bind the parameters from the first to the last, then execute() or next().
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  Statement& bind(std::int64_t value);
  Statement& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(double value);  // NaN becomes NULL: SQL knows no NaN
  Statement& bind(std::string_view text);
  Statement& bind(std::span<const std::byte> bytes);  // empty: NULL

  void execute();  // runs to the end and makes the statement ready to be bound again
  bool next();     // a row of the result is there

  std::int64_t integer(int column) const;
  double number(int column) const;  // NULL is NaN
  std::string text(int column) const;
  std::span<const std::byte> bytes(int column) const;  // valid until next()

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void require(int code) const;

  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

class Database {
 public:
  enum class Mode { create, read };
  Database(const std::filesystem::path& path, Mode mode);

  void execute(const char* sql);  // any number of statements
  sqlite3* handle() const { return handle_.get(); }
  [[noreturn]] void fail_with(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  bool open(const std::string& name, int flags);

  std::string name_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace evenflow
