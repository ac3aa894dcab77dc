#include "evenflow/format/keras/optimizer_state.h"

#include <string>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"
#include "evenflow/model/optimizer_type.h"

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

// The slots in the order in which they are stored: slot by slot, each for all variables; but the first `together` of
// them variable by variable.
std::vector<Slot> slot_order(const Item& optimizer, std::span<const ParameterInfo> parameters, std::size_t together) {
  const std::vector<std::string> names = optimizer_type(optimizer.type).slots(optimizer.config);
  const std::vector<const ParameterInfo*> variables = trainable(parameters);
  std::vector<Slot> slots;
  const auto add = [&](const ParameterInfo& variable, const std::string& name) {
    slots.push_back({variable.name + "/" + name, variable.shape});
  };
  together = std::min(together, names.size());
  for (const ParameterInfo* variable : variables) {
    for (std::size_t i = 0; i < together; ++i) add(*variable, names[i]);
  }
  for (std::size_t i = together; i < names.size(); ++i) {
    for (const ParameterInfo* variable : variables) add(*variable, names[i]);
  }
  return slots;
}

// Adam and its kin make both moments of a variable at once; the other optimizers one list after the other.
std::size_t stored_together(const Item& optimizer) {
  return optimizer.type.starts_with("Adam") ? 2 : 1;
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
  const std::vector<Slot> slots = slot_order(optimizer, parameters, stored_together(optimizer));
  const std::size_t count = file.members("optimizer/vars").size();
  if (count != slots.size() + (has_rate_variable(optimizer) ? 2 : 1)) return;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < count; ++i) paths.push_back(fmt::format("optimizer/vars/{}", i));
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
  const std::vector<Slot> slots = slot_order(optimizer, parameters, new_order ? stored_together(optimizer) : 0);
  const std::size_t extra = version.major >= 3 && has_rate_variable(optimizer) ? 2 : 1;
  if (paths.size() == slots.size() + extra) take_state(file, paths, slots, saved);
}

void write_archive_state(Hdf5Writer& file, std::span<const ParameterInfo> parameters, const SavedModel& saved) {
  if (!saved.model.compile) return;
  const Item& optimizer = saved.model.compile->optimizer;
  const std::vector<Slot> slots = slot_order(optimizer, parameters, stored_together(optimizer));
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
}

}  // namespace evenflow::keras
