// evenflow serve: the live page.
#include <fmt/format.h>
#include <sys/random.h>
#include <CLI/CLI.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "evenflow/base/text.h"
#include "evenflow/cli/app.h"
#include "evenflow/cli/command.h"
#include "evenflow/serve/run_library.h"
#include "evenflow/serve/serve.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string folder = ".";
  serve::HttpSettings http;
};

std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    fail(ErrorKind::io, "the system gives no random bytes for a token; give one with --token");
  }
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

void check_token(const std::string& token) {
  constexpr std::size_t kShortest = 16;
  const bool plain =
      token.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == std::string::npos;
  if (token.size() < kShortest || !plain) {
    fail(ErrorKind::usage, "--token: at least {} letters, digits, - or _ (without --token one is made)", kShortest);
  }
}

int run(const Options& o, const Common&) {
  serve::HttpSettings http = o.http;
  if (!serve::is_loopback(http.host) && http.token.empty()) http.token = random_token();
  if (!http.token.empty()) check_token(http.token);
  serve::RunLibrary library(o.folder);
  serve::HttpServer server(http);
  serve::add_routes(server, library);
  server.start();
  const std::string host = http.host.find(':') == std::string::npos ? http.host : "[" + http.host + "]";
  fmt::print("serving {} at http://{}:{}/{}\n", o.folder, host, server.port(),
             http.token.empty() ? "" : "?token=" + http.token);
  fmt::print("Ctrl-C stops.\n");
  std::fflush(stdout);
  while (!interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  server.stop();
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  app.add_option("FOLDER", o->folder, "Folder with records of runs (evenflow train --record)")->capture_default_str();
  app.add_option("--port", o->http.port, "Port; 0 takes one that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option(
         "--host", o->http.host,
         "Address to listen at. Anything but the loopback interface lets others see the page; they need the token")
      ->capture_default_str();
  app.add_option("--token", o->http.token,
                 "Ask every browser for this token (default: one is made when --host needs it)");
  app.footer(
      "The page lists the runs, follows those that run, compares them, and has the lab.\n"
      "Example: evenflow train deep.keras --data circles --epochs 200 --record runs/deep.run &\n"
      "         evenflow serve runs");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command serve_page;
const Command serve_page{.id = "serve", .summary = "A live page of recorded runs, and a lab", .setup = setup};

}  // namespace evenflow::cli::commands
