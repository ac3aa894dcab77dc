#include "evenflow/health/chain.h"

#include <algorithm>
#include <utility>

#include "evenflow/model/connections.h"

namespace evenflow {
namespace {

std::size_t output_layer(const Model& model) {
  const auto found = std::find_if(model.layers.begin(), model.layers.end(),
                                  [&](const Layer& layer) { return layer.name == model.outputs.front().layer; });
  return static_cast<std::size_t>(found - model.layers.begin());
}

// Layers are in topological order: a layer is a cut if no connection leads from before it to behind it, counting only
// layers that lead to the output.
std::vector<char> cuts(const std::vector<std::vector<std::size_t>>& sources, std::size_t output) {
  std::vector<char> leads(sources.size(), 0);
  leads[output] = 1;
  for (std::size_t i = output + 1; i-- > 0;) {
    if (!leads[i]) continue;
    for (const std::size_t source : sources[i]) leads[source] = 1;
  }
  std::vector<char> cut = leads;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!leads[i]) continue;
    for (const std::size_t source : sources[i]) {
      for (std::size_t jumped = source + 1; jumped < i; ++jumped) cut[jumped] = 0;
    }
    // A second input joins here: what lies before it is not on every way.
    if (sources[i].empty() && i > 0) std::fill(cut.begin(), cut.begin() + static_cast<std::ptrdiff_t>(i) + 1, 0);
  }
  return cut;
}

}  // namespace

Chain find_chain(const Model& model, const std::vector<char>& has_kernel) {
  const std::vector<std::vector<std::size_t>> sources = connections(model);
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  using Length = std::pair<int, int>;  // kernels, layers
  std::vector<Length> longest(sources.size());
  std::vector<std::size_t> previous(sources.size(), kNone);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    Length best{0, 0};
    for (const std::size_t source : sources[i]) {
      if (previous[i] == kNone || longest[source] > best) {
        best = longest[source];
        previous[i] = source;
      }
    }
    longest[i] = {best.first + (has_kernel[i] ? 1 : 0), best.second + 1};
  }
  Chain chain;
  const std::size_t output = output_layer(model);
  for (std::size_t i = output; i != kNone; i = previous[i]) chain.layers.push_back(i);
  std::reverse(chain.layers.begin(), chain.layers.end());
  for (const std::size_t layer : chain.layers) {
    if (has_kernel[layer]) chain.path.push_back(layer);
  }
  chain.cut = cuts(sources, output);
  return chain;
}

}  // namespace evenflow
