#include "evenflow/serve/lab.h"

#include <algorithm>
#include <chrono>
#include <semaphore>
#include <set>

#include "evenflow/base/text.h"
#include "evenflow/base/threads.h"
#include "evenflow/data.h"
#include "evenflow/format/format.h"
#include "evenflow/model/activation_function.h"
#include "evenflow/model/initializer_type.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/optimizer_type.h"
#include "evenflow/report.h"
#include "evenflow/report/keras_code.h"

namespace evenflow::serve {
namespace {

struct Limits {
  const char* name;
  double least;
  double most;
  double standard;
};

// What one core probes in some ten milliseconds.
constexpr Limits kNumbers[] = {{"depth", 1, 60, 20},
                               {"width", 2, 256, 32},
                               {"weight_variance", 0.05, 20, 1},
                               {"learning_rate", 1e-5, 10, 0.1},
                               {"threshold", 1e-3, 100, 1},
                               {"samples", 32, 5000, 500},
                               {"batch_size", 1, 512, 32},
                               {"epochs", 1, 1000, 60},
                               {"seed", 0, 1e9, 1}};

// Lists of names; the first of each is the default.
const std::vector<std::string> kNormalizations{"none", "batch", "layer"};
const std::vector<std::string> kClippings{"none", "clipnorm", "global_clipnorm", "clipvalue"};
const std::vector<std::string> kData{"circles", "moons", "spirals"};

std::vector<std::string> activations() {
  std::vector<std::string> names{"sigmoid"};
  for (const ActivationFunction* function : all_activations()) {
    if (function->id != names.front()) names.emplace_back(function->id);
  }
  return names;
}

std::vector<std::string> initializers() {
  std::vector<std::string> names{"glorot_uniform"};
  // Those that make no rectangular matrix, are for biases, or need a number that the page does not ask for.
  const std::set<std::string> left_out{"identity", "constant", "unit_forget_bias", names.front()};
  for (const InitializerType* type : all_initializers()) {
    const std::string name = split(type->alias, ' ').front();
    if (!left_out.contains(name)) names.push_back(name);
  }
  return names;
}

std::vector<std::string> optimizers() {
  std::vector<std::string> names{"sgd"};
  for (const OptimizerType* type : all_optimizers()) {
    const std::string name = lower(type->id);
    if (name != names.front()) names.push_back(name);
  }
  return names;
}

const Limits& limits_of(const std::string& name) {
  return *std::find_if(std::begin(kNumbers), std::end(kNumbers), [&](const Limits& one) { return name == one.name; });
}

double number_of(const HttpRequest& request, const std::string& name) {
  const Limits& limits = limits_of(name);
  if (!request.has(name)) return limits.standard;
  const double value = parse_number(request.get(name), name);
  if (!(value >= limits.least && value <= limits.most)) {
    fail(ErrorKind::usage, "{} is {}; the lab takes {} to {}", name, value, limits.least, limits.most);
  }
  return value;
}

std::string choice_of(const HttpRequest& request, const std::string& name, const std::vector<std::string>& choices) {
  if (!request.has(name)) return choices.front();
  const std::string value = request.get(name);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  const std::string near = nearest(value, choices);
  fail(ErrorKind::usage, "the lab knows no {} '{}'; {}", name, printable(value),
       near.empty() ? "known are " + join(choices) : "did you mean '" + near + "'?");
}

Item optimizer_of(const HttpRequest& request) {
  Item optimizer = choose_optimizer(choice_of(request, "optimizer", optimizers()));
  optimizer.config["learning_rate"] = number_of(request, "learning_rate");
  const std::string clipping = choice_of(request, "clipping", kClippings);
  const double threshold = number_of(request, "threshold");
  if (clipping != "none") optimizer.config[clipping] = threshold;
  return choose_optimizer(Json{{"class_name", optimizer.type}, {"config", optimizer.config}});
}

// Holds one of the semaphore's places.
class Turn {
 public:
  explicit Turn(std::counting_semaphore<>& places) : places_(places) { places_.acquire(); }
  ~Turn() { places_.release(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::counting_semaphore<>& places_;
};

std::string command_of(const LabState& state) {
  const StackedNetwork& n = state.network;
  std::string command = fmt::format("evenflow new lab.keras --input 2 --hidden {}x{} --activation {} --initializer {}",
                                    n.hidden.front(), n.hidden.size(), n.activation, n.initializer);
  if (n.initializer == "variance_scaling") command += fmt::format(" --weight-variance {}", n.weight_variance);
  if (!n.normalization.empty()) command += " --normalization " + n.normalization;
  if (n.residual) command += " --residual";
  command += fmt::format(" --output 1 --output-activation sigmoid --optimizer {} --learning-rate {}",
                         lower(state.optimizer.type), state.optimizer.config["learning_rate"].get<double>());
  for (const auto& [key, option] :
       {std::pair("clipnorm", "--clipnorm"), {"global_clipnorm", "--global-clipnorm"}, {"clipvalue", "--clipvalue"}}) {
    const auto found = state.optimizer.config.find(key);
    if (found != state.optimizer.config.end() && found->is_number()) {
      command += fmt::format(" {} {}", option, found->get<double>());
    }
  }
  return command + fmt::format(
                       " --seed {} && evenflow train lab.keras --data {} --epochs {} --batch-size {} --seed {} "
                       "--record lab.run",
                       state.seed, state.data, state.epochs, state.batch_size, state.seed);
}

std::string code_of(const LabState& state, const Model& model) {
  return fmt::format(
      "# The network of evenflow's lab, which trains it on {}.\n{}\n# x: (samples, 2), y: 0 or 1\n# model.fit(x, y, "
      "epochs={}, batch_size={})\n",
      state.data, keras_program(model), state.epochs, state.batch_size);
}

}  // namespace

Json lab_choices() {
  Json choices{{"activations", activations()}, {"initializers", initializers()}, {"normalizations", kNormalizations},
               {"clippings", kClippings},      {"optimizers", optimizers()},     {"data", kData}};
  Json defaults{{"activation", "sigmoid"}, {"initializer", "glorot_uniform"},
                {"normalization", "none"}, {"residual", false},
                {"clipping", "none"},      {"optimizer", "sgd"},
                {"data", "circles"}};
  Json limits;
  for (const Limits& one : kNumbers) {
    limits[one.name] = {one.least, one.most};
    defaults[one.name] = one.standard;
  }
  choices["limits"] = std::move(limits);
  choices["defaults"] = std::move(defaults);
  return choices;
}

LabState lab_state(const HttpRequest& request) {
  const auto whole = [&](const char* name) { return static_cast<std::int64_t>(number_of(request, name)); };
  LabState state;
  StackedNetwork& n = state.network;
  n.input = {2};
  n.hidden.assign(static_cast<std::size_t>(whole("depth")), whole("width"));
  n.activation = choice_of(request, "activation", activations());
  n.initializer = choice_of(request, "initializer", initializers());
  n.weight_variance = number_of(request, "weight_variance");
  const std::string normalization = choice_of(request, "normalization", kNormalizations);
  if (normalization != "none") n.normalization = normalization + "_normalization";
  const std::string residual = request.get("residual");
  n.residual = residual == "1" || residual == "true";
  n.output_activation = "sigmoid";
  state.optimizer = optimizer_of(request);
  state.seed = static_cast<std::uint64_t>(whole("seed"));
  state.data = fmt::format("{}:samples={},seed={}", choice_of(request, "data", kData), whole("samples"), state.seed);
  state.batch_size = static_cast<int>(whole("batch_size"));
  state.epochs = static_cast<int>(whole("epochs"));
  return state;
}

SavedModel lab_model(const LabState& state) {
  SavedModel saved{.model = stacked_network(state.network)};
  saved.model.name = "lab";
  saved.model.compile = CompileSettings{
      .optimizer = state.optimizer, .loss = choose_loss("binary_crossentropy"), .metrics = {{.type = "accuracy"}}};
  saved.weights = initialize(saved.model, state.seed);
  return saved;
}

Json lab_probe(const LabState& state) {
  // Many readers move sliders: as many probes at a time as there are cores, each on one.
  static std::counting_semaphore<> cores(threads());
  const Turn turn(cores);
  set_threads(1);
  const auto start = std::chrono::steady_clock::now();
  const SavedModel saved = lab_model(state);
  const Dataset data = fit_to_model(load_data(state.data), saved.model);
  const Trace trace = probe(saved, {.data = &data, .batch_size = 32, .batches = 2, .seed = state.seed});
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  return {{"check", check_json(trace, examine(trace))}, {"milliseconds", spent.count()}};
}

HttpReply lab_export(const LabState& state, const std::string& as) {
  const SavedModel saved = lab_model(state);
  if (as == "code") return json_reply({{"code", code_of(state, saved.model)}});
  if (as == "command") return json_reply({{"command", command_of(state)}});
  if (as != "keras") fail(ErrorKind::usage, "as={}: give keras, code or command", printable(as));
  for (const Format* format : all_formats()) {
    if (format->id == "keras") {
      return {.body = format->write(saved), .type = "application/octet-stream", .file_name = "lab.keras"};
    }
  }
  fail(ErrorKind::internal, "there is no format keras");
}

}  // namespace evenflow::serve
