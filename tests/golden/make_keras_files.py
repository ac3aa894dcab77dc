#!/usr/bin/env python3
"""Writes tests/golden/keras/: small model files by real Keras, each with inputs and Keras's own predictions.

    pip install "keras>=3.3" jax h5py && KERAS_BACKEND=jax python tests/golden/make_keras_files.py

Committed files were written by Keras 3.15.1 (jax). NAME.json beside each model holds the inputs and the predictions.
"""
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "jax")

import h5py  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

OUT = pathlib.Path(__file__).parent / "keras"


def train(model, rng, steps=3):
    """A few steps, so that weights, moving statistics and optimizer slots are not what they were at the start."""
    x = rng.normal(size=(16,) + model.input_shape[1:]).astype("float32")
    y = model.predict(x, verbose=0)
    if model.loss == "sparse_categorical_crossentropy":
        y = rng.integers(0, y.shape[-1], size=(16, 1))
    elif "categorical_crossentropy" in str(model.loss):
        y = np.eye(y.shape[-1])[rng.integers(0, y.shape[-1], size=16)]
    else:
        y = rng.normal(size=y.shape)
    model.fit(x, y, batch_size=8, epochs=steps, verbose=0, shuffle=False)


def save(model, name, rng, ending=".keras"):
    x = rng.normal(size=(4,) + model.input_shape[1:]).astype("float32")
    y = model.predict(x, verbose=0)
    model.save(OUT / (name + ending))
    case = {"input_shape": list(x.shape), "input": [round(float(v), 6) for v in x.ravel()]}
    x = np.array(case["input"], "float32").reshape(x.shape)
    case |= {"output_shape": list(y.shape), "output": [float(v) for v in model.predict(x, verbose=0).ravel()]}
    (OUT / (name + ".json")).write_text(json.dumps(case) + "\n")


def sequential():
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6, activation="tanh", kernel_initializer="he_normal", kernel_regularizer="l2"),
            layers.BatchNormalization(momentum=0.9),
            layers.Dropout(0.25),
            layers.Dense(3, activation="softmax", name="probabilities"),
        ],
        name="small",
    )


def cnn():
    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(4, (2, 2), use_bias=False),
            layers.LeakyReLU(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


def connected():
    """Models beyond chains; the last one has models in it."""
    x = keras.Input((4,), name="x")
    twice = layers.Dense(4, activation="tanh", name="twice")
    other = layers.Dense(4, activation="relu", name="other")
    shared = keras.Model(x, layers.Add()([twice(other(twice(x))), other(x)]), name="shared")

    sequence = keras.Input((6, 3), name="sequence")
    y = layers.Masking(name="padding")(sequence)
    y = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(y)
    y, state = layers.GRU(5, return_sequences=True, return_state=True, reset_after=False, name="gates")(y)
    y = layers.SimpleRNN(5, name="plain")(y, initial_state=state)
    recurrent = keras.Model(sequence, layers.Dense(2)(y), name="recurrent")

    frames = keras.Input((3, 4, 4, 2), name="frames")
    cnn = keras.Sequential([keras.Input((4, 4, 2)), layers.Conv2D(3, 2, activation="relu"), layers.Flatten()], name="cnn")
    y = layers.TimeDistributed(cnn, name="each")(frames)
    time_distributed = keras.Model(frames, layers.Dense(2)(layers.LSTM(4)(y)), name="time_distributed")

    a = keras.Input((4,), name="a")
    block = keras.Model(a, layers.Add()([layers.BatchNormalization(name="norm")(layers.Dense(4, name="inside")(a)), a]),
                        name="block")
    head = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)], name="head")
    b = keras.Input((4,), name="b")
    nested = keras.Model(b, head(block(block(b))), name="nested")
    return {"shared": shared, "recurrent": recurrent, "time_distributed": time_distributed, "nested": nested}


def functional():
    """The layers are made in another order than the one in which Keras stores them."""
    x = keras.Input((5,), name="features")
    late = layers.Dense(4, name="late")
    a = layers.Dense(4, activation="relu", name="left")(x)
    b = layers.Dense(4, activation=keras.layers.LeakyReLU(negative_slope=0.1), name="right")(x)
    b = layers.LayerNormalization()(b)
    joined = layers.Add()([a, b])
    y = layers.Concatenate()([late(joined), a])
    y = y + layers.Dense(8, name="shortcut")(x)
    return keras.Model(x, layers.Dense(2, name="out")(y), name="branches")


