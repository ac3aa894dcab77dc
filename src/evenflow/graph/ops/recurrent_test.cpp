#include "evenflow/graph/ops/recurrent.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenflow/base/threads.h"
#include "evenflow/graph/ops/operator_check_test.h"
#include "evenflow/graph/ops/ops.h"

namespace evenflow::ops {
namespace {

template <double (*F)(double)>
void forward(const float* x, float* y, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) y[i] = static_cast<float>(F(static_cast<double>(x[i])));
}

double tanh_of(double x) {
  return std::tanh(x);
}
double sigmoid_of(double x) {
  return 1 / (1 + std::exp(-x));
}
double wave_of(double x) {  // its derivative needs x
  return 0.3 * x + std::sin(x);
}

void tanh_backward(const float*, const float* y, const float* dy, float* dx, std::size_t count,
                   const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
}
void sigmoid_backward(const float*, const float* y, const float* dy, float* dx, std::size_t count,
                      const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * y[i] * (1 - y[i]);
}
void wave_backward(const float* x, const float*, const float* dy, float* dx, std::size_t count,
                   const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * (0.3f + std::cos(x[i]));
}

constexpr UnaryFunction kTanh{"tanh", forward<tanh_of>, tanh_backward, false, true};
constexpr UnaryFunction kSigmoid{"sigmoid", forward<sigmoid_of>, sigmoid_backward, false, true};
constexpr UnaryFunction kWave{"wave", forward<wave_of>, wave_backward, true, false};

struct Setting {
  Cell cell;
  std::int64_t time, batch, units;
  bool mask = false;
  bool scale = false;
  bool bias = false;
  bool wave = false;  // activation that needs pre-activations
};

// What the operator computes, one number at a time.
class Twin {
 public:
  Twin(const Setting& setting, std::span<const Doubles> inputs) : s_(setting), in_(inputs) {}

  // All hidden states, then for the LSTM all cell states.
  Doubles run() {
    const auto state = static_cast<std::size_t>(s_.batch * s_.units);
    Doubles h(in_[2].begin(), in_[2].end());
    Doubles c = s_.cell == Cell::lstm ? Doubles(in_[3].begin(), in_[3].end()) : Doubles(state);
    Doubles hs = h;
    Doubles cs = c;
    for (std::int64_t t = 0; t < s_.time; ++t) {
      Doubles h_next = h;
      Doubles c_next = c;
      for (std::int64_t b = 0; b < s_.batch; ++b) {
        if (s_.mask && mask()[static_cast<std::size_t>(t * s_.batch + b)] == 0) continue;
        for (std::int64_t j = 0; j < s_.units; ++j) unit(t, b, j, h, c, h_next, c_next);
      }
      h = h_next;
      c = c_next;
      hs.insert(hs.end(), h.begin(), h.end());
      cs.insert(cs.end(), c.begin(), c.end());
    }
    if (s_.cell == Cell::lstm) hs.insert(hs.end(), cs.begin(), cs.end());
    return hs;
  }

 private:
  std::int64_t gates() const { return gate_count(s_.cell); }
  double activation(double x) const { return s_.wave ? wave_of(x) : tanh_of(x); }
  // Inputs: projected, kernel, h0, [c0], [bias], [mask], [scale].
  const Doubles& bias() const { return in_[s_.cell == Cell::lstm ? 4 : 3]; }
  const Doubles& mask() const { return in_[3 + (s_.cell == Cell::lstm) + s_.bias]; }
  const Doubles& scale() const { return in_[3 + (s_.cell == Cell::lstm) + s_.bias + s_.mask]; }

  double at(const Doubles& x, std::int64_t row, std::int64_t width, std::int64_t column) const {
    return x[static_cast<std::size_t>(row * width + column)];
  }
  double scaled(const Doubles& h, std::int64_t b, std::int64_t j) const {
    return at(h, b, s_.units, j) * (s_.scale ? at(scale(), b, s_.units, j) : 1.0);
  }
  double projected(std::int64_t t, std::int64_t b, std::int64_t gate, std::int64_t j) const {
    return at(in_[0], t * s_.batch + b, gates() * s_.units, gate * s_.units + j);
  }
  double product(const Doubles& h, std::int64_t b, std::int64_t gate, std::int64_t j) const {
    double sum = s_.bias ? bias()[static_cast<std::size_t>(gate * s_.units + j)] : 0.0;
    for (std::int64_t k = 0; k < s_.units; ++k) {
      sum += scaled(h, b, k) * at(in_[1], k, gates() * s_.units, gate * s_.units + j);
    }
    return sum;
  }
  double reset(const Doubles& h, std::int64_t t, std::int64_t b, std::int64_t j) const {
    return sigmoid_of(projected(t, b, 1, j) + product(h, b, 1, j));
  }

