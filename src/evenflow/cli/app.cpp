#include "evenflow/cli/app.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/base/threads.h"
#include "evenflow/cli/command.h"

namespace evenflow::cli {
namespace {

std::atomic<bool> g_interrupted{false};

void on_signal(int signal) {
  if (g_interrupted.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

bool set_and_not_empty(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool wants_color(bool no_color) {
  const char* term = std::getenv("TERM");
  return !no_color && !set_and_not_empty("NO_COLOR") && isatty(STDOUT_FILENO) != 0 &&
         (term == nullptr || std::string_view(term) != "dumb");
}

int columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

int complain(std::string_view message, int code) {
  fmt::print(stderr, "evenflow: {}\n", printable(message));
  return code;
}

// CLI11 only says that a subcommand is missing when the first word is not one.
void require_known_command(int argc, const char* const* argv) {
  if (argc < 2 || *argv[1] == '-') return;
  std::vector<std::string> names;
  for (const Command* command : all_commands()) names.emplace_back(command->id);
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return;
  const std::string near = nearest(argv[1], names);
  fail(ErrorKind::usage, "there is no command '{}'{}", argv[1],
       near.empty() ? "; evenflow --help lists them" : fmt::format("; did you mean '{}'?", near));
}

}  // namespace

const std::atomic<bool>& interrupted() {
  return g_interrupted;
}

int run(int argc, const char* const* argv) {
  CLI::App app{"Finds, explains and cures vanishing and exploding gradients.", "evenflow"};
  app.set_version_flag("-V,--version", "evenflow " EVENFLOW_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  app.footer(
      "Try: evenflow new deep.keras --input 64 --hidden 128x29 --activation sigmoid --output 10\n"
      "     evenflow check deep.keras\n\n"
      "Exit codes: 0 fine, 1 findings at or above --fail-on, 2 wrong usage or bad input, 3 internal fault,\n"
      "130 interrupted.");

  Common common;
  for (int i = 0; i < argc; ++i) common.command_line += (i == 0 ? "" : " ") + std::string(argv[i]);
  bool no_color = false;
  std::vector<std::pair<CLI::App*, std::function<int()>>> commands;
  for (const Command* command : all_commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command->id), std::string(command->summary));
    commands.emplace_back(sub, command->setup(*sub, common));
    sub->add_flag("-q,--quiet", common.quiet, "Print results only: no progress, no notes")->group("Common");
    sub->add_option("--threads", common.threads, "Threads to use (default: one per core)")
        ->check(CLI::Range(1, 1024))
        ->group("Common");
    sub->add_flag("--no-color", no_color, "No colours (also: NO_COLOR, TERM=dumb, output not a terminal)")
        ->group("Common");
  }
  try {
    require_known_command(argc, argv);
    app.parse(argc, argv);
    common.color = wants_color(no_color);
    common.terminal = isatty(STDERR_FILENO) != 0;
    common.width = columns();
    set_threads(common.threads);
    g_interrupted = false;
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes: an error of the write, not the end of the program
    for (const auto& [sub, action] : commands) {
      if (sub->parsed()) return action();
    }
    return 3;  // require_subcommand leaves no way here
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const Error& error) {
    return complain(error.what(), error.kind() == ErrorKind::internal ? 3 : 2);
  } catch (const std::bad_alloc&) {
    return complain("out of memory: try a smaller --batch-size", 2);
  } catch (const std::exception& error) {
    return complain(fmt::format("internal fault: {}", error.what()), 3);
  }
}

}  // namespace evenflow::cli
