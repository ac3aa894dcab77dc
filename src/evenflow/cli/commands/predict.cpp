// evenflow predict: a model's outputs for data, as CSV or .npy.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "evenflow/base/files.h"
#include "evenflow/base/text.h"
#include "evenflow/cli/command.h"
#include "evenflow/cli/model_file.h"
#include "evenflow/data.h"
#include "evenflow/train.h"

namespace evenflow::cli::commands {
namespace {

struct Options {
  ModelFile file;
  std::string data;
  std::string out = "-";
  int batch_size = 32;
  bool classes = false;
};

// A header line, then a line per sample; numbers round-trip.
std::string csv(const Tensor& predictions) {
  const std::int64_t samples = predictions.shape()[0];
  const std::int64_t width = predictions.count() / samples;
  std::string text;
  for (std::int64_t j = 0; j < width; ++j) text += fmt::format("{}output_{}", j == 0 ? "" : ",", j);
  text += '\n';
  for (std::int64_t i = 0; i < samples; ++i) {
    for (std::int64_t j = 0; j < width; ++j) text += fmt::format("{}{}", j == 0 ? "" : ",", predictions[i * width + j]);
    text += '\n';
  }
  return text;
}

// The class of each sample: the largest output, or whether the only output is above one half.
Tensor classes(const Tensor& predictions) {
  const std::int64_t width = predictions.shape().back();
  const std::int64_t rows = predictions.count() / width;
  Tensor result(Shape{rows, 1});
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* row = predictions.data() + i * width;
    result[i] =
        width == 1 ? (row[0] > 0.5f ? 1.0f : 0.0f) : static_cast<float>(std::max_element(row, row + width) - row);
  }
  return result;
}

int run(const Options& o, const Common& common) {
  SavedModel saved = load(o.file);
  Dataset data = load_data(o.data);
  data.y = data.x_test = data.y_test = Tensor();  // only the inputs matter here
  std::vector<std::string> notes;
  data = fit_to_model(std::move(data), saved.model, &notes);
  if (!common.quiet) {
    for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  }
  Network network(std::move(saved));
  Tensor predictions = network.predict(data.x, o.batch_size);
  if (o.classes) predictions = classes(predictions);
  if (o.out == "-") {
    fmt::print("{}", csv(predictions));
  } else if (o.out.ends_with(".npy")) {
    write_file(o.out, npy_bytes(predictions));
  } else if (o.out.ends_with(".csv")) {
    write_file(o.out, csv(predictions));
  } else {
    fail(ErrorKind::usage, "-o {}: the ending must be .csv or .npy", o.out);
  }
  return 0;
}

std::function<int()> setup(CLI::App& app, const Common& common) {
  auto o = std::make_shared<Options>();
  add_model_file(app, o->file);
  app.add_option("--data", o->data, "Data file or generated set; targets are ignored")->required();
  app.add_option("-o,--output", o->out, "File to write: .csv or .npy (default: CSV on the standard output)");
  app.add_option("--batch-size", o->batch_size, "Samples per step")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--classes", o->classes, "Write the class of each sample instead of the outputs");
  app.footer("Example: evenflow predict trained.keras --data points.npz -o predictions.npy");
  return [o, &common] { return run(*o, common); };
}

}  // namespace

extern const Command predict;
const Command predict{.id = "predict", .summary = "A model's outputs for data", .setup = setup};

}  // namespace evenflow::cli::commands
