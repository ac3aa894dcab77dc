"""What real Keras computes in five training steps of small networks.

    KERAS_BACKEND=jax python tests/golden/make_training_golden.py > tests/golden/training.json

g(shape, s)[k] = float32(sin(0.37 (k + 1) + s)). Weight j of a model starts as 0.8 g(shape, 1 + j), absolute plus 0.5 for
a moving variance; x = g((6, 4), 0); targets are g((6, 3), 7), or class i mod 3 for sample i. JAX clips probabilities
(CrossEntropyPath::clipped) unless the model's loss is fed with logits.
"""
import json

import keras
import numpy as np

STEPS = 5


def net(output, regularizer=None, normalized=False, frozen=False):
    layers = [("Dense", {"units": 5, "activation": "tanh", "kernel_regularizer": regularizer, "trainable": not frozen})]
    if normalized:
        layers.append(("BatchNormalization", {}))
    layers.append(("Dense", {"units": 3, "activation": output}))
    return layers


MSE = ("linear", "mean_squared_error")
CCE = ("softmax", "categorical_crossentropy")
SCCE = ("softmax", "sparse_categorical_crossentropy")
BCE = ("sigmoid", "binary_crossentropy")
L2 = {"class_name": "L2", "config": {"l2": 0.05}}
L1L2 = {"class_name": "L1L2", "config": {"l1": 0.02, "l2": 0.03}}
CASES = [
    # name, (output activation, loss), optimizer, its configuration, network
    ("mse, SGD", MSE, "SGD", {"learning_rate": 0.1}, {}),
    ("mse, SGD with momentum", MSE, "SGD", {"learning_rate": 0.1, "momentum": 0.9}, {}),
    ("mse, SGD with Nesterov momentum", MSE, "SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}, {}),
    ("mse, SGD with clipnorm", MSE, "SGD", {"learning_rate": 0.5, "clipnorm": 0.1}, {}),
    ("mse, SGD with global_clipnorm", MSE, "SGD", {"learning_rate": 0.5, "global_clipnorm": 0.1}, {}),
    ("mse, SGD with global_clipnorm above the norm", MSE, "SGD", {"learning_rate": 0.1, "global_clipnorm": 1000.0}, {}),
    ("mse, SGD with clipvalue", MSE, "SGD", {"learning_rate": 0.5, "clipvalue": 0.03}, {}),
    ("mse, SGD with weight decay", MSE, "SGD", {"learning_rate": 0.1, "weight_decay": 0.1}, {}),
    ("mse, Adam", MSE, "Adam", {"learning_rate": 0.05}, {}),
    ("mse, Adam with clipnorm", MSE, "Adam", {"learning_rate": 0.05, "clipnorm": 0.1}, {}),
    ("mse, AdamW", MSE, "AdamW", {"learning_rate": 0.05, "weight_decay": 0.05}, {}),
    ("mse, RMSprop with momentum", MSE, "RMSprop", {"learning_rate": 0.01, "momentum": 0.9, "centered": True}, {}),
    ("mse, Adagrad", MSE, "Adagrad", {"learning_rate": 0.1}, {}),
    ("mse, L2", MSE, "SGD", {"learning_rate": 0.1, "momentum": 0.9}, {"regularizer": L2}),
    ("mse, L1L2", MSE, "SGD", {"learning_rate": 0.1}, {"regularizer": L1L2}),
    ("mse, frozen layer", MSE, "SGD", {"learning_rate": 0.1}, {"regularizer": L2, "frozen": True}),
    ("mse, batch normalization", MSE, "Adam", {"learning_rate": 0.05}, {"normalized": True}),
    ("categorical cross-entropy, SGD with momentum", CCE, "SGD", {"learning_rate": 0.5, "momentum": 0.9}, {}),
    ("categorical cross-entropy, Adam", CCE, "Adam", {"learning_rate": 0.05}, {}),
    ("sparse categorical cross-entropy, SGD", SCCE, "SGD", {"learning_rate": 0.5}, {}),
    ("binary cross-entropy, SGD", BCE, "SGD", {"learning_rate": 0.5}, {}),
]
METRIC = {"mean_squared_error": "mean_absolute_error"}


def g(shape, s):
    k = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(0.37 * (k + 1) + s).astype(np.float32).reshape(shape)


def target(loss):
    classes = np.arange(6) % 3
    if loss == "mean_squared_error":
        return g((6, 3), 7)
    return classes.astype(np.float32) if loss.startswith("sparse") else np.eye(3, dtype=np.float32)[classes]


def rounded(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, dtype=np.float64).ravel()]


def make_layer(kind, config):
    config = dict(config)
    regularizer = config.get("kernel_regularizer")
    if regularizer:
        config["kernel_regularizer"] = getattr(keras.regularizers, regularizer["class_name"])(**regularizer["config"])
    return getattr(keras.layers, kind)(**config)


def run(name, ends, optimizer, settings, options):
    activation, loss = ends
    layers = net(activation, **options)
    model = keras.Sequential([keras.Input((4,))] + [make_layer(kind, config) for kind, config in layers])
    for j, weight in enumerate(model.weights):
        value = 0.8 * g(weight.shape, 1 + j)
        weight.assign(np.abs(value) + 0.5 if weight.name == "moving_variance" else value)
    metric = METRIC.get(loss, "accuracy")
    model.compile(getattr(keras.optimizers, optimizer)(**settings), loss, metrics=[metric])
    x, y = g((6, 4), 0), target(loss)
    history = [model.fit(x, y, batch_size=6, shuffle=False, verbose=0).history for _ in range(STEPS)]
    return {"name": name, "layers": [{"type": kind, "config": config} for kind, config in layers], "loss": loss,
            "metric": metric, "optimizer": {"class_name": optimizer, "config": settings},
            "losses": rounded([h["loss"][0] for h in history]), "metrics": rounded([h[metric][0] for h in history]),
            "weights": [rounded(w.numpy()) for w in model.weights]}


print("[\n" + ",\n".join(json.dumps(run(*case)) for case in CASES) + "\n]")
