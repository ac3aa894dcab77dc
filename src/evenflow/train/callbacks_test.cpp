// fit with callbacks, class weights and sample weights against real Keras (tests/golden/fit.json), and what is special
// to each callback.
#include "evenflow/callbacks.h"

#include <gtest/gtest.h>

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/model/golden_test.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/optimizer_type.h"

namespace evenflow {
namespace {

class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      fmt::format("evenflow_{}_{}", testing::UnitTest::GetInstance()->current_test_info()->line(), getpid());
};

// The learning rate that each epoch was trained with.
class Rates : public Observer {
 public:
  void on_step(const StepReport& report) override {
    if (report.step == 0) rates.push_back(report.learning_rate);
  }
  std::vector<double> rates;
};

Tensor golden_target(const std::string& loss, std::int64_t samples, double s, const std::vector<int>& classes) {
  if (loss == "mean_squared_error") return golden_tensor({samples, 3}, s);
  const bool sparse = loss.starts_with("sparse");
  Tensor y(sparse ? Shape{samples} : Shape{samples, 3});
  for (std::int64_t i = 0; i < samples; ++i) {
    const int one = classes[static_cast<std::size_t>(i)];
    if (sparse) {
      y[i] = static_cast<float>(one);
    } else {
      y[3 * i + one] = 1;
    }
  }
  return y;
}

Network golden_network(const Json& golden) {
  Model model = sequential({Input{{4}}, Dense{5, "tanh"}, Dense{3, golden["activation"].get<std::string>()}});
  model.cross_entropy = CrossEntropyPath::clipped;
  model.compile = CompileSettings{.optimizer = choose_optimizer(golden["optimizer"]),
                                  .loss = choose_loss(golden["loss"]),
                                  .metrics = {{golden["metric"].get<std::string>()}}};
  Network net(std::move(model));
  std::size_t j = 0;
  for (const ParameterInfo& parameter : parameters(net.model()))
    net.weights().at(parameter.name) = golden_weight(parameter.variable, parameter.shape, j++, 0.8);
  return net;
}

Callback golden_callback(const Json& callback) {
  const std::string kind = callback["class_name"];
  const Json& c = callback["config"];
  if (kind == "EarlyStopping") {
    EarlyStopping settings{.monitor = c.value("monitor", "val_loss"),
                           .min_delta = c.value("min_delta", 0.0),
                           .patience = c.value("patience", 0),
                           .mode = c.value("mode", "auto"),
                           .restore_best_weights = c.value("restore_best_weights", false),
                           .start_from_epoch = c.value("start_from_epoch", 0)};
    if (c.contains("baseline")) settings.baseline = c["baseline"].get<double>();
    return settings;
  }
  if (kind == "ReduceLROnPlateau") {
    return ReduceLROnPlateau{.monitor = c.value("monitor", "val_loss"),
                             .factor = c.value("factor", 0.1),
                             .patience = c.value("patience", 10),
                             .min_delta = c.value("min_delta", 1e-4),
                             .cooldown = c.value("cooldown", 0),
                             .min_lr = c.value("min_lr", 0.0)};
  }
  return LearningRateScheduler{[](int epoch, double rate) { return epoch % 2 == 1 ? rate * 0.5 : rate + 0.1; }};
}

// Relative to the largest.
void expect_values(const std::vector<double>& values, const Json& golden, double tolerance, const char* what) {
  ASSERT_EQ(values.size(), golden.size()) << what;
  double largest = 0.1;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], golden[i].get<double>(), tolerance * largest) << what << " " << i;
}

std::vector<double> logs_of(const History& history, const std::string& name) {
  std::vector<double> values;
  for (const EpochReport& epoch : history.epochs) {
    for (const auto& [key, value] : epoch.logs) {
      if (key == name) values.push_back(value);
    }
  }
  return values;
}

std::vector<Json> golden_fits() {
  const Json runs = read_golden("fit.json");
  return {runs.begin(), runs.end()};
}

class GoldenFit : public testing::TestWithParam<Json> {};

