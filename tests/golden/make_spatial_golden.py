"""What real Keras computes for convolutions, poolings and the simple layers around them; see make_layer_golden.py.

    KERAS_BACKEND=jax python tests/golden/make_spatial_golden.py > tests/golden/layers_spatial.json
"""
from make_layer_golden import write

SEQUENCE = [2, 7, 4]
IMAGE = [2, 5, 6, 4]
FIRST = {"data_format": "channels_first"}
CASES = []


def case(kind, config, shape, training=False, inputs=1):
    text = ", ".join(f"{key}={value}" for key, value in config.items())
    shapes = shape if isinstance(shape[0], list) else [shape]
    CASES.append((f"{kind}({text}){' train' if training else ''} on {shapes}", kind, config, shapes, training))


for config in ({"kernel_size": 3}, {"kernel_size": 3, "strides": 2, "padding": "same", "activation": "gelu"},
               {"kernel_size": 2, "padding": "causal", "dilation_rate": 2}, {"kernel_size": 2, "strides": 2, "padding": "causal"},
               {"kernel_size": [3], "groups": 2, "use_bias": False}):
    case("Conv1D", {"filters": 6, **config}, SEQUENCE)
case("Conv1D", {"filters": 3, "kernel_size": 2, **FIRST, "activation": "tanh"}, [2, 4, 5])
case("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2, "padding": "same", **FIRST}, [2, 4, 5, 6])
case("Conv2D", {"filters": 3, "kernel_size": [2, 3], "dilation_rate": [2, 1], "activation": "softmax"}, IMAGE)

for config in ({"kernel_size": 3}, {"kernel_size": [2, 3], "strides": 2, "padding": "same", "depth_multiplier": 2},
               {"kernel_size": 2, "dilation_rate": 2, "depth_multiplier": 3, "activation": "tanh", "use_bias": False}):
    case("DepthwiseConv2D", config, IMAGE)
    case("SeparableConv2D", {"filters": 3, **config}, IMAGE)
for config in ({"kernel_size": 3}, {"kernel_size": 2, "strides": 2, "padding": "same", "depth_multiplier": 2}):
    case("DepthwiseConv1D", config, SEQUENCE)
    case("SeparableConv1D", {"filters": 3, **config}, SEQUENCE)
case("DepthwiseConv2D", {"kernel_size": 3, "padding": "same", **FIRST}, [2, 3, 4, 5])
case("SeparableConv1D", {"filters": 2, "kernel_size": 2, **FIRST}, [2, 3, 5])

for padding in ("valid", "same"):
    for kernel, stride in ((3, 1), (3, 2), (2, 2), (2, 3), (1, 2), (4, 3)):
        case("Conv1DTranspose", {"filters": 2, "kernel_size": kernel, "strides": stride, "padding": padding}, [2, 4, 3])
    case("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": padding, "output_padding": 1}, [2, 4, 3])
    case("Conv1DTranspose", {"filters": 2, "kernel_size": 2, "strides": 3, "padding": padding, "output_padding": 0}, [2, 4, 3])
    case("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": padding, "activation": "tanh"}, [2, 4, 3])
    case("Conv2DTranspose", {"filters": 3, "kernel_size": [3, 2], "strides": [2, 1], "padding": padding}, [2, 3, 4, 2])
