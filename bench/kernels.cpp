// Single kernels: matrix products of the shapes that training meets, and the one-pass statistics.
#include <benchmark/benchmark.h>

#include <vector>

#include "evenflow/base/random.h"
#include "evenflow/tensor.h"
#include "evenflow/tensor/backend/backend.h"
#include "evenflow/tensor/kernels/statistics.h"

namespace {

using namespace evenflow;

Tensor random_tensor(std::int64_t count) {
  Tensor tensor(Shape{count});
  Random random(1);
  for (float& value : tensor.values()) value = static_cast<float>(random.normal());
  return tensor;
}

void matmul(benchmark::State& state, bool transpose_a, bool transpose_b) {
  const backend::MatmulShape shape{state.range(0), state.range(1), state.range(2), transpose_a, transpose_b};
  const backend::Plan plan = backend::plan_matmul(shape, {});
  const Tensor a = random_tensor(shape.m * shape.k);
  const Tensor b = random_tensor(shape.k * shape.n);
  Tensor c(Shape{shape.m * shape.n});
  const AlignedBytes scratch = allocate_aligned(plan.scratch_bytes + 64);
  for (auto _ : state) plan.run(a.data(), b.data(), nullptr, c.data(), scratch.get());
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * static_cast<double>(shape.m * shape.n * shape.k),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

void shapes(benchmark::internal::Benchmark* b) {
  b->Args({32, 32, 32})->Args({32, 64, 64})->Args({64, 256, 256})->Args({64, 256, 784})->Args({256, 1024, 1024});
}
BENCHMARK_CAPTURE(matmul, forward, false, false)->Apply(shapes);
BENCHMARK_CAPTURE(matmul, kernel_gradient, true, false)->Apply(shapes);
BENCHMARK_CAPTURE(matmul, input_gradient, false, true)->Apply(shapes);

void moments(benchmark::State& state) {
  const Tensor x = random_tensor(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(kernels::moments(x.data(), static_cast<std::size_t>(x.count())));
  state.SetBytesProcessed(state.iterations() * x.count() * 4);
}
BENCHMARK(moments)->Arg(1 << 10)->Arg(1 << 16)->Arg(1 << 20);

}  // namespace

BENCHMARK_MAIN();
