// Registry of commands: one file each in cli/commands.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace evenflow::cli {

// Options that every command takes.
struct Common {
  bool quiet = false;
  bool color = false;     // the terminal wants it (NO_COLOR, TERM, --no-color)
  bool terminal = false;  // stderr is one: progress bars may be drawn
  int width = 100;
  int threads = 0;
  std::string command_line;  // as it was given
};

struct Command {
  std::string_view id;
  std::string_view summary;
  // Adds the command's options to its subcommand and returns what runs it: the exit code (0 or 1; errors are thrown).
  std::function<int()> (*setup)(CLI::App& app, const Common& common);
};

std::span<const Command* const> all_commands();

}  // namespace evenflow::cli
