"""What real Keras does with masks in layers that pass, merge or use them; see make_layer_golden.py.

    KERAS_BACKEND=jax python tests/golden/make_mask_golden.py > tests/golden/layers_masked.json
"""
from make_layer_golden import write

A = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0]]
B = [[1, 1, 0, 0, 1], [0, 1, 1, 1, 1]]
SHORT = [[1, 0], [1, 1]]
X = [2, 5, 3]
CASES = []


def case(kind, config, shapes, masks, training=False):
    CASES.append((f"{kind} {config} masked {len(CASES)}", kind, config, shapes, training, masks))


for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
    case(kind, {}, [X, X], [A, B])
    case(kind, {}, [X, X], [None, B])
case("Multiply", {}, [X, X, X], [A, None, B])
case("Maximum", {}, [X, X, X], [A, B, A])
case("Maximum", {}, [X, X], [A, None])
case("Minimum", {}, [X, X, X], [A, None, B])
case("Concatenate", {}, [X, X], [A, B])
case("Concatenate", {"axis": 1}, [X, [2, 2, 3]], [A, SHORT])
case("Concatenate", {"axis": 1}, [X, [2, 2, 3]], [None, SHORT])
case("Dot", {"axes": 2}, [X, X], [A, B])
case("GlobalAveragePooling1D", {}, [X], [A])
case("GlobalAveragePooling1D", {"keepdims": True}, [X], [A])
case("GlobalMaxPooling1D", {}, [X], [A])
case("BatchNormalization", {}, [X], [A], True)
case("BatchNormalization", {"momentum": 0.5, "scale": False}, [X], [B], True)
case("BatchNormalization", {"center": False}, [X], [A], False)
for kind, config in (("Dense", {"units": 2}), ("Activation", {"activation": "tanh"}), ("ReLU", {}), ("LeakyReLU", {}), ("ELU", {}),
                     ("PReLU", {}), ("Dropout", {"rate": 0.5}), ("SpatialDropout1D", {"rate": 0.5}), ("GaussianNoise", {"stddev": 1.0}),
                     ("GaussianDropout", {"rate": 0.5}), ("AlphaDropout", {"rate": 0.5}), ("LayerNormalization", {}),
                     ("GroupNormalization", {"groups": 3}), ("UnitNormalization", {}), ("RMSNormalization", {}), ("Identity", {}),
                     ("Rescaling", {"scale": 2.0, "offset": 0.0}), ("Normalization", {}), ("ActivityRegularization", {"l2": 0.1}),
                     ("Conv1D", {"filters": 2, "kernel_size": 2}), ("MaxPooling1D", {}), ("Flatten", {}), ("Permute", {"dims": [2, 1]}),
                     ("Reshape", {"target_shape": [3, 5]}), ("ZeroPadding1D", {}), ("Cropping1D", {}), ("UpSampling1D", {})):
    case(kind, config, [X], [A])

write(CASES)
