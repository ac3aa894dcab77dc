#include "evenflow/format/keras/canonical_order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "evenflow/base/text.h"

namespace evenflow::keras {
namespace {

// Keras's map_graph_network, where each layer is called once: a depth-first walk from the outputs numbers the layers
// on the way down and lists them on the way up; in reverse of that list each layer pushes its inputs deeper.
class Walk {
 public:
  explicit Walk(const std::vector<Layer>& layers) : layers_(layers), index_(layers.size(), kNew), done_(layers.size()) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (!position_.emplace(layers[i].name, i).second) {
        fail(ErrorKind::input, "two layers have the name '{}'", printable(layers[i].name));
      }
    }
  }

  std::vector<std::size_t> run(const std::vector<LayerOutput>& outputs) {
    for (const LayerOutput& output : outputs) descend(find(output.layer, "the model's output"));
    if (finished_.size() < layers_.size()) {
      const auto unused = static_cast<std::size_t>(std::find(done_.begin(), done_.end(), false) - done_.begin());
      fail(ErrorKind::input, "layer '{}' does not lead to the model's output", printable(layers_[unused].name));
    }
    std::vector<std::size_t> depth(layers_.size());
    for (auto layer = finished_.rbegin(); layer != finished_.rend(); ++layer) {
      for (const LayerOutput& input : layers_[*layer].inputs) {
        std::size_t& input_depth = depth[position_.find(input.layer)->second];
        input_depth = std::max(input_depth, depth[*layer] + 1);
      }
    }
    std::vector<std::size_t> order(layers_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(depth[b], index_[a]) < std::pair(depth[a], index_[b]);
    });
    return order;
  }

 private:
  static constexpr std::size_t kNew = ~std::size_t{0};

  std::size_t find(const std::string& name, std::string_view user) const {
    const auto found = position_.find(name);
    if (found == position_.end()) {
      fail(ErrorKind::input, "{} is '{}', which is no layer of the model", user, printable(name));
    }
    return found->second;
  }

  // By hand and not by recursion: a chain may be longer than the stack is deep.
  void descend(std::size_t start) {
    struct Frame {
      std::size_t layer;
      std::size_t next_input;
    };
    std::vector<Frame> stack;
    const auto enter = [&](std::size_t layer) {
      if (done_[layer]) return;
      if (index_[layer] != kNew) {
        fail(ErrorKind::input, "layer '{}' depends on its own output", printable(layers_[layer].name));
      }
      index_[layer] = count_++;
      stack.push_back({layer, 0});
    };
    enter(start);
    while (!stack.empty()) {
      const std::size_t layer = stack.back().layer;
      if (stack.back().next_input < layers_[layer].inputs.size()) {
        const std::string& input = layers_[layer].inputs[stack.back().next_input++].layer;
        enter(find(input, fmt::format("the input of layer '{}'", printable(layers_[layer].name))));
      } else {
        done_[layer] = true;
        finished_.push_back(layer);
        stack.pop_back();
      }
    }
  }

  const std::vector<Layer>& layers_;
  std::map<std::string, std::size_t, std::less<>> position_;
  std::vector<std::size_t> index_;
  std::vector<bool> done_;
  std::vector<std::size_t> finished_;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<Layer> canonical_order(std::vector<Layer> layers, const std::vector<LayerOutput>& outputs) {
  std::vector<Layer> result;
  result.reserve(layers.size());
  for (const std::size_t i : Walk(layers).run(outputs)) result.push_back(std::move(layers[i]));
  return result;
}

}  // namespace evenflow::keras
