#include "evenflow/graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "evenflow/base/random.h"
#include "evenflow/error.h"
#include "evenflow/graph/memory_plan.h"
#include "evenflow/graph/ops/ops.h"
#include "evenflow/graph/passes.h"

namespace evenflow {
namespace {

void tanh_forward(const float* x, float* y, std::size_t count, const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) y[i] = std::tanh(x[i]);
}
void tanh_backward(const float*, const float* y, const float* dy, float* dx, std::size_t count,
                   const UnaryParameters&) {
  for (std::size_t i = 0; i < count; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
}
constexpr UnaryFunction kTanh{"tanh", tanh_forward, tanh_backward, false, true};

// Parameters by name, made on demand from a seed.
class Store {
 public:
  CompileOptions options(bool fuse = true, bool reuse = true) {
    return {
        .parameter = [this](std::string_view name, const Shape& shape) { return get(std::string(name), shape).data(); },
        .fuse = fuse,
        .reuse_memory = reuse};
  }
  Tensor& get(const std::string& name, const Shape& shape) {
    const auto [it, fresh] = tensors_.try_emplace(name, shape);
    if (fresh) {
      Random random(7, stream_of(name));
      for (float& value : it->second.values()) value = static_cast<float>(random.normal() * 0.4);
    }
    return it->second;
  }

 private:
  std::map<std::string, Tensor> tensors_;
};

void fill(const Buffer& buffer, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = 0; i < buffer.count(); ++i) buffer.f32()[i] = static_cast<float>(random.normal());
}

std::vector<float> values(const Buffer& buffer) {
  return {buffer.f32(), buffer.f32() + buffer.count()};
}

// Dense layers with tanh, a residual connection, and the gradients of all parameters as outputs.
Graph residual_network(int layers, std::int64_t batch = 5, std::int64_t width = 7) {
  Graph graph;
  ValueId x = graph.input("x", {batch, width});
  std::vector<ValueId> parameters;
  for (int l = 0; l < layers; ++l) {
    const Graph::Scope scope(graph, "layer_" + std::to_string(l));
    const ValueId kernel = graph.parameter("kernel_" + std::to_string(l), {width, width});
    const ValueId bias = graph.parameter("bias_" + std::to_string(l), {width});
    const ValueId z = ops::add(graph, ops::matmul(graph, x, kernel), bias);
    x = ops::add(graph, ops::scale(graph, ops::unary(graph, z, kTanh, {}), 0.5f), x);
    parameters.insert(parameters.end(), {kernel, bias});
  }
  graph.output("y", x);
  const std::vector<ValueId> gradients = differentiate(graph, x, parameters);
  for (std::size_t i = 0; i < gradients.size(); ++i) graph.output("gradient_" + std::to_string(i), gradients[i]);
  return graph;
}

std::map<std::string, std::vector<float>> run(Graph graph, const CompileOptions& options, std::uint64_t seed = 3,
                                              int times = 1) {
  std::vector<std::string> names;
  for (const auto& [name, id] : graph.outputs()) names.push_back(name);
  Program program = Program::compile(std::move(graph), options);
  fill(program.input("x"), seed);
  for (int i = 0; i < times; ++i) program.run();
  std::map<std::string, std::vector<float>> results;
  for (const std::string& name : names) results[name] = values(program.output(name));
  return results;
}

TEST(Graph, ShapeErrorNamesTheLayerAndBothShapes) {
  Graph graph;
  const ValueId x = graph.input("x", {32, 784});
  const ValueId w = graph.parameter("w", {64, 10});
  const Graph::Scope scope(graph, "dense_3");
  try {
    ops::matmul(graph, x, w);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape);
    for (const char* part : {"dense_3", "(32, 784)", "(64, 10)"}) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }
}

TEST(Graph, ParameterIsOneValuePerName) {
  Graph graph;
  EXPECT_EQ(graph.parameter("w", {2, 3}), graph.parameter("w", {2, 3}));
  EXPECT_THROW(graph.parameter("w", {3, 2}), Error);
}

