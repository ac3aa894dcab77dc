#include "evenflow/serve/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "evenflow/base/text.h"

namespace evenflow::serve {
namespace {

class HttpServerTest : public testing::Test {
 protected:
  void start(std::string token = "") {
    server_ = std::make_unique<HttpServer>(HttpSettings{.port = 0, .token = std::move(token)});
    server_->get("/", [](const HttpRequest&) { return HttpReply{.body = "page", .type = "text/html"}; });
    server_->get("/echo", [](const HttpRequest& request) { return json_reply({{"x", request.all("x")}}); });
    server_->get("/fails", [](const HttpRequest& request) -> HttpReply {
      if (request.get("kind") == "other") throw std::runtime_error("oh");
      fail(request.get("kind") == "io"         ? ErrorKind::io
           : request.get("kind") == "internal" ? ErrorKind::internal
                                               : ErrorKind::usage,
           "no \"x\"");
    });
    server_->stream("/count", [](const HttpRequest& request) -> HttpServer::Events {
      const std::int64_t most = parse_integer(request.get("to"), "to");
      return [most](EventStream& stream) {
        for (std::int64_t i = 1; i <= most && stream.send("number", i) && (i == most || stream.wait(1e-4)); ++i) {
        }
      };
    });
    server_->stream("/forever", [this](const HttpRequest&) -> HttpServer::Events {
      return [this](EventStream& stream) {
        ++listening_;
        stream.send("here", nullptr);
        while (stream.wait(60)) {
        }
        --listening_;
      };
    });
    server_->start();
  }

  httplib::Client client() const {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(10);
    return client;
  }

  // The beginning of what the server says to these bytes; without a whole line it says nothing.
  std::string raw(const std::string& bytes) const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_GE(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
    std::string answer(4096, '\0');
    const ssize_t got = bytes.find('\n') == std::string::npos ? 0 : ::recv(socket, answer.data(), answer.size(), 0);
    answer.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
    ::close(socket);
    return answer;
  }

  std::atomic<int> listening_{0};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersWithHeadersThatKeepThePageToItself) {
  start();
  auto to = client();
  const auto page = to.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body, "page");
  EXPECT_NE(page->get_header_value("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(to.Get("/echo?x=a%20b&x=2")->body, R"({"x":["a b","2"]})");
}

TEST_F(HttpServerTest, ErrorsAreAnswers) {
  start();
  auto to = client();
  const auto status = [&](const char* path) { return to.Get(path)->status; };
  EXPECT_EQ(status("/nothing"), 404);
  EXPECT_EQ(status("/../../etc/passwd"), 404);
  EXPECT_EQ(status("/fails?kind=usage"), 400);
  EXPECT_EQ(status("/fails?kind=io"), 404);
  EXPECT_EQ(status("/fails?kind=internal"), 500);
  EXPECT_EQ(status("/fails?kind=other"), 500);
  EXPECT_EQ(to.Get("/fails")->body, R"({"error":"no \"x\""})");
  EXPECT_EQ(status("/count?to=x"), 400);  // before the stream begins
  EXPECT_EQ(to.Post("/echo", "x=1", "text/plain")->status, 405);
  EXPECT_EQ(to.Delete("/echo")->status, 405);
}

TEST_F(HttpServerTest, WhatIsNoRequestIsRefused) {
  start();
  const std::string host = "Host: localhost\r\n";
  EXPECT_EQ(raw("garbage\r\n\r\n").find("HTTP/1.1 400"), 0u);
  EXPECT_EQ(raw("GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n").find("HTTP/1.1 4"), 0u);
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n").find("HTTP/1.1 4"), 0u);
  EXPECT_EQ(raw("POST /echo HTTP/1.1\r\n" + host + "Content-Length: 99999999999\r\n\r\n").find("HTTP/1.1 4"), 0u);
  raw(std::string(1000, '\0'));
  raw("");
  EXPECT_EQ(client().Get("/")->status, 200);
}

TEST_F(HttpServerTest, OnlyTheUsersOwnPagesAsk) {
  start();
  auto to = client();
  EXPECT_EQ(to.Get("/echo", {{"Host", "evil.example"}})->status, 403);
  EXPECT_EQ(to.Get("/echo", {{"Host", "127.0.0.1.evil.example"}})->status, 403);
  EXPECT_EQ(to.Get("/echo", {{"Host", "localhost:1"}})->status, 200);
  EXPECT_EQ(to.Get("/echo", {{"Sec-Fetch-Site", "cross-site"}})->status, 403);
  EXPECT_EQ(to.Get("/echo", {{"Sec-Fetch-Site", "same-origin"}})->status, 200);
}

TEST_F(HttpServerTest, ATokenIsAskedOnceAndThenACookie) {
  const std::string token = "0123456789abcdef";
  start(token);
  auto to = client();
  EXPECT_EQ(to.Get("/echo")->status, 401);
  EXPECT_EQ(to.Get("/")->status, 401);
  EXPECT_EQ(to.Get("/?token=0123456789abcdeX")->status, 401);
  EXPECT_EQ(to.Get("/echo?token=" + token)->status, 401);  // only the page takes it
  const auto first = to.Get("/?token=" + token);
  EXPECT_EQ(first->status, 302);
  EXPECT_EQ(first->get_header_value("Location"), "/");
  const std::string cookie = first->get_header_value("Set-Cookie");
  EXPECT_NE(cookie.find("HttpOnly; SameSite=Strict"), std::string::npos);
  const std::string pair = cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(to.Get("/echo", {{"Cookie", "a=b; " + pair}})->status, 200);
  EXPECT_EQ(to.Get("/echo", {{"Cookie", pair + "0"}})->status, 401);
}

TEST_F(HttpServerTest, EventsComeOneByOne) {
  start();
  auto to = client();
  const auto answer = to.Get("/count?to=3");
  EXPECT_EQ(answer->get_header_value("Content-Type"), "text/event-stream");
  EXPECT_EQ(answer->body, "event: number\ndata: 1\n\nevent: number\ndata: 2\n\nevent: number\ndata: 3\n\n");
}

TEST_F(HttpServerTest, FiftyBrowsersAtOnceThatStopWithTheServer) {
  start();
  constexpr int kBrowsers = 50;
  std::vector<std::thread> browsers;
  for (int i = 0; i < kBrowsers; ++i) {
    browsers.emplace_back([this] { client().Get("/forever"); });
  }
  while (listening_ < kBrowsers) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (int i = 0; i < kBrowsers; ++i) EXPECT_EQ(client().Get("/echo?x=1")->status, 200);
  server_->stop();
  for (std::thread& browser : browsers) browser.join();
  EXPECT_EQ(listening_, 0);
}

TEST_F(HttpServerTest, AReaderThatGoesEndsItsStream) {
  start();
  int events = 0;
  client().Get("/count?to=100000000", [&](const char*, std::size_t) { return ++events < 3; });
  EXPECT_EQ(events, 3);
  server_->stop();  // would wait for the stream
}

TEST_F(HttpServerTest, SaysThatAPortIsTaken) {
  start();
  HttpServer second({.port = server_->port()});
  EXPECT_THROW(second.start(), evenflow::Error);
}

}  // namespace
}  // namespace evenflow::serve
