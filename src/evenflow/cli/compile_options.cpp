#include "evenflow/cli/compile_options.h"

#include <CLI/CLI.hpp>

#include "evenflow/base/text.h"
#include "evenflow/model/activation_function.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow::cli {
namespace {

constexpr std::string_view kClippings[] = {"clipnorm", "global_clipnorm", "clipvalue"};

// "softmax", "sigmoid", ... of the layer that makes the model's output.
std::string output_activation(const Model& model) {
  const Layer* layer = model.find(model.outputs.front().layer);
  if (layer == nullptr) return "linear";
  if (layer->type == "Softmax") return "softmax";
  if (!layer->config.contains("activation")) return "linear";
  return std::string(choose_activation(layer->config["activation"], model.keras.major).name);
}

void set_number(Json& config, std::string_view key, const std::optional<double>& value) {
  if (value) config[std::string(key)] = *value;
}

}  // namespace

void add_compile_options(CLI::App& app, CompileOverrides& o) {
  const auto group = "Training settings (default: the model's own)";
  app.add_option("--loss", o.loss, "Loss, e.g. mse, categorical_crossentropy")->group(group);
  app.add_option("--optimizer", o.optimizer, "Optimizer, e.g. sgd, adam, rmsprop")->group(group);
  app.add_option("--metrics", o.metrics, "Metrics, e.g. accuracy,mae")->delimiter(',')->group(group);
  app.add_option("--learning-rate", o.learning_rate, "Learning rate")->check(CLI::NonNegativeNumber)->group(group);
  app.add_option("--momentum", o.momentum, "Momentum (SGD, RMSprop)")->check(CLI::Range(0.0, 1.0))->group(group);
  app.add_option("--weight-decay", o.weight_decay, "Decoupled weight decay")
      ->check(CLI::NonNegativeNumber)
      ->group(group);
  app.add_option("--gradient-accumulation", o.gradient_accumulation,
                 "Update once in so many steps, with their mean gradient")
      ->check(CLI::PositiveNumber)
      ->group(group);
  auto* norm = app.add_option("--clipnorm", o.clipnorm, "Clip each variable's gradient to this L2 norm")
                   ->check(CLI::PositiveNumber)
                   ->group(group);
  auto* global = app.add_option("--global-clipnorm", o.global_clipnorm, "Clip all gradients together to this L2 norm")
                     ->check(CLI::PositiveNumber)
                     ->group(group);
  auto* value = app.add_option("--clipvalue", o.clipvalue, "Clip each gradient element to [-V, V]")
                    ->check(CLI::PositiveNumber)
                    ->group(group);
  norm->excludes(global)->excludes(value);
  global->excludes(value);
}

std::string fitting_loss(const Model& model) {
  const std::string activation = output_activation(model);
  if (activation == "softmax") return "categorical_crossentropy";
  if (activation == "sigmoid" || activation == "hard_sigmoid") return "binary_crossentropy";
  return "mean_squared_error";
}

bool complete_compile(Model& model, const CompileOverrides& o, std::vector<std::string>& notes) {
  const bool compiled = model.compile.has_value();
  const Item before = compiled ? model.compile->optimizer : Item{};
  CompileSettings settings = compiled ? *model.compile : CompileSettings{.optimizer = choose_optimizer("adam")};

  if (!o.optimizer.empty()) {
    settings.optimizer = choose_optimizer(o.optimizer);
  } else if (!compiled) {
    notes.push_back("the file has no compile settings: assuming Adam(0.001) (--optimizer changes it)");
  }
  Json& config = settings.optimizer.config;
  set_number(config, "learning_rate", o.learning_rate);
  if (o.momentum && !config.contains("momentum")) {
    fail(ErrorKind::usage, "{} has no momentum: --momentum goes with sgd and rmsprop", settings.optimizer.type);
  }
  set_number(config, "momentum", o.momentum);
  set_number(config, "weight_decay", o.weight_decay);
  if (o.gradient_accumulation) {
    config["gradient_accumulation_steps"] = *o.gradient_accumulation > 1 ? Json(*o.gradient_accumulation) : Json();
  }
  if (o.clipnorm || o.global_clipnorm || o.clipvalue) {
    for (const std::string_view key : kClippings) config[std::string(key)] = nullptr;
    set_number(config, "clipnorm", o.clipnorm);
    set_number(config, "global_clipnorm", o.global_clipnorm);
    set_number(config, "clipvalue", o.clipvalue);
  }
  settings.optimizer = choose_optimizer(Json{{"class_name", settings.optimizer.type}, {"config", config}});

  if (!o.loss.empty()) {
    settings.loss = choose_loss(o.loss);
  } else if (!settings.has_loss()) {
    const std::string loss = fitting_loss(model);
    settings.loss = choose_loss(loss);
    notes.push_back(
        fmt::format("no loss is set: assuming {}, which fits the output activation (--loss changes it)", loss));
  }
  if (!o.metrics.empty()) {
    settings.metrics.clear();
    for (const std::string& metric : o.metrics) settings.metrics.push_back({.type = metric});
  } else if (!compiled && settings.loss.type.find("crossentropy") != std::string::npos) {
    settings.metrics.push_back({.type = "accuracy"});
  }
  const bool changed = compiled && !(before == settings.optimizer);
  model.compile = std::move(settings);
  return changed;
}

}  // namespace evenflow::cli
