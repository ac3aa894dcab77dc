// K. He et al., "Delving deep into rectifiers", ICCV 2015.
#include "evenflow/cure/replace_activation.h"

namespace evenflow::remedy_items {

extern const Remedy relu;
constinit const Remedy relu{
    .id = "relu",
    .kind = RemedyKind::activation,
    .summary = "ReLU with He initialization in the hidden layers",
    .effect = "keeps the gradient's size at any depth: -0.02 decades over 30 layers",
    .treats = "vanishing exploding saturation slow",
    .cost = 2,
    .apply = [](const Case& c) { return replace_activation(c, "relu"); },
};

}  // namespace evenflow::remedy_items