TEST(Graph, InputAndOutputNamesAreUnique) {
  Graph graph;
  const ValueId x = graph.input("x", {2});
  EXPECT_THROW(graph.input("x", {2}), Error);
  graph.output("y", x);
  EXPECT_THROW(graph.output("y", x), Error);
}

TEST(Graph, VerifierFindsAUseBeforeItsDefinition) {
  Graph graph;
  const ValueId x = graph.input("x", {2});
  graph.output("y", ops::scale(graph, ops::scale(graph, x, 2), 3));
  std::vector<Node> nodes(graph.nodes().begin(), graph.nodes().end());
  std::swap(nodes[0], nodes[1]);
  graph.replace_nodes(std::move(nodes));
  EXPECT_THROW(graph.verify(), Error);
}

TEST(Graph, VerifierFindsAMissingProducer) {
  Graph graph;
  const ValueId x = graph.input("x", {2});
  graph.output("y", ops::scale(graph, x, 2));
  graph.replace_nodes({});
  EXPECT_THROW(graph.verify(), Error);
}

TEST(Differentiate, SumsTheGradientsOfEveryUse) {
  Graph graph;
  const ValueId x = graph.input("x", {3});
  const ValueId y = ops::add(graph, ops::multiply(graph, x, x), ops::scale(graph, x, 5));  // x^2 + 5x
  const ValueId wrt[] = {x};
  graph.output("dx", differentiate(graph, y, wrt)[0]);
  Program program = Program::compile(std::move(graph), {});
  const float x_values[] = {-1, 0, 4};
  std::copy_n(x_values, 3, program.input("x").f32());
  program.run();
  EXPECT_EQ(values(program.output("dx")), (std::vector<float>{3, 5, 13}));
}

TEST(Differentiate, OfAnIntermediateValueAndWithACotangent) {
  Graph graph;
  const ValueId x = graph.input("x", {2});
  const ValueId c = graph.input("c", {2});
  const ValueId h = ops::scale(graph, x, 2);
  const ValueId y = ops::multiply(graph, h, h);
  const ValueId wrt[] = {h, x, c};
  const std::vector<ValueId> gradients = differentiate(graph, y, wrt, c);
  EXPECT_FALSE(gradients[2]) << "y does not depend on c";
  graph.output("dh", gradients[0]);
  graph.output("dx", gradients[1]);
  Program program = Program::compile(std::move(graph), {});
  program.input("x").f32()[0] = 3;
  program.input("x").f32()[1] = 1;
  program.input("c").f32()[0] = 1;
  program.input("c").f32()[1] = 10;
  program.run();
  EXPECT_EQ(values(program.output("dh")), (std::vector<float>{12, 40}));
  EXPECT_EQ(values(program.output("dx")), (std::vector<float>{24, 80}));
}

