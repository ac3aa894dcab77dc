// A training step allocates nothing. operator new is replaced in this program and counts, telling our own calls from
// those that oneDNN makes inside of its functions by the library that calls.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "evenflow/base/random.h"
#include "evenflow/model.h"
#include "evenflow/model/loss_function.h"
#include "evenflow/model/optimizer_type.h"
#include "evenflow/train/programs.h"

namespace {

std::atomic<bool> g_counting{false};
std::atomic<int> g_ours{0};
std::atomic<int> g_library{0};

bool called_by_library(void* caller) {
  Dl_info info{};
  return dladdr(caller, &info) != 0 && info.dli_fname != nullptr && std::strstr(info.dli_fname, "libdnnl") != nullptr;
}

[[maybe_unused]] void* counted(std::size_t size, std::size_t alignment, void* caller) {
  if (g_counting) ++(called_by_library(caller) ? g_library : g_ours);
  const std::size_t rounded = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The sanitizers replace these themselves and check that the pairs match.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCounts = false;
#else
constexpr bool kCounts = true;
void* operator new(std::size_t size) {
  return counted(size, alignof(std::max_align_t), __builtin_return_address(0));
}
void* operator new[](std::size_t size) {
  return counted(size, alignof(std::max_align_t), __builtin_return_address(0));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif

namespace evenflow {
namespace {

struct Counts {
  int ours;
  int library;
};

// Over ten steps after a few to warm up.
Counts allocations(Model model, const Shape& sample_target, const char* loss, const Item& optimizer) {
  model.compile =
      CompileSettings{.optimizer = choose_optimizer(Json{{"class_name", optimizer.type}, {"config", optimizer.config}}),
                      .loss = choose_loss(loss)};
  TrainingState state{.weights = initialize(model, 1)};
  StepProgram program(model, state, {.batch = 16, .samples = {input_shape(model)}, .targets = {sample_target}},
                      StatisticsLevel::full, 1);
  Random random(3);
  for (std::int64_t i = 0; i < 16 * input_shape(model).count(); ++i)
    program.x()[i] = static_cast<float>(random.normal());
  for (int i = 0; i < 3; ++i) program.run(0.001);
  g_ours = g_library = 0;
  g_counting = true;
  for (int i = 0; i < 10; ++i) program.run(0.001);
  g_counting = false;
  return {g_ours, g_library};
}

TEST(Allocations, TheCounterCounts) {
  if (!kCounts) GTEST_SKIP() << "a sanitizer replaces operator new";
  g_ours = 0;
  g_counting = true;
  delete new int(1);
  g_counting = false;
  EXPECT_EQ(g_ours, 1);
}

TEST(Allocations, NoneInAStepOfADenseNetwork) {
  if (!kCounts) GTEST_SKIP() << "a sanitizer replaces operator new";
  const Model model =
      sequential({Input{{20}}, Dense{.units = 32, .activation = "gelu"}, BatchNormalization{}, Dropout{0.2},
                  Dense{.units = 300, .activation = "tanh"}, Dense{.units = 4, .activation = "softmax"}});
  const Counts counts = allocations(model, {4}, "categorical_crossentropy", Adam{.global_clipnorm = 1.0});
  EXPECT_EQ(counts.ours, 0);
  RecordProperty("allocations_inside_onednn", counts.library);
}

TEST(Allocations, NoneInAStepOfAConvolutionalNetwork) {
  if (!kCounts) GTEST_SKIP() << "a sanitizer replaces operator new";
  const Model model =
      sequential({Input{{12, 12, 3}}, Conv2D{.filters = 8, .kernel_size = {3}, .padding = "same", .activation = "relu"},
                  MaxPooling2D{}, layer("AveragePooling2D", {{"pool_size", 2}}), Flatten{}, Dense{.units = 1}});
  const Counts counts = allocations(model, {1}, "mse", SGD{.learning_rate = 0.01, .momentum = 0.9, .clipnorm = 1.0});
  EXPECT_EQ(counts.ours, 0);
  RecordProperty("allocations_inside_onednn", counts.library);
}

}  // namespace
}  // namespace evenflow
