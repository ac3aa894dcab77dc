#!/usr/bin/env python3
"""Whole models by real Keras with the losses of five training steps: tests/golden/whole_models.json, and each model
before its first step in tests/golden/keras/whole_NAME.keras. A model whose file is there already is not made anew.

    KERAS_BACKEND=jax python tests/golden/make_whole_models.py > tests/golden/whole_models.json

Input i is g(shape, 0.7 i) of make_layer_golden.py, or stands in the file (x) where it holds ids; target i is
g(shape, 3 + i), or the one-hot vectors of its largest elements. One batch holds all samples.
"""
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

MODELS = pathlib.Path(__file__).parent / "keras"
SAMPLES = 8


def g(shape, s):
    k = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(0.37 * (k + 1) + s).astype(np.float32).reshape(shape)


def dense():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(16, "relu", kernel_initializer="he_normal"),
                              layers.BatchNormalization(), layers.Dense(16, "tanh", kernel_regularizer="l2"),
                              layers.Dense(3, "softmax")])
    model.compile(keras.optimizers.Adam(0.01, clipnorm=0.5), "categorical_crossentropy", metrics=["accuracy"])
    return model


def cnn():
    model = keras.Sequential([keras.Input((8, 8, 2)), layers.Conv2D(4, 3, padding="same", activation="relu"),
                              layers.MaxPooling2D(), layers.DepthwiseConv2D(3), layers.BatchNormalization(),
                              layers.ReLU(), layers.Flatten(), layers.Dense(3, "softmax")])
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "categorical_crossentropy")
    return model


def lstm():
    model = keras.Sequential([keras.Input((12, 3)), layers.LSTM(8, return_sequences=True), layers.LSTM(6),
                              layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.02, global_clipnorm=1.0), "mse")
    return model


def bidirectional_gru():
    model = keras.Sequential([keras.Input((10, 3)), layers.Bidirectional(layers.GRU(5, return_sequences=True)),
                              layers.TimeDistributed(layers.Dense(4, "gelu")), layers.GlobalAveragePooling1D(),
                              layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.RMSprop(0.01), "mse", metrics=["mae"])
    return model


def branching():
    a, b = keras.Input((4,), name="first"), keras.Input((3,), name="second")
    shared = layers.Dense(5, "tanh", name="shared")
    left = shared(a)
    right = shared(layers.Dense(4, name="widen")(b))
    joined = layers.Concatenate()([left, right, layers.Multiply()([left, right])])
    value = layers.Dense(1, name="value")(joined)
    label = layers.Dense(3, "softmax", name="label")(joined)
    model = keras.Model([a, b], [value, label])
    model.compile(keras.optimizers.AdamW(0.01), loss=["mse", "categorical_crossentropy"], loss_weights=[0.5, 2.0],
                  metrics=[["mae"], ["accuracy"]])
    return model


def transformer():
    tokens, positions = keras.Input((6,), name="tokens"), keras.Input((6,), name="positions")
    x = layers.Add()([layers.Embedding(11, 8, mask_zero=True)(tokens), layers.Embedding(6, 8)(positions)])
    for _ in range(2):
        attended = layers.MultiHeadAttention(2, 4)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, attended]))
        wide = layers.Dense(8)(layers.Dense(16, "gelu")(x))
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, wide]))
    model = keras.Model([tokens, positions], layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(x)))
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    return model


def inputs(model):
    if model.inputs[0].name == "tokens":
        ids = (np.abs(g((SAMPLES, 6), 0)) * 11).astype(int)
        return [ids, np.tile(np.arange(6), (SAMPLES, 1))]
    return [g((SAMPLES, *tensor.shape[1:]), 0.7 * i) for i, tensor in enumerate(model.inputs)]


def targets(model):
    y = []
    for i, tensor in enumerate(model.outputs):
        target = g((SAMPLES, *tensor.shape[1:]), 3 + i)
        y.append(np.eye(3, dtype="float32")[target.argmax(-1)] if tensor.shape[-1] == 3 else target)
    return y


def run(make):
    name = make.__name__
    file = MODELS / f"whole_{name}.keras"
    if not file.exists():
        keras.utils.set_random_seed(3)
        make().save(file)
    model = keras.models.load_model(file)
    x, y = inputs(model), targets(model)
    losses = []
    for _ in range(5):
        model.reset_metrics()
        result = model.train_on_batch(x, y, return_dict=True)
        losses.append({key: float(value) for key, value in result.items()})
    case = {"name": name, "one_hot": [tensor.shape[-1] == 3 for tensor in model.outputs], "steps": losses}
    if x[0].dtype == int:
        case["x"] = [ids.tolist() for ids in x]
    return case


if __name__ == "__main__":
    cases = [run(make) for make in (dense, cnn, lstm, bidirectional_gru, branching, transformer)]
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
