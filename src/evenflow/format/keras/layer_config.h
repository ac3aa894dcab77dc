// Configurations of layers: from any Keras to Model's form, and back to Keras 3's.
#pragma once

#include "evenflow/json.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// A layer as a file holds it, {"class_name", "config"}, without its connections. Its configuration has today's keys
// and only those that differ from Keras's defaults; serialized objects in it are plain {"class_name", "config"}.
// Throws Error naming the layer for what evenflow does not know.
Layer read_layer(const Json& entry, KerasVersion version);

// The layer as Keras 3 serializes it, with no key that its default does not need. `model` says which Keras the
// configuration means; Error(unsupported) for what Keras 3 cannot express.
Json layer_entry(const Layer& layer, const Model& model);

// {"module", "class_name", "config", "registered_name"}
Json keras_object(std::string_view module, std::string_view class_name, Json config);

}  // namespace evenflow::keras
