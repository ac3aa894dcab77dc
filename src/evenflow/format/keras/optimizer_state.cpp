#include "evenflow/format/keras/optimizer_state.h"

#include <string>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/model/optimizer_type.h"
#include "evenflow/model/optimizers/nadam_schedule.h"
#include "evenflow/model/optimizers/rule.h"

namespace evenflow::keras {
namespace {

struct Slot {
  std::string name;  // "dense/kernel/momentum"
  Shape shape;
};

std::vector<const ParameterInfo*> trainable(std::span<const ParameterInfo> parameters) {
  std::vector<const ParameterInfo*> result;
  for (const ParameterInfo& parameter : parameters) {
    if (parameter.trainable) result.push_back(&parameter);
  }
  return result;
}

// The slots in the order in which they are stored: what Keras keeps for every optimizer, slot by slot; then the rule's
// own, the first `interleaved` of them variable by variable, the others slot by slot.
std::vector<Slot> slot_order(const Item& optimizer, std::span<const ParameterInfo> parameters,
                             std::size_t interleaved) {
  const std::vector<const ParameterInfo*> variables = trainable(parameters);
  std::vector<Slot> slots;
  const auto add = [&](const ParameterInfo& variable, const UpdateSlot& slot) {
    slots.push_back({fmt::format("{}/{}", variable.name, slot.name), slot.shape(variable.shape)});
  };
  const auto add_to_all = [&](const UpdateSlot& slot) {
    for (const ParameterInfo* variable : variables) add(*variable, slot);
  };
  if (moving_average(optimizer)) add_to_all({"average"});
  if (accumulation_steps(optimizer) > 1) add_to_all({"gradient_accumulator"});
  const std::vector<UpdateSlot> own = optimizer_type(optimizer.type).rule(optimizer.config).slots;
  interleaved = std::min(interleaved, own.size());
  for (const ParameterInfo* variable : variables) {
    for (std::size_t i = 0; i < interleaved; ++i) add(*variable, own[i]);
  }
  for (std::size_t i = interleaved; i < own.size(); ++i) add_to_all(own[i]);
  return slots;
}

std::size_t interleaved_slots(const Item& optimizer) {
  return optimizer_type(optimizer.type).interleaved;
}

// The product of Nadam's momenta so far stands after the slots; here it follows from the iterations.
bool has_momentum_product(const Item& optimizer) {
  return optimizer.type == "Nadam";
}

bool has_rate_variable(const Item& optimizer) {
  const auto rate = optimizer.config.find("learning_rate");
  return rate == optimizer.config.end() || !rate->is_object();  // a schedule computes it anew
}

// Takes over `paths`, the first of which is the iteration count, when they fit the slots.
void take_state(const Hdf5Reader& file, const std::vector<std::string>& paths, const std::vector<Slot>& slots,
                SavedModel& saved) {
  const std::size_t before = paths.size() - slots.size();
  if (paths.size() < slots.size() || before < 1) return;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (file.shape(paths[before + i]) != slots[i].shape) return;
  }
  const std::int64_t iterations = file.integer(paths[0]);
  if (iterations < 0) return;
  saved.iterations = static_cast<std::uint64_t>(iterations);
  for (std::size_t i = 0; i < slots.size(); ++i)
    saved.optimizer_slots.set(slots[i].name, file.tensor(paths[before + i]));
}

}  // namespace

void read_archive_state(const Hdf5Reader& file, std::span<const ParameterInfo> parameters, SavedModel& saved) {
  if (!saved.model.compile || !file.has_group("optimizer/vars")) return;
  const Item& optimizer = saved.model.compile->optimizer;
  const std::vector<Slot> slots = slot_order(optimizer, parameters, interleaved_slots(optimizer));
  const std::size_t count = file.members("optimizer/vars").size();
  const std::size_t expected = slots.size() + (has_rate_variable(optimizer) ? 2 : 1);
  if (count != expected + (has_momentum_product(optimizer) ? 1 : 0)) return;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < expected; ++i) paths.push_back(fmt::format("optimizer/vars/{}", i));
  take_state(file, paths, slots, saved);
}

void read_legacy_state(const Hdf5Reader& file, std::span<const ParameterInfo> parameters, SavedModel& saved) {
  if (!saved.model.compile || !file.has_group("optimizer_weights")) return;
  const std::optional<std::vector<std::string>> names = file.texts("optimizer_weights", "weight_names");
  if (!names) return;
  std::vector<std::string> paths;
  for (const std::string& name : *names) paths.push_back("optimizer_weights/" + name);

  // Keras 3 stores what its archives store; tf.keras 2.11 and later the same without the learning rate; before that
  // each slot for all variables, one slot after the other.
  const Item& optimizer = saved.model.compile->optimizer;
  const KerasVersion version = saved.model.keras;
  const bool new_order = version.major >= 3 || version.minor >= 11;
  const std::vector<Slot> slots = slot_order(optimizer, parameters, new_order ? interleaved_slots(optimizer) : 0);
  const std::size_t extra = version.major >= 3 && has_rate_variable(optimizer) ? 2 : 1;
  if (paths.size() == slots.size() + extra) take_state(file, paths, slots, saved);
}

void write_archive_state(Hdf5Writer& file, std::span<const ParameterInfo> parameters, const SavedModel& saved) {
  if (!saved.model.compile) return;
  const Item& optimizer = saved.model.compile->optimizer;
  const std::vector<Slot> slots = slot_order(optimizer, parameters, interleaved_slots(optimizer));
  for (const Slot& slot : slots) {
    const Tensor* value = saved.optimizer_slots.find(slot.name);
    if (value == nullptr || value->shape() != slot.shape) return;
  }
  int next = 0;
  const auto path = [&] { return fmt::format("optimizer/vars/{}", next++); };
  file.integer(path(), static_cast<std::int64_t>(saved.iterations));
  if (has_rate_variable(optimizer)) {
    file.tensor(path(), Tensor(Shape(), static_cast<float>(learning_rate(optimizer, saved.iterations))));
  }
  for (const Slot& slot : slots) file.tensor(path(), *saved.optimizer_slots.find(slot.name));
  if (has_momentum_product(optimizer)) {
    optimizers::NadamSchedule schedule(optimizers::number(optimizer.config, "beta_1"),
                                       optimizers::number(optimizer.config, "keras2_schedule_decay"));
    const std::uint64_t updates = saved.iterations / static_cast<std::uint64_t>(accumulation_steps(optimizer));
    file.tensor(path(), Tensor(Shape(), static_cast<float>(schedule.product(updates))));
  }
}

}  // namespace evenflow::keras