def operations():
    """Tensors in expressions and in keras.ops, which are no layers."""
    x = keras.Input((6, 4), name="sequence")
    y = layers.Dense(5, name="first")(x)
    y = keras.ops.relu(y) * 0.5 + keras.ops.tanh(y)
    y = 1.0 - y / 4.0
    last = y[:, -1]
    part = keras.ops.mean(y[:, 1:4], axis=1)
    some = keras.ops.max(keras.ops.transpose(y[..., 2:], (0, 2, 1)), axis=1)
    wide = keras.ops.reshape(keras.ops.expand_dims(last, 1), (-1, 5))
    joined = keras.ops.concatenate([last * part, keras.ops.maximum(wide, part) - last, -some], axis=-1)
    return keras.Model(x, layers.Dense(2, name="out")(joined), name="operations")


def main():
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(7)
    OUT.mkdir(exist_ok=True)

    model = sequential()
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=1.0),
                  "categorical_crossentropy", metrics=["accuracy"])
    train(model, rng)
    save(model, "sequential_sgd", rng)
    save(model, "sequential_legacy", rng, ".h5")
    model.save_weights(OUT / "sequential_sgd.weights.h5")

    model = cnn()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9, staircase=True)
    model.compile(keras.optimizers.Adam(schedule, amsgrad=True, global_clipnorm=2.0), keras.losses.Huber(delta=0.5),
                  metrics=["mae", keras.metrics.MeanSquaredError()])
    train(model, rng)
    save(model, "cnn_adam_schedule", rng)

    model = functional()
    model.get_layer("right").trainable = False
    model.compile(keras.optimizers.AdamW(0.002, weight_decay=0.01, clipvalue=0.5), "mse")
    train(model, rng)
    save(model, "functional_adamw", rng)
    save(model, "functional_legacy", rng, ".h5")

    model = sequential()
    model.compile(keras.optimizers.RMSprop(0.003, momentum=0.5, centered=True), "sparse_categorical_crossentropy",
                  metrics=["acc"])
    train(model, rng)
    save(model, "sequential_rmsprop", rng)

    model = sequential()
    save(model, "sequential_uncompiled", rng)

    for name, model in connected().items():
        model.compile("adam", "mse")
        train(model, rng)
        save(model, name, rng)
    save(model, "nested_legacy", rng, ".h5")

    model = operations()
    model.compile("adam", "mse")
    train(model, rng)
    save(model, "operations", rng)

    x = keras.Input((3,), name="x")
    keras.Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)]).save(OUT / "outputs.keras")
    keras.Sequential([x, layers.Dense(2, dtype="mixed_bfloat16", name="half")]).save(OUT / "unsupported_dtype.keras")

    # HDF5 as other programs write it: chunked and compressed, newer superblocks, other number formats, links.
    values = np.arange(24, dtype="float32").reshape(4, 6)
    for version in ("earliest", "v110"):
        with h5py.File(OUT / f"flavours_{version}.h5", "w", libver=(version, version if version != "earliest" else "latest")) as file:
            file.create_dataset("chunks/gzip", data=values, chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)
            for dtype in ("float16", "float64", ">f4", "int32", "uint8", "int64"):
                file["numbers/" + dtype.replace(">", "big_")] = values.astype(dtype)
            file.create_dataset("chunks/one", data=values, chunks=(4, 6), compression="gzip")
            file.create_dataset("chunks/plain", data=values, chunks=(3, 4))
            file["group/scalar"] = np.int32(42)
            file["links/soft"] = h5py.SoftLink("/chunks/gzip")
            file["links/external"] = h5py.ExternalLink("elsewhere.h5", "/data")
            file.create_dataset("links/elsewhere", (3,), "f4", external=[("elsewhere.bin", 0, 12)])
            file.create_dataset("chunks/bomb", (1 << 28,), "f4", chunks=(1 << 12,), compression="gzip", fillvalue=1)
            file.attrs["fixed"] = np.array([b"one", b"three"], "S5")
            file.attrs["variable"] = np.array(["één", "two"], h5py.string_dtype())
            file.attrs["empty"] = np.array([])
            file.attrs["scalar"] = "text"
            for i in range(12):  # more links than a group of the newer format keeps in its header
                file[f"many/{i}"] = np.float32(i)


if __name__ == "__main__":
    main()