case("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": [1, 0], "use_bias": False}, [2, 3, 4, 2])
case("Conv2DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2, "activation": "relu", **FIRST}, [2, 3, 2, 4])
case("Conv2DTranspose", {"filters": 2, "kernel_size": 2, "dilation_rate": [2, 3]}, [2, 3, 2, 4])

for kind in ("Max", "Average"):
    case(f"{kind}Pooling1D", {"pool_size": 2}, SEQUENCE)
    case(f"{kind}Pooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, SEQUENCE)
    case(f"{kind}Pooling1D", {"pool_size": [2], "strides": [1], **FIRST}, SEQUENCE)
    case(f"{kind}Pooling2D", {"pool_size": [2, 3], "strides": 2, **FIRST}, [2, 3, 5, 6])
    for keep in (False, True):
        case(f"Global{kind}Pooling1D", {"keepdims": keep}, SEQUENCE)
        case(f"Global{kind}Pooling2D", {"keepdims": keep, **FIRST}, [2, 2, 3, 4])
    case(f"Global{kind}Pooling1D", FIRST, SEQUENCE)

for kind, shape in (("Dropout", [3, 4]), ("AlphaDropout", [3, 4]), ("GaussianDropout", [3, 4]), ("SpatialDropout1D", [2, 3, 4]),
                    ("SpatialDropout2D", IMAGE)):
    case(kind, {"rate": 0.4}, shape)
    case(kind, {"rate": 0.0}, shape, True)
case("SpatialDropout2D", {"rate": 0.4, **FIRST}, IMAGE)

case("GroupNormalization", {"groups": 2}, [2, 3, 4])
case("GroupNormalization", {"groups": 2, "epsilon": 0.01}, IMAGE)
case("GroupNormalization", {"groups": -1, "scale": False}, IMAGE)
case("GroupNormalization", {"groups": 1, "center": False}, IMAGE)
case("GroupNormalization", {"groups": 3, "axis": 1}, [2, 6, 2, 3])
case("GroupNormalization", {"groups": 2, "axis": 2}, [2, 3, 4, 3])
case("GroupNormalization", {"groups": 2}, [3, 6])
case("LayerNormalization", {"axis": 1}, [2, 3, 4])
case("LayerNormalization", {"axis": [3, 1]}, [2, 3, 2, 4])
case("LayerNormalization", {"axis": [1, 2], "center": False}, [2, 3, 4, 2])
case("RMSNormalization", {}, [3, 7])
case("RMSNormalization", {"epsilon": 0.01}, [2, 3, 4])
case("RMSNormalization", {"axis": [1, 2]}, [2, 3, 4])
case("UnitNormalization", {}, [3, 5])
case("UnitNormalization", {"axis": [1, 2]}, [2, 3, 4])
case("UnitNormalization", {"axis": 1}, [2, 3, 4])

case("RepeatVector", {"n": 3}, [2, 4])
case("Permute", {"dims": [3, 1, 2]}, [2, 3, 4, 2])
case("Flatten", FIRST, [2, 3, 4, 2])
case("Flatten", FIRST, [2, 3])
case("Cropping1D", {}, SEQUENCE)
case("Cropping1D", {"cropping": [2, 1]}, SEQUENCE)
case("Cropping2D", {"cropping": 1}, IMAGE)
case("Cropping2D", {"cropping": [[1, 0], [2, 3]]}, IMAGE)
case("Cropping2D", {"cropping": [1, 2], **FIRST}, [2, 3, 5, 6])
case("ZeroPadding1D", {}, SEQUENCE)
case("ZeroPadding1D", {"padding": [2, 0]}, SEQUENCE)
case("ZeroPadding2D", {"padding": [[1, 0], [2, 3]], **FIRST}, [2, 3, 4, 2])
case("UpSampling1D", {"size": 3}, SEQUENCE)
case("UpSampling2D", {}, [2, 3, 4, 2])
case("UpSampling2D", {"size": [1, 3], **FIRST}, [2, 2, 3, 4])
for interpolation in ("bilinear", "bicubic"):
    case("UpSampling2D", {"interpolation": interpolation}, [2, 3, 4, 2])
    case("UpSampling2D", {"interpolation": interpolation, "size": [3, 2]}, [1, 5, 1, 2])
case("Rescaling", {"scale": [0.5, 2.0, 3.0], "offset": [1.0, 0.0, -1.0]}, [2, 4, 3])
case("Rescaling", {"scale": 2.0, "offset": [1.0, 0.0, -1.0]}, [2, 3])
case("Normalization", {}, [3, 4])
case("Normalization", {"invert": True}, [2, 3, 4])
case("Normalization", {"axis": [1, 2]}, [2, 3, 4])
case("Normalization", {"axis": []}, [2, 3, 4])
case("Normalization", {"mean": 0.5, "variance": 2.0}, [3, 4])
case("Normalization", {"axis": [1, 2], "mean": [1.0, 2.0], "variance": [0.0, 3.0]}, [2, 3, 2])
case("Normalization", {"axis": [1], "mean": [1.0, 2.0, 3.0], "variance": [4.0, 5.0, 6.0], "invert": True}, [2, 3, 2])
case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, [3, 4])
case("Subtract", {}, [[2, 3, 4], [2, 4]])
case("Maximum", {}, [[2, 3], [2, 3], [2, 1]])
case("Minimum", {}, [[2, 3, 4], [2, 4]])
case("Dot", {"axes": 1}, [[3, 4], [3, 4]])
case("Dot", {"axes": [1, 2]}, [[2, 4], [2, 3, 4]])
case("Dot", {"axes": -1}, [[2, 3, 4], [2, 5, 4]])
case("Dot", {"axes": [2, 1]}, [[2, 3, 4], [2, 4, 5]])
case("Dot", {"axes": [1, 1], "normalize": True}, [[2, 4, 3], [2, 4, 2]])
case("Dot", {"axes": 1, "normalize": True}, [[3, 4], [3, 4]])
case("Dot", {"axes": [2, 3]}, [[2, 3, 4], [2, 2, 3, 4]])

write(CASES)
