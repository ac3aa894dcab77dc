#include "evenflow/format/keras/layer_config.h"

#include <gtest/gtest.h>

namespace evenflow::keras {
namespace {

// Keras's Rescaling.from_config reads both keys and raises KeyError without one.
TEST(LayerConfig, RescalingHasItsOffset) {
  const Model model = sequential({Input{{2}}, layer("Rescaling", {{"scale", 0.5}}), Dense{1}});
  const Json entry = layer_entry(model.layers[1], model);
  EXPECT_EQ(entry["config"]["scale"], 0.5);
  EXPECT_EQ(entry["config"]["offset"], 0.0);
}

}  // namespace
}  // namespace evenflow::keras