TEST_P(GoldenFit, AgreesWithKeras) {
  const Json& golden = GetParam();
  const std::string loss = golden["loss"];
  Network net = golden_network(golden);
  std::vector<int> classes;
  for (int i = 0; i < 12; ++i) classes.push_back(i * i % 3);
  const Tensor x = golden_tensor({12, 4}, 0);
  const Tensor y = golden_target(loss, 12, 7, classes);
  const Tensor x_validation = golden_tensor({6, 4}, 2);
  const Tensor y_validation = golden_target(loss, 6, 9, {0, 1, 2, 0, 1, 2});
  Tensor sample_weight = golden_tensor({12}, 5);
  for (float& w : sample_weight.values()) w = std::abs(w);
  const Folder folder;

  Rates rates;
  FitOptions options{.epochs = golden["epochs"],
                     .batch_size = 5,
                     .x_validation = {&x_validation, 1},
                     .y_validation = {&y_validation, 1},
                     .shuffle = false,
                     .initial_epoch = golden["arguments"].value("initial_epoch", 0),
                     .callbacks = {CSVLogger{folder / "log.csv"}},
                     .observers = {&rates}};
  if (golden["arguments"].contains("sample_weight")) options.sample_weight = {&sample_weight, 1};
  if (golden["arguments"].contains("class_weight")) {
    for (const auto& [key, weight] : golden["arguments"]["class_weight"].items())
      options.class_weight[std::stoi(key)] = weight.get<double>();
  }
  for (const Json& callback : golden["callbacks"]) options.callbacks.push_back(golden_callback(callback));
  const History history = net.fit(x, y, options);

  expect_values(logs_of(history, "loss"), golden["losses"], 1e-4, "loss");
  expect_values(logs_of(history, "val_loss"), golden["val_losses"], 1e-4, "val_loss");
  expect_values(logs_of(history, golden["metric"]), golden["metrics"], 1e-4, "metric");
  expect_values(rates.rates, golden["rates"], 1e-6, "learning rate");
  std::size_t j = 0;
  for (const ParameterInfo& parameter : parameters(net.model()))
    expect_values(numbers(net.weights().at(parameter.name)), golden["weights"][j++], 2e-4, parameter.name.c_str());
  const std::string log = read_file(folder / "log.csv");
  const std::string header = golden["csv_header"];
  EXPECT_EQ(log.substr(0, header.size()), header);
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), static_cast<std::ptrdiff_t>(history.epochs.size() + 1));
}

INSTANTIATE_TEST_SUITE_P(Keras, GoldenFit, testing::ValuesIn(golden_fits()),
                         [](const testing::TestParamInfo<Json>& run) {
                           std::string name = run.param["name"];
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

// ---- What golden runs do not show -------------------------------------------------------------------------------

struct Data {
  Tensor x = golden_tensor({8, 4}, 0);
  Tensor y = golden_tensor({8, 3}, 7);
};

Network small_network(const Item& optimizer = SGD{.learning_rate = 0.1}) {
  Network net(sequential({Input{{4}}, Dense{5, "tanh"}, Dense{3}}));
  net.compile({.optimizer = optimizer, .loss = "mse"});
  return net;
}

std::string fit_error(const Callback& callback, const Item& optimizer = SGD{}) {
  return error_of([&] {
    const Data data;
    small_network(optimizer).fit(data.x, data.y, {.callbacks = {callback}});
  });
}

TEST(ModelCheckpoint, FillsInThePathAndMakesFolders) {
  const Folder folder;
  const Data data;
  Network net = small_network();
  net.fit(data.x, data.y,
          {.epochs = 2, .callbacks = {ModelCheckpoint{.filepath = folder / "a/{epoch:02d}-{loss:.1f}.keras"}}});
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "a")) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name.starts_with("01-") || name.starts_with("02-")) << name;
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST(ModelCheckpoint, EverySoManyStepsAcrossEpochs) {
  const Folder folder;
  const Data data;
  Network net = small_network();
  net.fit(data.x, data.y,
          {.epochs = 3,
           .batch_size = 4,
           .callbacks = {ModelCheckpoint{.filepath = folder / "{epoch}.{batch}.keras", .save_freq = 3}}});
  EXPECT_TRUE(std::filesystem::exists(folder / "2.1.keras"));
  EXPECT_TRUE(std::filesystem::exists(folder / "3.2.keras"));
  EXPECT_FALSE(std::filesystem::exists(folder / "3.1.keras"));
}

