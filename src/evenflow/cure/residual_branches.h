// What the residual remedies share: runs of consecutive hidden layers of one width become pre-activation blocks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenflow/cure/remedy.h"
#include "evenflow/cure/rewrite.h"

namespace evenflow {

// z_l = z_(l-1) + scaled(W f(z_(l-1))): an identity from the first pre-activation of a run to its last, so that the
// gradient has a way back that multiplies it by 1 (K. He et al., "Identity mappings in deep residual networks", ECCV
// 2016). `scale(blocks)` is the layer that ends each branch.
Treatment add_residual_branches(const Case& c, const std::function<Layer(std::size_t blocks)>& scale,
                                const std::string& what);

}  // namespace evenflow
