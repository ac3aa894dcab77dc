// 10,000 real handwritten digits, 8,000 to learn from and 2,000 to test on: a dense network and a small convolutional
// one.
//
//   mnist FOLDER     where t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz are
#include <cstdio>
#include <filesystem>
#include <string>

#include "evenflow/data.h"
#include "evenflow/train.h"

namespace ef = evenflow;

namespace {

class PrintEpochs : public ef::Observer {
 public:
  void on_epoch(const ef::EpochReport& report) override {
    std::printf("  epoch %d/%d %5.1fs", report.epoch + 1, report.epochs, report.seconds);
    for (const auto& [name, value] : report.logs) std::printf("  %s %.4f", name.c_str(), value);
    std::printf("\n");
  }
};

// Trains and returns the accuracy on the test part.
double accuracy(const char* what, ef::Sequential model, const ef::Split& digits, int epochs) {
  std::printf("%s\n", what);
  model.compile({.optimizer = ef::Adam{}, .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  PrintEpochs print;
  model.fit(digits.x, digits.y, {.epochs = epochs, .batch_size = 64, .seed = 1, .observers = {&print}});
  const double result = model.evaluate(digits.x_validation, digits.y_validation).metric("accuracy");
  std::printf("  test accuracy %.4f\n", result);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path images = std::filesystem::path(argc > 1 ? argv[1] : ".") / "t10k-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(images)) {
    std::printf("skipped: %s is not there\n", images.c_str());
    return 77;
  }
  const ef::Dataset data = ef::load_data(images.string());
  const std::int64_t samples = data.samples();
  const ef::Split digits =
      ef::split_validation(data.x.reshaped({samples, 28, 28, 1}), data.y.reshaped({samples, 1}), 0.2);

  const double dense =
      accuracy("dense, 784-256-128-10",
               ef::Sequential({ef::Input{{28, 28, 1}}, ef::Flatten{},
                               ef::Dense{.units = 256, .activation = "relu", .kernel_initializer = "he_normal"},
                               ef::Dense{.units = 128, .activation = "relu", .kernel_initializer = "he_normal"},
                               ef::Dense{.units = 10, .activation = "softmax"}}),
               digits, 10);
  const double convolutional = accuracy(
      "convolutional, 32 and 64 3x3 filters",
      ef::Sequential(
          {ef::Input{{28, 28, 1}},
           ef::Conv2D{.filters = 32, .kernel_size = {3}, .activation = "relu", .kernel_initializer = "he_normal"},
           ef::MaxPooling2D{},
           ef::Conv2D{.filters = 64, .kernel_size = {3}, .activation = "relu", .kernel_initializer = "he_normal"},
           ef::MaxPooling2D{}, ef::Flatten{},
           ef::Dense{.units = 128, .activation = "relu", .kernel_initializer = "he_normal"}, ef::Dropout{0.3},
           ef::Dense{.units = 10, .activation = "softmax"}}),
      digits, 10);
  return dense >= 0.95 && convolutional >= 0.98 ? 0 : 1;
}
