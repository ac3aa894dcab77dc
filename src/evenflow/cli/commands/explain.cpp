// evenflow explain: a short lesson about a rule, an activation, an initializer or a clipping.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "evenflow/base/text.h"
#include "evenflow/cli/command.h"
#include "evenflow/format.h"
#include "evenflow/health.h"
#include "evenflow/health/lesson.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  std::string word;
  std::string model;
};

void list() {
  for (const Lesson& lesson : all_lessons()) fmt::print("{:26}{}\n", lesson.name, lesson.title());
}

// What the lesson's rule says about this model, or what the theory predicts for it.
void print_model(const Lesson& lesson, const std::string& path) {
  const SavedModel saved = load_model(path);
  const Trace trace = probe(saved, {});
  std::vector<std::string> silences;
  fmt::print("\nIn {}:\n", path);
  for (const Finding& finding : examine(trace, &silences)) {
    if (finding.rule == lesson.name) {
      fmt::print("{}\n", one_line(finding));
      for (const Finding::Number& n : finding.evidence) fmt::print("  {:28}{:.4g} {}\n", n.name, n.value, n.unit);
      return;
    }
  }
  for (const std::string& silence : silences) {
    if (silence.starts_with(std::string(lesson.name) + ": ")) {
      fmt::print("nothing found: {}\n", silence.substr(lesson.name.size() + 2));
      return;
    }
  }
  std::string id(lesson.name);
  std::replace(id.begin(), id.end(), '-', '_');
  bool any = false;
  for (const LayerTrace& layer : trace.layers) {
    if (layer.activation != id && layer.initializer != id) continue;
    any = true;
    fmt::print("{:24}signal {:.3g}  slope {:.3g}  gain {:.3g}\n", printable(layer.name),
               layer.second_moment.value_or(0), layer.mean_slope.value_or(1), layer.weight_gain.value_or(1));
  }
  if (!any) fmt::print("no layer has it, or it shows only in a training (evenflow diagnose)\n");
}

int run(const Options& o) {
  if (o.word.empty()) {
    list();
    return 0;
  }
  const Lesson& found = lesson(o.word);
  fmt::print("{}", found.text.substr(2));
  const std::string numbers = lesson_numbers(found);
  if (!numbers.empty()) fmt::print("\n{}", numbers);
  if (!o.model.empty()) print_model(found, o.model);
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common&) {
  auto o = std::make_shared<Options>();
  app.add_option("WORD", o->word, "A rule, activation, initializer or clipping; without it: the list");
  app.add_option("MODEL", o->model, "A model whose numbers are shown");
  app.footer("Example: evenflow explain vanishing-gradient deep.keras");
  return [o] { return run(*o); };
}

}  // namespace

extern const Command explain;
const Command explain{.id = "explain", .summary = "A short lesson, with this model's numbers", .setup = setup};

}  // namespace evenflow::cli::commands
