"""What real Keras computes for every layer: outputs and gradients on fixed inputs and weights.

    KERAS_BACKEND=jax python tests/golden/make_layer_golden.py > tests/golden/layers.json

Further cases stand in scripts of their own that import this one; layer_test.cpp reads every tests/golden/layers*.json.

g(shape, s)[k] = float32(sin(0.37 (k + 1) + s)). Input i is g(shape, 0.7 i), weight j is g(shape, 1 + j), absolute plus
0.5 for a moving variance. S = sum(y g(y.shape, 5)). A summary is [sum, sum of squares, first three elements].
"""
import inspect
import copy
import json

import jax
import keras
import numpy as np
from keras.src.backend.common.masking import get_keras_mask, set_keras_mask

IMAGE = [2, 6, 5, 4]
CASES = [
    # name, layer, configuration, input shapes, training
    ("Dense(3,gelu)", "Dense", {"units": 3, "activation": "gelu"}, [[2, 4]], False),
    ("Dense(3,no bias)", "Dense", {"units": 3, "use_bias": False}, [[2, 4]], False),
    ("Dense(3,tanh) on sequences", "Dense", {"units": 3, "activation": "tanh"}, [[2, 5, 4]], False),
    ("Dense(3,softmax)", "Dense", {"units": 3, "activation": "softmax"}, [[2, 4]], False),
    ("Activation(silu)", "Activation", {"activation": "silu"}, [[3, 4]], False),
    ("Activation(softmax)", "Activation", {"activation": "softmax"}, [[3, 4]], False),
    ("Activation(log_softmax)", "Activation", {"activation": "log_softmax"}, [[3, 4]], False),
    ("ReLU", "ReLU", {}, [[3, 4]], False),
    ("ReLU(.5,.1,.2)", "ReLU", {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.2}, [[3, 4]], False),
    ("LeakyReLU", "LeakyReLU", {}, [[3, 4]], False),
    ("LeakyReLU(.05)", "LeakyReLU", {"negative_slope": 0.05}, [[3, 4]], False),
    ("ELU(.7)", "ELU", {"alpha": 0.7}, [[3, 4]], False),
    ("PReLU", "PReLU", {}, [[2, 3, 3, 4]], False),
    ("PReLU(shared[1,2])", "PReLU", {"shared_axes": [1, 2]}, [[2, 3, 3, 4]], False),
    ("Softmax", "Softmax", {}, [[3, 4]], False),
    ("Softmax(axis 1)", "Softmax", {"axis": 1}, [[2, 3, 4]], False),
    ("BatchNormalization(train)", "BatchNormalization", {}, [[3, 4, 2, 5]], True),
    ("BatchNormalization(infer)", "BatchNormalization", {}, [[3, 4, 2, 5]], False),
    ("BatchNormalization(train, frozen)", "BatchNormalization", {"trainable": False}, [[3, 5]], True),
    ("BatchNormalization(train, no scale, axis 1)", "BatchNormalization", {"scale": False, "axis": 1, "momentum": 0.6, "epsilon": 0.01}, [[3, 4, 5]], True),
    ("BatchNormalization(train, no center)", "BatchNormalization", {"center": False}, [[4, 5]], True),
    ("LayerNormalization", "LayerNormalization", {}, [[3, 7]], False),
    ("LayerNormalization([1,2])", "LayerNormalization", {"axis": [1, 2], "epsilon": 0.01}, [[3, 4, 2]], False),
    ("LayerNormalization(no scale)", "LayerNormalization", {"scale": False}, [[3, 2, 4]], False),
    ("Dropout(infer)", "Dropout", {"rate": 0.5}, [[3, 4]], False),
    ("GaussianNoise(infer)", "GaussianNoise", {"stddev": 0.5}, [[3, 4]], False),
    ("Flatten", "Flatten", {}, [[2, 3, 2, 2]], False),
    ("Reshape(2,-1)", "Reshape", {"target_shape": [2, -1]}, [[2, 3, 4]], False),
    ("Permute(2,1)", "Permute", {"dims": [2, 1]}, [[2, 3, 4]], False),
    ("Identity", "Identity", {}, [[2, 3]], False),
    ("Rescaling(.5,-1)", "Rescaling", {"scale": 0.5, "offset": -1.0}, [[2, 3]], False),
    ("Conv2D(3,3,s2,same)", "Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, [IMAGE], False),
    ("Conv2D(4,2,groups2,valid)", "Conv2D", {"filters": 4, "kernel_size": 2, "groups": 2}, [IMAGE], False),
    ("Conv2D(2,(3,2),dilation(2,1),relu)", "Conv2D", {"filters": 2, "kernel_size": [3, 2], "dilation_rate": [2, 1], "padding": "same", "activation": "relu"}, [IMAGE], False),
    ("Conv2D(3,1,no bias)", "Conv2D", {"filters": 3, "kernel_size": 1, "use_bias": False}, [IMAGE], False),
    ("MaxPooling2D(3,s2,same)", "MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [[2, 6, 5, 2]], False),
    ("MaxPooling2D", "MaxPooling2D", {}, [[2, 6, 5, 2]], False),
    ("AveragePooling2D(3,s2,same)", "AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [[2, 6, 5, 2]], False),
    ("AveragePooling2D((2,3))", "AveragePooling2D", {"pool_size": [2, 3]}, [[2, 6, 5, 2]], False),
    ("GlobalAveragePooling2D", "GlobalAveragePooling2D", {}, [[2, 3, 4, 2]], False),
    ("GlobalAveragePooling2D(keepdims)", "GlobalAveragePooling2D", {"keepdims": True}, [[2, 3, 4, 2]], False),
    ("GlobalMaxPooling2D", "GlobalMaxPooling2D", {}, [[2, 3, 4, 2]], False),
    ("GlobalMaxPooling2D(keepdims)", "GlobalMaxPooling2D", {"keepdims": True}, [[2, 3, 4, 2]], False),
    ("ZeroPadding2D", "ZeroPadding2D", {}, [[2, 3, 4, 2]], False),
    ("ZeroPadding2D((1,2))", "ZeroPadding2D", {"padding": [1, 2]}, [[2, 3, 4, 2]], False),
    ("ZeroPadding2D(((1,0),(2,3)))", "ZeroPadding2D", {"padding": [[1, 0], [2, 3]]}, [[2, 3, 4, 2]], False),
    ("Add", "Add", {}, [[2, 3], [2, 3], [2, 3]], False),
    ("Add of unequal ranks", "Add", {}, [[2, 3, 4], [2, 4]], False),
    ("Subtract", "Subtract", {}, [[2, 3], [2, 1]], False),
    ("Multiply", "Multiply", {}, [[2, 3, 4], [2, 1, 4]], False),
    ("Average", "Average", {}, [[2, 3], [2, 3], [2, 3]], False),
    ("Maximum", "Maximum", {}, [[2, 3], [2, 3]], False),
    ("Minimum", "Minimum", {}, [[2, 3], [2, 3]], False),
    ("Concatenate", "Concatenate", {}, [[2, 3], [2, 4]], False),
    ("Concatenate(axis 1)", "Concatenate", {"axis": 1}, [[2, 3, 4], [2, 1, 4]], False),
]


def g(shape, s):
    k = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(0.37 * (k + 1) + s).astype(np.float32).reshape(shape)


def summary(values, elements=3):
    flat = np.asarray(values, dtype=np.float64).ravel()
    numbers = [flat.sum(), (flat**2).sum(), *flat[:elements]]
    return [float(f"{n:.7g}") for n in numbers]


def run(name, kind, config, shapes, training, masks=(), call=None, ids=None):
    """`masks`: per input a list of rows of 0 and 1, or None. `call`: further arguments. `ids`: what the one input holds
    instead of g: integers, by which nothing is differentiated."""
    layer = getattr(keras.layers, kind).from_config(copy.deepcopy(config))
    inputs = [g(shape, 0.7 * i) for i, shape in enumerate(shapes)] if ids is None else [np.array(ids)]
    differentiate_by = (0, 1) if ids is None else 1
    takes_list = "query" not in inspect.signature(layer.call).parameters

    def arguments(xs):
        for x, mask in zip(xs, masks):
            if mask is not None:
                set_keras_mask(x, np.array(mask, dtype=bool))
        return [xs] if len(xs) > 1 and takes_list else xs

    symbols = [keras.KerasTensor(x.shape, x.dtype) for x in inputs]
    layer(*([symbols] if len(symbols) > 1 and takes_list else symbols))  # builds it
    for j, weight in enumerate(layer.weights):
        value = g(weight.shape, 1 + j)
        weight.assign(np.abs(value) + 0.5 if weight.name in ("moving_variance", "variance") else value)
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()  # Normalization reads its weights here
    trainable = [w.value for w in layer.trainable_variables]
    fixed = [w.value for w in layer.non_trainable_variables]
    keywords = {"training": training} if "training" in inspect.signature(layer.call).parameters else {}
    keywords.update(call or {})

    def scalar(xs, ws):
        # Not stateless_call: that one does without masks.
        known = zip(layer.trainable_variables + layer.non_trainable_variables, ws + fixed)
        with keras.StatelessScope(state_mapping=list(known)) as scope:
            y = layer(*arguments(xs), **keywords)
        y, more = (y[0], list(y[1:])) if isinstance(y, (tuple, list)) else (y, [])
        updated = [scope.get_current_value(v) for v in layer.non_trainable_variables]
        state = [old if new is None else new for new, old in zip(updated, fixed)]
        return (y * g(y.shape, 5)).sum(), (y, more, state, get_keras_mask(y))

    both = jax.jit(jax.value_and_grad(scalar, differentiate_by, has_aux=True))
    (_, (y, more, state, mask)), slopes = both(inputs, trainable)
    dx, dw = slopes if ids is None else ([], slopes)
    case = {"name": name, "type": kind, "config": config, "inputs": shapes, "training": training,
            "output": list(y.shape), "y": summary(y), "dx": [summary(d) for d in dx],
            "weights": [list(w.shape) for w in layer.weights], "dw": [summary(d, 0) for d in dw]}
    if more:
        case["more"] = [summary(value) for value in more]
    if call:
        case["call"] = call
    if ids is not None:
        case["ids"] = ids
    if masks or mask is not None:
        case["masks"] = masks
        case["mask"] = None if mask is None else np.asarray(mask).astype(int).tolist()
    if training and layer.trainable:
        case["after"] = [summary(v) for v, w in zip(state, layer.non_trainable_variables) if w.name.startswith("moving")]
    return case


def write(cases):
    lines = []
    for case in cases:
        try:
            lines.append(json.dumps(run(*case)))
        except Exception as error:
            raise SystemExit(f"{case[0]}: {error}") from error
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    write(CASES)
