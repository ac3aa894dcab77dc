"""What real Keras's optimizers do to two variables in ten steps, with every clipping and every common setting.

    KERAS_BACKEND=jax python tests/golden/make_optimizer_golden.py > tests/golden/optimizers.json

g(shape, s)[k] = float32(sin(0.37 (k + 1) + s)). The variables are a = g((3, 4), 1) and b = 0.3 g((5,), 2); step t has
the gradients 0.7^(t % 3) g((3, 4), 3 + 1.3 t) and 0.7^(t % 3) g((5,), 4 + 1.3 t), times the loss scale where there is one.
"""
import json

import keras
import numpy as np

STEPS = 10
OPTIMIZERS = [
    ("SGD", {}), ("SGD", {"momentum": 0.9}), ("SGD", {"momentum": 0.9, "nesterov": True}), ("Adam", {}),
    ("Adam", {"amsgrad": True}), ("AdamW", {}), ("Adamax", {}), ("Nadam", {}), ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}), ("Adagrad", {}), ("Adadelta", {}), ("Lion", {}), ("Adafactor", {}),
    ("Ftrl", {}),
]
CLIPPINGS = [{}, {"clipnorm": 0.5}, {"global_clipnorm": 0.7}, {"clipvalue": 0.3}]
EMA = {"use_ema": True, "ema_momentum": 0.8}
SPECIAL = [
    ("Ftrl", {"learning_rate_power": -0.7, "l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2,
              "l2_shrinkage_regularization_strength": 0.3, "beta": 0.4}),
    ("Adafactor", {"relative_step": False, "beta_2_decay": -0.6, "clip_threshold": 0.8, "weight_decay": 0.1}),
    ("Ftrl", {"weight_decay": 0.1}),
    ("Nadam", {"beta_1": 0.7, "beta_2": 0.9}),
    ("SGD", {"weight_decay": 0.1, "clipnorm": 0.5}),
    ("Adam", {"loss_scale_factor": 64.0, "clipnorm": 0.5}),
    ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 3, "clipnorm": 0.5, "weight_decay": 0.1}),
    ("Adam", {"gradient_accumulation_steps": 2, "global_clipnorm": 0.7}),
    ("Nadam", {"gradient_accumulation_steps": 4}),
    ("SGD", {**EMA}),
    ("SGD", {**EMA, "ema_overwrite_frequency": 4}),
    ("Adam", {**EMA, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2}),
]
CONSTRAINTS = [("MaxNorm", {"max_value": 1.1}), ("MaxNorm", {"max_value": 1.5, "axis": 1}), ("UnitNorm", {}),
               ("NonNeg", {}), ("MinMaxNorm", {"min_value": 0.9, "max_value": 1.2, "rate": 0.5, "axis": [0, 1]})]
CASES = ([(kind, {**config, **clipping}, None) for kind, config in OPTIMIZERS for clipping in CLIPPINGS] +
         [(kind, config, None) for kind, config in SPECIAL] + [("SGD", {"momentum": 0.9}, c) for c in CONSTRAINTS] +
         [("Adam", {**EMA, "ema_overwrite_frequency": 3, "gradient_accumulation_steps": 2}, CONSTRAINTS[0])])


def g(shape, s):
    k = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(0.37 * (k + 1) + s).astype(np.float32).reshape(shape)


def rounded(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, dtype=np.float64).ravel()]


def run(kind, config, constraint):
    a, b = keras.Variable(g((3, 4), 1)), keras.Variable(np.float32(0.3) * g((5,), 2))
    if constraint:
        a.constraint = getattr(keras.constraints, constraint[0])(**constraint[1])
    optimizer = getattr(keras.optimizers, kind)(**{"learning_rate": 0.05, **config})
    scale = np.float32(config.get("loss_scale_factor", 1))
    states = []
    for t in range(STEPS):
        factor = np.float32(0.7 ** (t % 3)) * scale
        optimizer.apply([factor * g((3, 4), 3 + 1.3 * t), factor * g((5,), 4 + 1.3 * t)], [a, b])
        states.append(rounded(a.numpy()) + rounded(b.numpy()))
    variables = [rounded(v.numpy()) for v in optimizer.variables[2:]]
    result = {"optimizer": {"class_name": kind, "config": {"learning_rate": 0.05, **config}}, "states": states,
              "variables": variables}
    if constraint:
        result["constraint"] = {"class_name": constraint[0], "config": constraint[1]}
    return result


print("[\n" + ",\n".join(json.dumps(run(*case)) for case in CASES) + "\n]")
