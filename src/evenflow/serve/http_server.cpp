#include "evenflow/serve/http_server.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "evenflow/base/text.h"

namespace evenflow::serve {
namespace {

// A browser keeps up to six connections; fifty browsers are served at once.
constexpr std::size_t kConnections = 320;
constexpr std::size_t kMostBody = 64 * 1024;
constexpr auto kHeartbeat = std::chrono::seconds(10);

constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void set_error(httplib::Response& response, int status, std::string_view message) {
  response.status = status;
  response.set_content(Json{{"error", message}}.dump(-1, ' ', false, Json::error_handler_t::replace),
                       "application/json; charset=utf-8");
}

int status_of(ErrorKind kind) {
  return kind == ErrorKind::io ? 404 : kind == ErrorKind::internal ? 500 : 400;
}

// Takes as long for a wrong token as for the right one.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

// "localhost:8765" -> "localhost", "[::1]:8765" -> "::1".
std::string host_name(std::string_view header) {
  if (header.starts_with('[')) return std::string(header.substr(1, header.find(']') - 1));
  return std::string(header.substr(0, header.find(':')));
}

HttpRequest request_of(const httplib::Request& request) {
  return {.path = request.path, .parameters = request.params};
}

class SinkStream : public EventStream {
 public:
  SinkStream(httplib::DataSink& sink, const std::atomic<bool>& stopping) : sink_(sink), stopping_(stopping) {}

  bool send(std::string_view event, const Json& data) override {
    return write(
        fmt::format("event: {}\ndata: {}\n\n", event, data.dump(-1, ' ', false, Json::error_handler_t::replace)));
  }

  bool wait(double seconds) override {
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + std::chrono::duration<double>(seconds);
    while (open_ && !stopping_ && Clock::now() < until) {
      std::this_thread::sleep_for(
          std::min<std::chrono::duration<double>>(std::chrono::milliseconds(100), until - Clock::now()));
    }
    // A comment: the only way to learn that nobody reads any more.
    if (Clock::now() - written_ > kHeartbeat) write(":\n\n");
    return open_ && !stopping_;
  }

 private:
  bool write(const std::string& text) {
    open_ = open_ && !stopping_ && sink_.write(text.data(), text.size());
    written_ = std::chrono::steady_clock::now();
    return open_;
  }

  httplib::DataSink& sink_;
  const std::atomic<bool>& stopping_;
  bool open_ = true;
  std::chrono::steady_clock::time_point written_ = std::chrono::steady_clock::now();
};

}  // namespace

std::string HttpRequest::get(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

std::vector<std::string> HttpRequest::all(const std::string& name) const {
  std::vector<std::string> values;
  const auto [begin, end] = parameters.equal_range(name);
  for (auto at = begin; at != end; ++at) values.push_back(at->second);
  return values;
}

HttpReply json_reply(const Json& json) {
  return {.body = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

bool is_loopback(std::string_view host) {
  in_addr address{};
  const bool numbers = inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
  return host == "localhost" || host == "::1" || (numbers && ntohl(address.s_addr) >> 24 == 127);
}

struct HttpServer::Impl {
  explicit Impl(HttpSettings chosen) : settings(std::move(chosen)) {
    server.new_task_queue = [] { return new httplib::ThreadPool(kConnections); };
    server.set_payload_max_length(kMostBody);
    server.set_keep_alive_timeout(2);
    server.set_read_timeout(5);
    server.set_write_timeout(5);
    server.set_tcp_nodelay(true);
    // Not the library's SO_REUSEPORT, with which two servers share a port.
    server.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server.set_default_headers({{"Content-Security-Policy", kPolicy},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Referrer-Policy", "no-referrer"},
                                {"Cross-Origin-Resource-Policy", "same-origin"},
                                {"Cache-Control", "no-store"}});
    server.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      return admit(request, response) ? httplib::Server::HandlerResponse::Unhandled
                                      : httplib::Server::HandlerResponse::Handled;
    });
    server.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
      if (response.body.empty()) {
        set_error(response, response.status,
                  response.status == 404 ? "there is nothing at " + request.path : "this request is not understood");
      }
    });
  }

