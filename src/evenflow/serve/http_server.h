// A small web server for one page and its data: GET only, and nobody but the user's own browser gets an answer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/json.h"

namespace evenflow::serve {

struct HttpRequest {
  std::string path;
  std::multimap<std::string, std::string> parameters;

  bool has(const std::string& name) const { return parameters.contains(name); }
  std::string get(const std::string& name) const;  // the first; "" when it is missing
  std::vector<std::string> all(const std::string& name) const;
};

struct HttpReply {
  std::string body;
  std::string type = "application/json; charset=utf-8";
  std::string file_name = {};  // not empty: the browser saves it under this name
};
HttpReply json_reply(const Json& json);

// Server-sent events (HTML standard, section 9.2) to one reader.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // False when the reader has gone or the server stops: then nothing more is worth sending.
  virtual bool send(std::string_view event, const Json& data) = 0;
  // Waits, but not longer than the reader and the server are there; false when they are not.
  virtual bool wait(double seconds) = 0;
};

struct HttpSettings {
  std::string host = "127.0.0.1";
  int port = 8765;    // 0: any that is free
  std::string token;  // not empty: a browser must bring it once, as ?token=..., and then has it as a cookie
};

// Handlers run on threads of the server, side by side. What they throw becomes an answer {"error": "..."}: 404 for
// ErrorKind::io, 500 for ErrorKind::internal, 400 for the others.
//
// Without a token the server only answers requests for the loopback interface by its names (a page elsewhere that
// points its own name here, "DNS rebinding", is refused), and none that a page of another site makes.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;
  using Events = std::function<void(EventStream&)>;
  // Called with the request; what it throws is still an answer. What it returns then sends the events.
  using EventHandler = std::function<Events(const HttpRequest&)>;

  explicit HttpServer(HttpSettings settings);
  ~HttpServer();  // stops

  void get(const std::string& path, Handler handler);
  void stream(const std::string& path, EventHandler handler);

  void start();  // throws Error(io) when the address cannot be had
  void stop();   // ends all streams and waits for them
  int port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The interface that only this machine sees?
bool is_loopback(std::string_view host);

}  // namespace evenflow::serve