  void unit(std::int64_t t, std::int64_t b, std::int64_t j, const Doubles& h, const Doubles& c, Doubles& h_next,
            Doubles& c_next) const {
    const auto element = static_cast<std::size_t>(b * s_.units + j);
    const auto pre = [&](std::int64_t gate) { return projected(t, b, gate, j) + product(h, b, gate, j); };
    switch (s_.cell) {
      case Cell::simple:
        h_next[element] = activation(pre(0));
        break;
      case Cell::lstm:
        c_next[element] = sigmoid_of(pre(1)) * c[element] + sigmoid_of(pre(0)) * activation(pre(2));
        h_next[element] = sigmoid_of(pre(3)) * activation(c_next[element]);
        break;
      case Cell::gru_reset_after: {
        const double candidate = activation(projected(t, b, 2, j) + reset(h, t, b, j) * product(h, b, 2, j));
        const double z = sigmoid_of(pre(0));
        h_next[element] = z * h[element] + (1 - z) * candidate;
        break;
      }
      case Cell::gru: {
        double sum = projected(t, b, 2, j);
        for (std::int64_t k = 0; k < s_.units; ++k) {
          sum += reset(h, t, b, k) * scaled(h, b, k) * at(in_[1], k, 3 * s_.units, 2 * s_.units + j);
        }
        const double z = sigmoid_of(pre(0));
        h_next[element] = z * h[element] + (1 - z) * activation(sum);
        break;
      }
    }
  }

  const Setting& s_;
  std::span<const Doubles> in_;
};

OperatorCase recurrent_case(const Setting& s) {
  const std::int64_t width = gate_count(s.cell) * s.units;
  OperatorCase one;
  one.shapes = {{s.time, s.batch, width}, {s.units, width}, {s.batch, s.units}};
  const bool lstm = s.cell == Cell::lstm;
  if (lstm) one.shapes.push_back({s.batch, s.units});
  if (s.bias) one.shapes.push_back({width});
  const std::size_t differentiable = one.shapes.size();
  const std::size_t mask = s.mask ? one.shapes.size() : 0;
  if (s.mask) one.shapes.push_back({s.time, s.batch});
  const std::size_t scale = s.scale ? one.shapes.size() : 0;
  if (s.scale) one.shapes.push_back({s.batch, s.units});
  for (std::size_t i = 0; i < differentiable; ++i) one.differentiate_by.push_back(i);
  one.draw = [=](Random& random, std::size_t input) {
    if (s.mask && input == mask) return random.below(3) == 0 ? 0.0 : 1.0;
    if (s.scale && input == scale) return random.below(2) == 0 ? 0.0 : 2.0;
    return 0.7 * random.normal();
  };
  one.build = [=](Graph& graph, std::span<const ValueId> in) {
    std::size_t next = 3;
    RecurrentInputs inputs{.projected = in[0], .recurrent_kernel = in[1], .hidden = in[2]};
    if (lstm) inputs.cell = in[next++];
    if (s.bias) inputs.recurrent_bias = in[next++];
    if (s.mask) inputs.mask = in[next++];
    if (s.scale) inputs.hidden_scale = in[next++];
    RecurrentOptions options{.cell = s.cell,
                             .functions = {.activation = s.wave ? &kWave : &kTanh, .recurrent_activation = &kSigmoid}};
    const RecurrentStates states = recurrent(graph, inputs, options);
    return lstm ? concatenate(graph, {states.hidden, states.cell}, 0) : states.hidden;
  };
  one.twin = [s](std::span<const Doubles> in) { return Twin(s, in).run(); };
  one.forward_tolerance = 1e-5;
  one.gradient_tolerance = 3e-4;
  return one;
}

class EveryCell : public testing::TestWithParam<Cell> {};

TEST_P(EveryCell, EqualsItsTwin) {
  const Cell cell = GetParam();
  std::uint64_t seed = 1;
  for (const bool mask : {false, true}) {
    for (const bool wave : {false, true}) {
      check_operator(recurrent_case({.cell = cell, .time = 4, .batch = 3, .units = 5, .mask = mask, .wave = wave}),
                     seed++);
    }
  }
  check_operator(recurrent_case({.cell = cell, .time = 3, .batch = 2, .units = 4, .mask = true, .scale = true}),
                 seed++);
  check_operator(recurrent_case({.cell = cell, .time = 1, .batch = 1, .units = 1}), seed++);
  // More samples than a block has, and a last block that is shorter.
  check_operator(recurrent_case({.cell = cell, .time = 2, .batch = 19, .units = 2}), seed++);
  // Whole vectors of units, and a rest.
  check_operator(recurrent_case({.cell = cell, .time = 2, .batch = 1, .units = 19}), seed++);
}

INSTANTIATE_TEST_SUITE_P(Cells, EveryCell, testing::Values(Cell::simple, Cell::lstm, Cell::gru, Cell::gru_reset_after));

TEST(Recurrent, ResetAfterHasABiasOfItsOwn) {
  check_operator(
      recurrent_case({.cell = Cell::gru_reset_after, .time = 3, .batch = 2, .units = 4, .mask = true, .bias = true}),
      5);
}

// dLoss/dh_t by the tap against a graph in which h_t is cut and differentiated.
TEST(Recurrent, MeasuresTheGradientOfEveryState) {
  constexpr std::int64_t kTime = 5;
  Graph graph;
  const ValueId projected = graph.input("p", Shape{kTime, 20, 4 * 3});
  const ValueId kernel = graph.input("k", Shape{3, 12});
  const ValueId hidden = graph.input("h", Shape{20, 3});
  const ValueId cell = graph.input("c", Shape{20, 3});
  const RecurrentOptions options{.cell = Cell::lstm,
                                 .functions = {.activation = &kTanh, .recurrent_activation = &kSigmoid},
                                 .hidden_gradient_output = "dh",
                                 .cell_gradient_output = "dc"};
  const RecurrentStates states =
      recurrent(graph, {.projected = projected, .recurrent_kernel = kernel, .hidden = hidden, .cell = cell}, options);
  const ValueId last = slice(graph, states.hidden, 0, kTime, kTime + 1);
  const ValueId wrt[] = {kernel};
  graph.output("dk", differentiate(graph, last, wrt)[0]);

  Random random(3);
  std::map<std::string, Doubles> values;
  const auto fill = [&](const std::string& name, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) values[name].push_back(random.normal());
  };
  fill("p", kTime * 20 * 12);
  fill("k", 36);
  fill("h", 60);
  fill("c", 60);
  const std::map<std::string, Doubles> outputs = run_graph(std::move(graph), values);

