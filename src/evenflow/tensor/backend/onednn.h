// oneDNN's plans. Version 2 of its interface; what version 3 changed is used in onednn.cpp only.
#pragma once

#include "evenflow/tensor/backend/backend.h"

namespace evenflow::backend::onednn {

Plan plan_matmul(const MatmulShape& shape, const Epilogue& epilogue);
Plan plan_conv2d(const Conv2dShape& shape, const Epilogue& epilogue);
Plan plan_conv2d_input_gradient(const Conv2dShape& shape);
Plan plan_conv2d_kernel_gradient(const Conv2dShape& shape);
Plan plan_average_pool2d(const Pool2dShape& shape);
Plan plan_average_pool2d_gradient(const Pool2dShape& shape);

}  // namespace evenflow::backend::onednn
