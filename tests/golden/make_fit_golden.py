"""What real Keras's fit does under callbacks, class weights and sample weights.

    KERAS_BACKEND=jax python tests/golden/make_fit_golden.py > tests/golden/fit.json

g(shape, s)[k] = float32(sin(0.37 (k + 1) + s)). The network has 4 inputs, Dense(5, tanh) and Dense(3) with the case's
activation; weight j starts as 0.8 g(shape, 1 + j). x = g((12, 4), 0), targets are g((12, 3), 7) or class (i * i) % 3 of
sample i; validation: x = g((6, 4), 2), targets g((6, 3), 9) or class i % 3. Batches of 5, not shuffled.
"""
import json
import os
import tempfile

import keras
import numpy as np

SGD = ("SGD", {"learning_rate": 0.1})
FAST = ("SGD", {"learning_rate": 0.5, "momentum": 0.3})
EMA = ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7})
CASES = [
    # name, loss, optimizer, epochs, callbacks (class, configuration), other arguments of fit
    ("class weights, one-hot", "categorical_crossentropy", SGD, 4, [], {"class_weight": {0: 1.0, 1: 2.5}}),
    ("class weights, indices", "sparse_categorical_crossentropy", SGD, 4, [], {"class_weight": {0: 0.5, 2: 3.0}}),
    ("sample weights", "mean_squared_error", SGD, 4, [], {"sample_weight": 1}),
    ("initial epoch", "mean_squared_error", SGD, 5, [], {"initial_epoch": 2}),
    ("moving average at the end", "mean_squared_error", EMA, 3, [], {}),
    ("plateau", "mean_squared_error", FAST, 14, [("ReduceLROnPlateau", {"factor": 0.5, "patience": 2})], {}),
    ("plateau with cooldown", "mean_squared_error", FAST, 14,
     [("ReduceLROnPlateau", {"factor": 0.3, "patience": 1, "cooldown": 2, "min_lr": 0.2, "min_delta": 0.05})], {}),
    ("plateau of accuracy", "categorical_crossentropy", FAST, 12,
     [("ReduceLROnPlateau", {"monitor": "val_accuracy", "factor": 0.5, "patience": 2, "min_delta": 0.0})], {}),
    ("early stopping", "mean_squared_error", FAST, 30, [("EarlyStopping", {"patience": 3})], {}),
    ("early stopping restores", "mean_squared_error", FAST, 30,
     [("EarlyStopping", {"patience": 2, "restore_best_weights": True, "min_delta": 0.01})], {}),
    ("early stopping with baseline", "mean_squared_error", FAST, 20,
     [("EarlyStopping", {"patience": 2, "baseline": 0.672, "restore_best_weights": True})], {}),
    ("early stopping starts late", "mean_squared_error", FAST, 30,
     [("EarlyStopping", {"patience": 1, "start_from_epoch": 9})], {}),
    ("early stopping of accuracy", "categorical_crossentropy", FAST, 30,
     [("EarlyStopping", {"patience": 2, "monitor": "val_accuracy", "mode": "max"})], {}),
    ("early stopping by moving average", "mean_squared_error", EMA, 30,
     [("EarlyStopping", {"patience": 0, "min_delta": 0.05, "restore_best_weights": True})], {}),
    ("rate by epoch", "mean_squared_error", SGD, 4, [("LearningRateScheduler", {})], {}),
]


def g(shape, s):
    k = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(0.37 * (k + 1) + s).astype(np.float32).reshape(shape)


def target(loss, samples, s, classes):
    if loss == "mean_squared_error":
        return g((samples, 3), s)
    return classes.astype(np.float32) if loss.startswith("sparse") else np.eye(3, dtype=np.float32)[classes]


def rounded(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, dtype=np.float64).ravel()]


class Rates(keras.callbacks.Callback):
    """The learning rate that each epoch was trained with."""

    def on_train_begin(self, logs=None):
        self.rates = []

    def on_train_batch_end(self, batch, logs=None):
        if batch == 0:
            self.rates.append(float(self.model.optimizer.learning_rate))


def make_callback(kind, config):
    if kind == "LearningRateScheduler":
        return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch % 2 else rate + 0.1)
    return getattr(keras.callbacks, kind)(**config)


def run(name, loss, optimizer, epochs, callbacks, arguments):
    activation = "linear" if loss == "mean_squared_error" else "softmax"
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="tanh"),
                              keras.layers.Dense(3, activation=activation)])
    for j, weight in enumerate(model.weights):
        weight.assign(0.8 * g(weight.shape, 1 + j))
    metric = "mean_absolute_error" if loss == "mean_squared_error" else "accuracy"
    model.compile(getattr(keras.optimizers, optimizer[0])(**optimizer[1]), loss, metrics=[metric])
    i = np.arange(12)
    options = dict(arguments)
    if "sample_weight" in options:
        options["sample_weight"] = np.abs(g((12,), 5))
    rates = Rates()
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log.csv")
        made = [rates, keras.callbacks.CSVLogger(log)] + [make_callback(*callback) for callback in callbacks]
        history = model.fit(g((12, 4), 0), target(loss, 12, 7, (i * i) % 3), batch_size=5, epochs=epochs, shuffle=False,
                            validation_data=(g((6, 4), 2), target(loss, 6, 9, i[:6] % 3)), verbose=0, callbacks=made,
                            **options).history
        header = open(log, newline="").readline()
    return {"name": name, "loss": loss, "metric": metric, "activation": activation,
            "optimizer": {"class_name": optimizer[0], "config": optimizer[1]}, "epochs": epochs,
            "callbacks": [{"class_name": kind, "config": config} for kind, config in callbacks], "arguments": arguments,
            "losses": rounded(history["loss"]), "val_losses": rounded(history["val_loss"]),
            "metrics": rounded(history[metric]), "rates": rounded(rates.rates), "csv_header": header,
            "weights": [rounded(w.numpy()) for w in model.weights]}


print("[\n" + ",\n".join(json.dumps(run(*case)) for case in CASES) + "\n]")
