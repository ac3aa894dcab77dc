// The calls of layers in a functional model's configuration (A.4 of Keras's format).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/json.h"

namespace evenflow::keras {

// One tensor: output `tensor` of the call `node` of a layer.
struct Reference {
  std::string layer;
  std::int64_t node;
  std::int64_t tensor;
};

// One call of a layer or an operation.
struct Call {
  std::vector<Reference> inputs;    // what it computes with, in the order of the layer's own arguments
  std::vector<Reference> masks;     // which time steps count; evenflow's layers hand them on by themselves
  std::vector<Reference> tensors;   // all of these, in the order in which Keras walks them
  Json arguments = Json::object();  // given by name, and no tensors
};

// Of a layer, from Keras 3's {"args", "kwargs"} or Keras 2's list. Throws Error(unsupported) for arguments that no
// layer of evenflow has.
Call read_call(const Json& node);
// Of an operation: nothing but its tensors.
Call read_operation_call(const Json& node);

// Is this argument of Keras 3 a tensor?
bool is_tensor(const Json& argument);

// The leaves of input_layers or output_layers, which may be nested in lists and dictionaries.
std::vector<Reference> read_references(const Json& structure, std::string_view key);

}  // namespace evenflow::keras