  bool admit(const httplib::Request& request, httplib::Response& response) const {
    if (request.method != "GET" && request.method != "HEAD") {
      response.set_header("Allow", "GET, HEAD");
      set_error(response, 405, "only GET and HEAD are answered");
      return false;
    }
    if (request.get_header_value("Sec-Fetch-Site") == "cross-site" && request.path != "/") {
      set_error(response, 403, "a page of another site asked");
      return false;
    }
    return settings.token.empty() ? names_this_machine(request, response) : has_token(request, response);
  }

  static bool names_this_machine(const httplib::Request& request, httplib::Response& response) {
    const std::string host = host_name(request.get_header_value("Host"));
    if (is_loopback(host)) return true;
    set_error(response, 403, "this server answers to localhost and 127.0.0.1 only");
    return false;
  }

  bool has_token(const httplib::Request& request, httplib::Response& response) const {
    const std::string name = fmt::format("evenflow_{}", port);
    if (request.path == "/" && same(request.get_param_value("token"), settings.token)) {
      response.set_header("Set-Cookie", fmt::format("{}={}; HttpOnly; SameSite=Strict; Path=/", name, settings.token));
      response.set_redirect("/");  // without the token in the address
      return false;
    }
    for (const std::string& cookie : split(request.get_header_value("Cookie"), ';')) {
      const std::size_t begin = cookie.find_first_not_of(' ');
      if (begin != std::string::npos && same(cookie.substr(begin), name + "=" + settings.token)) return true;
    }
    set_error(response, 401, "open the address with ?token=... that evenflow serve printed");
    return false;
  }

  // What `body` throws becomes the answer.
  template <class Body>
  static void answer(httplib::Response& response, const Body& body) {
    try {
      body();
    } catch (const evenflow::Error& error) {
      set_error(response, status_of(error.kind()), error.what());
    } catch (const std::exception& error) {
      set_error(response, 500, fmt::format("internal fault: {}", error.what()));
    }
  }

  HttpSettings settings;
  int port = 0;
  httplib::Server server;
  std::thread listener;
  std::atomic<bool> stopping{false};
};

HttpServer::HttpServer(HttpSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}

HttpServer::~HttpServer() {
  stop();
}

void HttpServer::get(const std::string& path, Handler handler) {
  impl_->server.Get(path, [handler = std::move(handler)](const httplib::Request& request, httplib::Response& response) {
    Impl::answer(response, [&] {
      HttpReply reply = handler(request_of(request));
      if (!reply.file_name.empty()) {
        response.set_header("Content-Disposition", fmt::format("attachment; filename=\"{}\"", reply.file_name));
      }
      // Through a provider, which is never compressed: that would take longer than the loopback interface.
      auto body = std::make_shared<std::string>(std::move(reply.body));
      response.set_content_provider(body->size(), reply.type,
                                    [body](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                                      return sink.write(body->data() + offset, length);
                                    });
    });
  });
}

void HttpServer::stream(const std::string& path, EventHandler handler) {
  impl_->server.Get(
      path, [this, handler = std::move(handler)](const httplib::Request& request, httplib::Response& response) {
        Impl::answer(response, [&] {
          response.set_chunked_content_provider(
              "text/event-stream", [this, events = handler(request_of(request))](std::size_t, httplib::DataSink& sink) {
                SinkStream stream(sink, impl_->stopping);
                try {
                  events(stream);
                } catch (const std::exception& error) {
                  stream.send("failure", {{"error", error.what()}});
                }
                sink.done();
                return true;
              });
        });
      });
}

void HttpServer::start() {
  Impl& impl = *impl_;
  const HttpSettings& settings = impl.settings;
  const std::string host = settings.host == "localhost" ? "127.0.0.1" : settings.host;
  if (settings.port == 0) {
    impl.port = impl.server.bind_to_any_port(host);
  } else {
    impl.port = impl.server.bind_to_port(host, settings.port) ? settings.port : -1;
  }
  if (impl.port < 0) {
    fail(ErrorKind::io, "cannot listen at {}:{}: it is taken, or not an address of this machine (--port, --host)", host,
         settings.port);
  }
  impl.listener = std::thread([&impl] { impl.server.listen_after_bind(); });
  while (!impl.server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void HttpServer::stop() {
  impl_->stopping = true;
  impl_->server.stop();
  if (impl_->listener.joinable()) impl_->listener.join();
}

int HttpServer::port() const {
  return impl_->port;
}

}  // namespace evenflow::serve
