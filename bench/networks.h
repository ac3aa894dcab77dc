// The benchmark networks. Their twins in PyTorch are in torch_step.py, under the same names.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenflow/model.h"
#include "evenflow/tensor.h"

namespace evenflow::bench {

struct Benchmark {
  std::string name;
  std::function<Model()> build;  // classifies: ends in softmax
  std::int64_t batch;
  int threads = 0;  // the number that is best on the machine of docs/performance.md; 0: all
};

std::vector<Benchmark> networks();

}  // namespace evenflow::bench