// Fusion and memory reuse are optimizations: they must not change a number.
TEST(Program, FusionAndMemoryReuseChangeNothing) {
  for (const int layers : {1, 2, 5, 12}) {
    Store store;
    const auto plain = run(residual_network(layers), store.options(false, false));
    const auto reused = run(residual_network(layers), store.options(false, true));
    const auto fused = run(residual_network(layers), store.options(true, true), 3, 2);
    EXPECT_EQ(plain, reused);
    for (const auto& [name, expected] : plain) {
      ASSERT_EQ(fused.at(name).size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(fused.at(name)[i], expected[i], 1e-4) << name;
    }
  }
}

TEST(Program, FusesBiasActivationAndChains) {
  Graph graph;
  const ValueId x = graph.input("x", {4, 6});
  const ValueId z = ops::add(graph, ops::matmul(graph, x, graph.parameter("w", {6, 3})), graph.parameter("b", {3}));
  const ValueId y = ops::unary(graph, z, kTanh, {});
  graph.output("y", ops::multiply(graph, ops::scale(graph, ops::scale(graph, y, 2), 3), y));
  Store store;
  const auto unfused = run(graph, store.options(false));
  EXPECT_EQ(Program::compile(graph, store.options(false)).kernel_count(), 6u);
  EXPECT_EQ(Program::compile(graph, store.options(true)).kernel_count(), 2u)
      << Program::compile(graph, store.options(true)).to_text();
  const auto fused = run(graph, store.options(true));
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(fused.at("y")[i], unfused.at("y")[i], 1e-5);
}

TEST(Program, DeadNodesAreRemoved) {
  Graph graph;
  const ValueId x = graph.input("x", {4});
  graph.output("y", ops::scale(graph, x, 2));
  ops::scale(graph, ops::scale(graph, x, 3), 4);
  EXPECT_EQ(Program::compile(std::move(graph), {}).kernel_count(), 1u);
}

TEST(Program, MemoryIsReused) {
  // A chain that cannot be fused: at any time two values of it are alive.
  const auto chain = [](int length) {
    Graph graph;
    ValueId x = graph.input("x", {64, 64});
    for (int i = 0; i < length; ++i) x = ops::matmul(graph, x, graph.parameter("w", {64, 64}));
    graph.output("y", x);
    return graph;
  };
  Store store;
  const std::size_t little = Program::compile(chain(3), store.options()).memory_bytes();
  EXPECT_EQ(Program::compile(chain(50), store.options()).memory_bytes(), little);
  EXPECT_GT(Program::compile(chain(50), store.options(true, false)).memory_bytes(), 10 * little);
}

TEST(MemoryPlan, LivingValuesNeverShareMemory) {
  for (const int layers : {1, 3, 9}) {
    Graph graph = residual_network(layers);
    passes::remove_dead_nodes(graph);
    const MemoryPlan plan = plan_memory(graph, true);
    // Every pair of values alive at the same node, neither a view nor the in-place result of the other.
    std::vector<int> first(graph.values().size(), -2), last(graph.values().size(), -2);
    for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
      for (const ValueId id : graph.nodes()[n].outputs) first[static_cast<std::size_t>(id.index)] = static_cast<int>(n);
      for (const ValueId id : graph.nodes()[n].inputs) last[static_cast<std::size_t>(id.index)] = static_cast<int>(n);
    }
    for (const auto& [name, id] : graph.outputs()) last[static_cast<std::size_t>(id.index)] = 1 << 30;
    for (std::size_t a = 0; a < first.size(); ++a) {
      for (std::size_t b = 0; b < first.size(); ++b) {
        if (a == b || first[a] < 0 || first[b] < 0 || plan.offsets[a] == MemoryPlan::kNoPlace) continue;
        if (!(first[a] < first[b] && first[b] < last[a])) continue;  // b is born strictly within the life of a
        const std::size_t a_end = plan.offsets[a] + graph.values()[a].type.bytes();
        const std::size_t b_end = plan.offsets[b] + graph.values()[b].type.bytes();
        EXPECT_TRUE(a_end <= plan.offsets[b] || b_end <= plan.offsets[a]) << a << " and " << b;
      }
    }
  }
}

TEST(Program, NamesAreChecked) {
  Graph graph;
  graph.output("y", ops::scale(graph, graph.input("x", {1}), 1));
  const Program program = Program::compile(std::move(graph), {});
  EXPECT_TRUE(program.has_output("y"));
  EXPECT_THROW(program.output("z"), Error);
  EXPECT_THROW(program.input("y"), Error);
}

TEST(Program, MissingParameterMemoryIsAnError) {
  Graph graph;
  graph.output("y", ops::scale(graph, graph.parameter("w", {1}), 2));
  EXPECT_THROW(Program::compile(std::move(graph), {}), Error);
}

}  // namespace
}  // namespace evenflow
