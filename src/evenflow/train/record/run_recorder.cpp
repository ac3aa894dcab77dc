#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <mutex>
#include <thread>

#include "evenflow/base/text.h"
#include "evenflow/record.h"
#include "evenflow/train/record/record_writer.h"
#include "evenflow/train/record/step_queue.h"

namespace evenflow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kCommitEvery{1};
constexpr std::size_t kDetailBytes = std::size_t{64} << 20;  // that may wait for the writer
constexpr std::size_t kSteps = std::size_t{1} << 18;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string layer_of(std::string_view parameter) {
  return std::string(parameter.substr(0, parameter.rfind('/')));
}

// Rows that are few and never dropped.
struct Rows {
  std::vector<std::pair<std::string, std::string>> info;
  std::vector<EpochReport> epochs;
  std::vector<RunEvent> events;
  std::vector<std::pair<std::uint64_t, Json>> findings;
  std::vector<Flight> flights;
  struct Parameter {
    std::string name;
    std::int64_t elements;
  };
  std::vector<Parameter> parameters;
  std::vector<std::pair<std::string, std::string>> layers;  // name, type
};

// The reports' first sight of something that is not finite: the layer's name, or the parameter's.
std::string_view first_non_finite(const StepReport& report) {
  for (const LayerReport& layer : report.layers) {
    if (layer.non_finite > 0) return layer.name;
  }
  for (const ParameterReport& parameter : report.parameters) {
    if (parameter.non_finite > 0) return parameter.name;
  }
  return {};
}

}  // namespace

struct RunRecorder::Impl {
  Impl(const std::filesystem::path& path, RunDescription given)
      : description(std::move(given)), writer(path), queue(kDetailBytes, kSteps) {
    rows.info = {{"started", utc_now()},
                 {"data", description.data},
                 {"command", description.command},
                 {"statistics", std::string(to_string(description.statistics))},
                 {"statistics_interval", std::to_string(description.statistics_interval)},
                 {"process", std::to_string(getpid())},
                 {"outcome", "running"}};
    write_rows({});
    thread = std::thread([this] { work(); });
  }

  // ---- On the writing thread

  void work() {
    // Training comes first where there are few cores.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10);
    while (!stopping) {
      record::StepQueue::Steps steps = queue.take(kCommitEvery);
      write(steps);
      queue.recycle(std::move(steps));
    }
    write(queue.take(std::chrono::milliseconds(0)));
  }

