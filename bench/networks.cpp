#include "networks.h"

namespace evenflow::bench {
namespace {

Model dense(std::int64_t input, const std::vector<std::int64_t>& hidden, std::int64_t output) {
  std::vector<Layer> layers{Input{{input}}};
  for (const std::int64_t units : hidden) {
    layers.push_back(Dense{.units = units, .activation = "relu", .kernel_initializer = "he_normal"});
  }
  layers.push_back(Dense{.units = output, .activation = "softmax"});
  return sequential(std::move(layers));
}

Model mnist_cnn() {
  return sequential({Input{{28, 28, 1}}, Conv2D{.filters = 32, .kernel_size = {3}, .activation = "relu"},
                     Conv2D{.filters = 64, .kernel_size = {3}, .activation = "relu"}, MaxPooling2D{}, Flatten{},
                     Dense{.units = 128, .activation = "relu"}, Dense{.units = 10, .activation = "softmax"}});
}

// A sequence of 100 steps with 128 features, classified by its last state.
Model recurrent(const char* type) {
  return sequential({Input{{100, 128}}, layer(type, {{"units", 128}}), Dense{.units = 10, .activation = "softmax"}});
}

// A model with branches, layer by layer; every function returns the name of the layer that it ends with.
class Branching {
 public:
  std::string add(Layer one, std::vector<std::string> inputs) {
    one.name = "layer_" + std::to_string(model_.layers.size());
    one.inputs.assign(inputs.begin(), inputs.end());
    model_.layers.push_back(std::move(one));
    return model_.layers.back().name;
  }
  Model classify(const std::string& features) {
    model_.outputs = {add(Dense{.units = 10, .activation = "softmax"}, {features})};
    model_.sequential = false;
    return model_;
  }

 private:
  Model model_;
};

class ResNet {
 public:
  // K. He et al., "Deep residual learning for image recognition", section 4.2, with projections where shapes change.
  static Model build(const std::vector<std::int64_t>& widths, int blocks) {
    ResNet net;
    std::string at = net.model_.add(Input{{32, 32, 3}}, {});
    at = net.model_.add(layer("ReLU"), {net.convolution(at, widths.front(), 3, 1)});
    for (std::size_t stage = 0; stage < widths.size(); ++stage) {
      for (int block = 0; block < blocks; ++block) at = net.block(at, widths[stage], stage > 0 && block == 0);
    }
    return net.model_.classify(net.model_.add(layer("GlobalAveragePooling2D"), {at}));
  }

 private:
  std::string convolution(const std::string& from, std::int64_t filters, std::int64_t kernel, std::int64_t stride) {
    const Layer one = Conv2D{.filters = filters,
                             .kernel_size = {kernel},
                             .strides = {stride, stride},
                             .padding = "same",
                             .kernel_initializer = "he_normal",
                             .use_bias = false};
    return model_.add(BatchNormalization{}, {model_.add(one, {from})});
  }
  std::string block(const std::string& from, std::int64_t filters, bool shrinks) {
    const std::int64_t stride = shrinks ? 2 : 1;
    const std::string inner = model_.add(layer("ReLU"), {convolution(from, filters, 3, stride)});
    const std::string residual = convolution(inner, filters, 3, 1);
    const std::string shortcut = shrinks ? convolution(from, filters, 1, stride) : from;
    return model_.add(layer("ReLU"), {model_.add(layer("Add"), {residual, shortcut})});
  }

  Branching model_;
};

// A. Vaswani et al., "Attention is all you need", section 3.1: the encoder, normalized behind each sum, without
// dropout, as torch.nn.TransformerEncoderLayer builds it.
Model transformer(std::int64_t steps, std::int64_t width, std::int64_t heads, std::int64_t hidden, int layers) {
  Branching model;
  const auto normalized_sum = [&](const std::string& a, const std::string& b) {
    return model.add(layer("LayerNormalization", {{"epsilon", 1e-5}}), {model.add(layer("Add"), {a, b})});
  };
  std::string at = model.add(Input{{steps, width}}, {});
  for (int i = 0; i < layers; ++i) {
    const Layer attention = layer("MultiHeadAttention", {{"num_heads", heads}, {"key_dim", width / heads}});
    at = normalized_sum(at, model.add(attention, {at, at}));
    const std::string inner = model.add(Dense{.units = hidden, .activation = "relu"}, {at});
    at = normalized_sum(at, model.add(Dense{.units = width}, {inner}));
  }
  return model.classify(model.add(layer("GlobalAveragePooling1D"), {at}));
}

}  // namespace

std::vector<Benchmark> networks() {
  return {
      {"64-wide, 30 layers, batch 32", [] { return dense(64, std::vector<std::int64_t>(29, 64), 10); }, 32},
      {"784-256x4-10, batch 64",
       [] {
         return dense(784, {256, 256, 256, 256}, 10);
       },
       64},
      {"2-32x8-2, batch 32", [] { return dense(2, std::vector<std::int64_t>(8, 32), 2); }, 32, 1},
      {"1024-wide, 8 layers, batch 256", [] { return dense(1024, std::vector<std::int64_t>(7, 1024), 10); }, 256},
      {"MNIST CNN, batch 64", mnist_cnn, 64},
      {"LSTM 128, 100 steps, batch 32", [] { return recurrent("LSTM"); }, 32},
      {"GRU 128, 100 steps, batch 32", [] { return recurrent("GRU"); }, 32},
      {"ResNet 16-32-64, batch 64",
       [] {
         return ResNet::build({16, 32, 64}, 2);
       },
       64},
      {"Transformer 4x128, 64 steps, batch 32", [] { return transformer(64, 128, 4, 512, 4); }, 32},
  };
}

}  // namespace evenflow::bench
