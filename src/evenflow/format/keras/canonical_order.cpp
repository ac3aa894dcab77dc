#include "evenflow/format/keras/canonical_order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "evenflow/base/text.h"

namespace evenflow::keras {
namespace {

// Keras's map_graph_network: a depth-first walk from the outputs numbers the layers on the way down and lists their
// calls on the way up; in reverse of that list each call is at least as deep as the calls of its layer before it, and
// pushes its inputs deeper.
class Walk {
 public:
  explicit Walk(const std::vector<Layer>& calls) : calls_(calls), entered_(calls.size()), done_(calls.size()) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (!position_.emplace(calls[i].name, i).second) {
        fail(ErrorKind::input, "two layers have the name '{}'", printable(calls[i].name));
      }
    }
  }

  std::vector<std::size_t> run(const std::vector<LayerOutput>& outputs) {
    for (const LayerOutput& output : outputs) descend(find(output.layer, "the model's output"));
    if (finished_.size() < calls_.size()) {
      const auto unused = static_cast<std::size_t>(std::find(done_.begin(), done_.end(), false) - done_.begin());
      fail(ErrorKind::input, "layer '{}' does not lead to the model's output", printable(calls_[unused].name));
    }
    std::vector<std::size_t> depth(calls_.size());
    std::map<std::string_view, std::size_t> layer_depth;
    for (auto call = finished_.rbegin(); call != finished_.rend(); ++call) {
      std::size_t& of_layer = layer_depth[layer_of(*call)];
      depth[*call] = of_layer = std::max(depth[*call], of_layer);
      for (const LayerOutput& input : calls_[*call].inputs) {
        std::size_t& input_depth = depth[position_.find(input.layer)->second];
        input_depth = std::max(input_depth, depth[*call] + 1);
      }
    }
    std::vector<std::size_t> order(calls_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(depth[b], index_[layer_of(a)], a) < std::tuple(depth[a], index_[layer_of(b)], b);
    });
    return order;
  }

 private:
  std::string_view layer_of(std::size_t call) const {
    return calls_[call].shares.empty() ? calls_[call].name : calls_[call].shares;
  }

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
      std::size_t call;
      std::size_t next_input;
    };
    std::vector<Frame> stack;
    const auto enter = [&](std::size_t call) {
      if (done_[call]) return;
      if (entered_[call]) {
        fail(ErrorKind::input, "layer '{}' depends on its own output", printable(calls_[call].name));
      }
      entered_[call] = true;
      index_.emplace(layer_of(call), index_.size());
      stack.push_back({call, 0});
    };
    enter(start);
    while (!stack.empty()) {
      const std::size_t call = stack.back().call;
      if (stack.back().next_input < calls_[call].inputs.size()) {
        const std::string& input = calls_[call].inputs[stack.back().next_input++].layer;
        enter(find(input, fmt::format("the input of layer '{}'", printable(calls_[call].name))));
      } else {
        done_[call] = true;
        finished_.push_back(call);
        stack.pop_back();
      }
    }
  }

  const std::vector<Layer>& calls_;
  std::map<std::string, std::size_t, std::less<>> position_;
  std::map<std::string_view, std::size_t> index_;  // of a layer, in the order in which they were met
  std::vector<bool> entered_;
  std::vector<bool> done_;
  std::vector<std::size_t> finished_;
};

// Gives the first call of every layer the layer's name.
void name_first_calls(Model& model) {
  std::map<std::string, std::string, std::less<>> renamed;
  std::set<std::string, std::less<>> met;
  for (const Layer& call : model.layers) {
    const std::string& layer = call.shares.empty() ? call.name : call.shares;
    if (!met.insert(layer).second || call.shares.empty()) continue;
    renamed[call.name] = layer;
    renamed[layer] = call.name;
  }
  const auto rename = [&](std::string& name) {
    const auto found = renamed.find(name);
    if (found != renamed.end()) name = found->second;
  };
  for (Layer& call : model.layers) {
    const std::string layer = call.shares.empty() ? call.name : call.shares;
    rename(call.name);
    call.shares = call.name == layer ? "" : layer;
    for (LayerOutput& input : call.inputs) rename(input.layer);
  }
  for (LayerOutput& output : model.outputs) rename(output.layer);
}

// A layer's inner model: its own, or that of a layer that it wraps.
void order_inner(Json& config) {
  if (!config.is_object()) return;
  const auto inner = config.find("model");
  if (inner != config.end()) *inner = to_json(canonical(model_from_json(*inner)));
  for (const char* key : {"layer", "backward_layer"}) {
    const auto wrapped = config.find(key);
    if (wrapped != config.end() && wrapped->is_object() && wrapped->contains("config")) {
      order_inner((*wrapped)["config"]);
    }
  }
}

}  // namespace

Model canonical(Model model) {
  for (Layer& layer : model.layers) order_inner(layer.config);
  if (model.sequential) return model;
  model.layers = canonical_order(std::move(model.layers), model.outputs);
  name_first_calls(model);
  return model;
}

std::vector<Layer> canonical_order(std::vector<Layer> layers, const std::vector<LayerOutput>& outputs) {
  std::vector<Layer> result;
  result.reserve(layers.size());
  for (const std::size_t i : Walk(layers).run(outputs)) result.push_back(std::move(layers[i]));
  return result;
}

}  // namespace evenflow::keras