TEST(ModelCheckpoint, BestOnlyKeepsTheLowestLoss) {
  const Folder folder;
  const Data data;
  Network net = small_network();
  const std::string best = folder / "best.keras";
  // A rate that grows until the loss does.
  const History history =
      net.fit(data.x, data.y,
              {.epochs = 12,
               .callbacks = {LearningRateScheduler{[](int, double rate) { return rate * 1.6; }},
                             ModelCheckpoint{.filepath = best, .monitor = "loss", .save_best_only = true}}});
  const std::vector<double> losses = logs_of(history, "loss");
  const auto lowest = std::min_element(losses.begin(), losses.end());
  ASSERT_NE(lowest, losses.end() - 1) << "the case is too easy";
  const auto epochs = static_cast<std::uint64_t>(lowest - losses.begin()) + 1;
  EXPECT_EQ(Network::load(best).iterations(), epochs);
}

TEST(ModelCheckpoint, SaysWhatIsWrongWithThePath) {
  EXPECT_EQ(error_of([] { static_cast<void>(Callback(ModelCheckpoint{.filepath = "model.h5"})); }),
            "ModelCheckpoint: the path of models must end with .keras: 'model.h5' does not");
  EXPECT_NE(fit_error(ModelCheckpoint{.filepath = "{val_los:.2f}.keras"}).find("it may name epoch, loss"),
            std::string::npos);
}

TEST(Callbacks, MonitorALogThatExists) {
  EXPECT_EQ(fit_error(EarlyStopping{.patience = 1}),
            "EarlyStopping: there is no log 'val_loss'; there are loss. Logs with val_ want validation data");
  EXPECT_EQ(fit_error(EarlyStopping{.monitor = "val_acuracy"}),
            "EarlyStopping: the model logs no 'val_acuracy'; it cannot tell which values are better");
  EXPECT_EQ(error_of([] { static_cast<void>(Callback(ReduceLROnPlateau{.mode = "least"})); }),
            "ReduceLROnPlateau: mode must be min, max or auto, not 'least'");
}

TEST(Callbacks, AScheduleIsNotOverruled) {
  Item optimizer = SGD{};
  optimizer.config["learning_rate"] = {
      {"class_name", "ExponentialDecay"},
      {"config", {{"initial_learning_rate", 0.1}, {"decay_steps", 10}, {"decay_rate", 0.5}}}};
  const char* message = "the learning rate follows the schedule ExponentialDecay: it cannot be set";
  EXPECT_EQ(fit_error(ReduceLROnPlateau{.monitor = "loss"}, optimizer), message);
  EXPECT_EQ(fit_error(LearningRateScheduler{[](int, double rate) { return rate; }}, optimizer), message);
}

TEST(TerminateOnNaN, EndsTheEpochAfterTheStep) {
  Data data;
  data.x[20] = std::numeric_limits<float>::quiet_NaN();  // sample 5, the second batch
  Network net = small_network();
  const History history =
      net.fit(data.x, data.y, {.epochs = 9, .batch_size = 4, .shuffle = false, .callbacks = {TerminateOnNaN{}}});
  EXPECT_EQ(history.epochs.size(), 1u);
  EXPECT_TRUE(history.stopped);
  EXPECT_EQ(net.iterations(), 2u);
}

TEST(CSVLogger, HasNoNumbersWithoutValidationAndAppends) {
  const Folder folder;
  const Data data;
  Network net = small_network();
  const std::string log = folder / "log.csv";
  net.fit(data.x, data.y, {.epochs = 1, .callbacks = {CSVLogger{log, ';'}}});
  net.fit(data.x, data.y, {.epochs = 2, .initial_epoch = 1, .callbacks = {CSVLogger{log, ';', true}}});
  const std::string text = read_file(log);
  EXPECT_TRUE(text.starts_with("epoch;loss;val_loss\r\n0;")) << text;
  EXPECT_NE(text.find(";NA\r\n1;"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(ClassWeights, BalanceTheClasses) {
  EXPECT_EQ(balanced_class_weights(Tensor({4}, {0, 2, 2, 2})), (std::map<int, double>{{0, 2.0}, {2, 4.0 / 6}}));
  EXPECT_EQ(balanced_class_weights(Tensor({3, 2}, {1, 0, 0, 1, 1, 0})), (std::map<int, double>{{0, 0.75}, {1, 1.5}}));
  const Data data;
  Network net = small_network();
  const Tensor weights(Shape{8}, 1.0f);
  EXPECT_EQ(error_of([&] {
              net.fit(data.x, data.y, {.sample_weight = {&weights, 1}, .class_weight = {{0, 2.0}}});
            }),
            "class weights and sample weights cannot both be given");
}

}  // namespace
}  // namespace evenflow
