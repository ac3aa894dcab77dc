#include "evenflow/train/record/event_recorder.h"

#include <cmath>
#include <string>
#include <vector>

namespace evenflow {
namespace {

std::string tagged(std::string_view group, std::string_view name) {
  return std::string(group) + '/' + std::string(name);
}

}  // namespace

void EventRecorder::on_step(const StepReport& report) {
  step_ = static_cast<std::int64_t>(report.iteration);
  const auto scalar = [this](const std::string& tag, double value) {
    if (!std::isnan(value)) file_.scalar(step_, tag, value);
  };
  file_.scalar(step_, "batch/loss", report.loss);
  scalar("batch/learning_rate", report.learning_rate);
  if (!report.parameters.empty()) {
    // TensorBoard's logarithmic axis is none below 1: decades are logged as such.
    scalar("gradient/log10_global_norm", std::log10(report.global_norm));
    scalar("gradient/clip_factor", report.clip_factor);
  }
  for (const ParameterReport& p : report.parameters) {
    scalar(tagged("log10_gradient_norm", p.name), std::log10(p.gradient_norm));
    scalar(tagged("log10_update_ratio", p.name), std::log10(p.update_ratio));
    if (p.non_finite > 0) scalar(tagged("non_finite", p.name), p.non_finite);
  }
  for (const LayerReport& layer : report.layers) {
    scalar(tagged("log10_output_gradient", layer.name), std::log10(layer.gradient_norm));
    scalar(tagged("second_moment", layer.name), layer.second_moment);
    scalar(tagged("saturated", layer.name), layer.saturated);
    scalar(tagged("dead", layer.name), layer.dead);
  }
  if (histograms_of_ != report.epoch) histograms(report);
  const auto now = std::chrono::steady_clock::now();
  if (now - flushed_ < std::chrono::seconds(2)) return;
  file_.flush();
  flushed_ = now;
}

void EventRecorder::histograms(const StepReport& report) {
  for (const ParameterReport& p : report.parameters) {
    if (p.exponents.empty()) return;
    histograms_of_ = report.epoch;
    std::vector<tensorboard::Bucket> buckets;
    for (int bin = 0; bin < kExponentBins - 1; ++bin) {
      const double count = p.exponents[static_cast<std::size_t>(bin)];
      const double left = bin - kExponentBias;
      if (count > 0 || !buckets.empty()) buckets.push_back({left, left + 1, count});
    }
    while (!buckets.empty() && buckets.back().count == 0) buckets.pop_back();
    file_.histogram(step_, tagged("gradient_log2", p.name), "log2 of the gradient's absolute values; zeros left out",
                    buckets);
  }
}

void EventRecorder::on_epoch(const EpochReport& report) {
  for (const auto& [name, value] : report.logs) file_.scalar(step_, tagged("epoch", name), value);
  file_.flush();
}

}  // namespace evenflow