  void write(const record::StepQueue::Steps& steps) {
    if (failed) return;
    try {
      write_rows(steps);
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex);
      failure = error.what();
      failed = true;
    }
  }

  void write_rows(const record::StepQueue::Steps& steps) {
    Rows taken;
    {
      const std::lock_guard lock(mutex);
      std::swap(taken, rows);
    }
    const record::StepQueue::Dropped dropped = queue.dropped();
    writer.begin();
    for (std::size_t i = 0; i < taken.parameters.size(); ++i) {
      const Rows::Parameter& p = taken.parameters[i];
      writer.parameter(i, p.name, layer_of(p.name), p.elements);
    }
    for (std::size_t i = 0; i < taken.layers.size(); ++i)
      writer.layer(i, taken.layers[i].first, taken.layers[i].second);
    for (const auto& step : steps) writer.step(*step);
    for (const EpochReport& epoch : taken.epochs) writer.epoch(epoch);
    for (const RunEvent& event : taken.events) writer.event(event);
    for (const auto& [iteration, finding] : taken.findings) writer.finding(iteration, finding);
    for (const Flight& flight : taken.flights) writer.flight(flight);
    for (const auto& [key, value] : taken.info) writer.info(key, value);
    if (dropped != written_dropped) {
      writer.info("dropped_details", std::to_string(dropped.details));
      writer.info("dropped_steps", std::to_string(dropped.steps));
      written_dropped = dropped;
    }
    writer.info("updated", utc_now());
    writer.commit();
  }

  // ---- On the training thread

  template <class Add>
  void with_rows(const Add& add) {
    const std::lock_guard lock(mutex);
    add(rows);
  }

  void describe(const StartReport& report) {
    model = &report.model;
    weights = &report.weights;
    Json settings{{"epochs", report.epochs},
                  {"batch_size", report.batch_size},
                  {"steps_per_epoch", report.steps},
                  {"samples", report.x.empty() ? 0 : report.x.front().shape()[0]}};
    with_rows([&](Rows& r) {
      r.info.emplace_back("model", to_json(report.model).dump());
      r.info.emplace_back("seed", std::to_string(report.seed));
      r.info.emplace_back("settings", settings.dump());
    });
  }

  // The tables of names, from the first report that has them.
  void name_tables(const StepReport& report) {
    if (!parameters_named && !report.parameters.empty()) {
      parameters_named = true;
      with_rows([&](Rows& r) {
        for (const ParameterReport& p : report.parameters) {
          const Tensor* tensor = weights == nullptr ? nullptr : weights->find(p.name);
          r.parameters.push_back({std::string(p.name), tensor == nullptr ? 0 : tensor->count()});
        }
      });
    }
    if (!layers_named && !report.layers.empty()) {
      layers_named = true;
      const Model flat = model == nullptr ? Model{} : flattened(*model);
      with_rows([&](Rows& r) {
        for (const LayerReport& layer : report.layers) {
          const Layer* found = flat.find(layer.name);
          r.layers.emplace_back(std::string(layer.name), found == nullptr ? std::string() : found->type);
        }
      });
    }
  }

  // What a step says of itself: the first time that clipping acts, and each time that numbers stop being finite.
  void note_events(const StepReport& report) {
    if (!report.parameters.empty()) ++measured_steps;
    if (report.clip_factor < 1) {
      if (clipped_steps++ == 0) {
        event({report.iteration, "clipping", "",
               fmt::format("clipping acts for the first time: gradients of norm {:.4g} are multiplied by {:.4g}",
                           report.global_norm, report.clip_factor)});
      }
    }
    const std::string_view where = first_non_finite(report);
    const bool finite = std::isfinite(report.loss) && where.empty();
    if (!finite && was_finite) {
      event({report.iteration, "non-finite", std::string(where),
             where.empty()
                 ? fmt::format("the loss is {}", report.loss)
                 : fmt::format("values that are not finite in '{}'; the loss is {:.4g}", where, report.loss)});
    }
    was_finite = finite;
  }

  void event(RunEvent event) {
    with_rows([&](Rows& r) { r.events.push_back(std::move(event)); });
  }

  void finish(std::string_view outcome) {
    if (!thread.joinable()) return;
    with_rows([&](Rows& r) {
      r.info.emplace_back("outcome", std::string(outcome));
      r.info.emplace_back("ended", utc_now());
      r.info.emplace_back("measured_steps", std::to_string(measured_steps));
      r.info.emplace_back("clipped_steps", std::to_string(clipped_steps));
    });
    stopping = true;
    queue.wake();
    thread.join();
    if (failed) return;
    try {
      writer.close_log();
    } catch (const Error&) {
      // Somebody reads: the log stays beside the file, which is as good.
    }
  }

  RunDescription description;
  record::RecordWriter writer;
  record::StepQueue queue;
  Clock::time_point start = Clock::now();

  mutable std::mutex mutex;  // of rows and failure
  Rows rows;
  std::string failure;
  std::atomic<bool> failed{false};
  std::atomic<bool> stopping{false};
  record::StepQueue::Dropped written_dropped;
  std::thread thread;

  const Model* model = nullptr;  // during fit
  const Weights* weights = nullptr;
  bool parameters_named = false;
  bool layers_named = false;
  bool was_finite = true;
  std::int64_t measured_steps = 0;
  std::int64_t clipped_steps = 0;
};

RunRecorder::RunRecorder(const std::filesystem::path& path, RunDescription description) {
  if (std::filesystem::exists(path)) {
    fail(ErrorKind::usage, "'{}' exists already: a record holds one run, give another name or remove it",
         path.string());
  }
  impl_ = std::make_unique<Impl>(path, std::move(description));
}

RunRecorder::~RunRecorder() {
  impl_->finish("aborted");
}

void RunRecorder::on_start(const StartReport& report) {
  impl_->describe(report);
}

void RunRecorder::on_step(const StepReport& report) {
  if (impl_->failed) return;
  impl_->name_tables(report);
  impl_->note_events(report);
  impl_->queue.add(report, std::chrono::duration<double>(Clock::now() - impl_->start).count());
}

void RunRecorder::on_heal(const HealReport& report) {
  add_event({report.iteration, "healed", "", report.trouble + ": " + report.action});
}

void RunRecorder::on_epoch(const EpochReport& report) {
  impl_->with_rows([&](Rows& r) { r.epochs.push_back(report); });
}

void RunRecorder::add_event(RunEvent event) {
  impl_->event(std::move(event));
}

void RunRecorder::add_finding(std::uint64_t iteration, Json finding) {
  impl_->with_rows([&](Rows& r) { r.findings.emplace_back(iteration, std::move(finding)); });
}

void RunRecorder::add_flight(Flight flight) {
  impl_->with_rows([&](Rows& r) { r.flights.push_back(std::move(flight)); });
}

void RunRecorder::add_details(const StepReport& report) {
  if (impl_->failed) return;
  impl_->name_tables(report);
  impl_->queue.add(report, std::chrono::duration<double>(Clock::now() - impl_->start).count());
}

void RunRecorder::finish(std::string_view outcome) {
  impl_->finish(outcome);
}

std::optional<std::string> RunRecorder::failure() const {
  if (!impl_->failed) return std::nullopt;
  const std::lock_guard lock(impl_->mutex);
  return impl_->failure;
}

}  // namespace evenflow
