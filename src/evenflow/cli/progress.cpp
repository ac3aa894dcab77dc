#include "evenflow/cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace evenflow::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kPlainLine{10};

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

template <class Logs>
std::string logs_text(const Logs& logs) {
  std::string text;
  for (const auto& [name, value] : logs) text += fmt::format("  {} {:.4g}", name, value);
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e7) return "?";
  const auto total = static_cast<long>(std::lround(seconds));
  if (total >= 3600) return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
  if (total >= 60) return fmt::format("{}m{:02}s", total / 60, total % 60);
  return fmt::format("{}s", total);
}

std::string Progress::bar(const StepReport& report, double seconds_left) const {
  const std::string head = fmt::format("epoch {:>{}}/{} ", report.epoch + 1, std::to_string(epochs_).size(), epochs_);
  const std::string tail = fmt::format(" {}/{}{}  |gradient| {:.3g}  {} left", report.step + 1, report.steps,
                                       logs_text(report.running), global_norm_, duration_text(seconds_left));
  const int room = std::clamp(width_ - 1 - static_cast<int>(head.size() + tail.size()), 0, 30);
  const int done = static_cast<int>(room * (report.step + 1) / std::max<std::int64_t>(report.steps, 1));
  std::string line = head;
  for (int i = 0; i < room; ++i) line += i < done ? "━" : "╌";
  // Cut by columns: head and tail are ASCII.
  if (static_cast<int>(head.size() + tail.size()) >= width_)
    return (head + tail).substr(0, static_cast<std::size_t>(width_ - 1));
  return line + tail;
}

void Progress::on_step(const StepReport& report) {
  const auto now = Clock::now();
  if (report.step == 0) {
    epoch_start_ = now;
    drawn_ = terminal_ ? Clock::time_point{} : now;
  }
  if (!report.parameters.empty()) global_norm_ = report.global_norm;
  const bool last = report.step + 1 == report.steps;
  if (now - drawn_ < (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kPlainLine)) && !(terminal_ && last))
    return;
  drawn_ = now;
  const double steps_done = static_cast<double>(report.step) + 1e-9;
  const double per_step = seconds(now - epoch_start_) / steps_done;
  const double steps_left =
      static_cast<double>(report.steps) * (epochs_ - report.epoch) - static_cast<double>(report.step + 1);
  const double left = report.step == 0 ? -1 : per_step * steps_left;
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", bar(report, left));
  } else {
    fmt::print(stderr, "epoch {}/{} step {}/{}{}  |gradient| {:.3g}  {} left\n", report.epoch + 1, epochs_,
               report.step + 1, report.steps, logs_text(report.running), global_norm_, duration_text(left));
  }
  std::fflush(stderr);
}

void Progress::on_epoch(const EpochReport& report) {
  fmt::print(stderr, "{}epoch {:>{}}/{}{}  |gradient| {:.3g}  {:.2f}s\n", terminal_ ? "\r\033[K" : "", report.epoch + 1,
             std::to_string(epochs_).size(), epochs_, logs_text(report.logs), global_norm_, report.seconds);
  std::fflush(stderr);
}

void StopWhenNotFinite::on_step(const StepReport& step) {
  if (std::isfinite(step.loss) || stop) return;
  report = step;
  report.parameters = {};
  report.running = {};
  stop = true;
}

}  // namespace evenflow::cli