  // The same over the steps after t alone: the gradient of their initial states.
  for (std::int64_t t = 1; t < kTime; ++t) {
    Graph head, tail;
    const auto part = [&](Graph& g, std::int64_t from, std::int64_t to) {
      const ValueId p = slice(g, g.input("p", Shape{kTime, 20, 12}), 0, from, to);
      return RecurrentInputs{.projected = p,
                             .recurrent_kernel = g.input("k", Shape{3, 12}),
                             .hidden = g.input("h", Shape{20, 3}),
                             .cell = g.input("c", Shape{20, 3})};
    };
    RecurrentOptions plain = options;
    plain.hidden_gradient_output = plain.cell_gradient_output = "";
    const RecurrentStates first = recurrent(head, part(head, 0, t), plain);
    head.output("h", slice(head, first.hidden, 0, t, t + 1));
    head.output("c", slice(head, first.cell, 0, t, t + 1));
    std::map<std::string, Doubles> rest = values;
    for (auto& [name, value] : run_graph(std::move(head), values)) rest[name] = value;

    const RecurrentInputs inputs = part(tail, t, kTime);
    const RecurrentStates second = recurrent(tail, inputs, plain);
    const ValueId end = slice(tail, second.hidden, 0, kTime - t, kTime - t + 1);
    const ValueId both[] = {inputs.hidden, inputs.cell};
    const std::vector<ValueId> gradients = differentiate(tail, end, both);
    tail.output("dh", gradients[0]);
    tail.output("dc", gradients[1]);
    for (const auto& [name, gradient] : run_graph(std::move(tail), rest)) {
      double squares = 0;
      for (const double value : gradient) squares += value * value;
      const double measured = outputs.at(name)[static_cast<std::size_t>(t - 1)];
      // The tap is after step t; h_t also has the way through c_t only in c's total, so dh is compared as it is.
      if (name == "dh") {
        EXPECT_NEAR(measured, std::sqrt(squares), 1e-5 * std::sqrt(squares)) << name << " after step " << t;
      }
    }
  }
}

// Every sample goes through time alone: the number of threads does not show.
TEST(Recurrent, IsTheSameForAnyNumberOfThreads) {
  const auto states = [](int count) {
    set_threads(count);
    Graph graph;
    const RecurrentStates all = recurrent(
        graph,
        {.projected = graph.input("p", Shape{6, 50, 24}),
         .recurrent_kernel = graph.input("k", Shape{8, 24}),
         .hidden = graph.constant(Tensor(Shape{50, 8}))},
        {.cell = Cell::gru_reset_after, .functions = {.activation = &kTanh, .recurrent_activation = &kSigmoid}});
    graph.output("h", all.hidden);
    Random random(1);
    std::map<std::string, Doubles> values;
    for (int i = 0; i < 6 * 50 * 24; ++i) values["p"].push_back(random.normal());
    for (int i = 0; i < 8 * 24; ++i) values["k"].push_back(random.normal());
    return run_graph(std::move(graph), values).at("h");
  };
  const Doubles one = states(1);
  EXPECT_EQ(one, states(2));
  set_threads(0);
}

TEST(Recurrent, RefusesShapesThatDoNotFit) {
  Graph graph;
  const RecurrentOptions options{.cell = Cell::lstm,
                                 .functions = {.activation = &kTanh, .recurrent_activation = &kSigmoid}};
  const ValueId state = graph.input("h", Shape{2, 3});
  const std::string message = error_of([&] {
    recurrent(graph,
              {.projected = graph.input("p", Shape{4, 2, 12}),
               .recurrent_kernel = graph.input("k", Shape{3, 9}),
               .hidden = state,
               .cell = state},
              options);
  });
  EXPECT_EQ(message, "recurrent: the recurrent kernel has the shape (3, 9), not (3, 12)");
}

}  // namespace
}  // namespace evenflow::ops
