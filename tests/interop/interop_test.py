"""Real Keras reads what evenflow writes, and evenflow what Keras writes. usage: interop_test.py EVENFLOW"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request
import warnings

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

PROGRAM = None
TOLERANCE = 1e-5


def evenflow(*arguments):
    result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(f"evenflow {' '.join(map(str, arguments))}\n{result.stdout}{result.stderr}")
    return result.stdout


def values(variables):
    return [np.asarray(keras.ops.convert_to_numpy(v)) for v in variables]


def loss_function(model):
    loss = keras.losses.get(model.loss)
    return getattr(loss, "fn", loss)


class Interop(unittest.TestCase):
    def setUp(self):
        keras.utils.set_random_seed(1)
        self.rng = np.random.default_rng(1)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def data(self, model, samples=24):
        """An .npz file with inputs and targets that fit the model."""
        x = self.rng.normal(size=(samples, *model.input_shape[1:])).astype("float32")
        classes = model.output_shape[-1]
        if "crossentropy" in str(model.get_compile_config()["loss"]):
            y = np.eye(classes, dtype="float32")[self.rng.integers(0, classes, size=samples)]
        else:
            y = self.rng.normal(size=(samples, *model.output_shape[1:])).astype("float32")
        path = self.folder / "data.npz"
        np.savez(path, x=x, y=y)
        return path, x, y

    def assert_close(self, a, b, what):
        self.assertEqual(np.shape(a), np.shape(b), what)
        if np.size(a):
            self.assertLessEqual(np.abs(np.asarray(a, "float64") - b).max(), TOLERANCE, what)

    def assert_same_predictions(self, file, model, data, x):
        out = self.folder / "predictions.npy"
        evenflow("predict", file, "--data", data, "-o", out)
        self.assert_close(np.load(out), model.predict(x, verbose=0), "predictions")

    def assert_same_state(self, a, b):
        """Weights, optimizer variables and compile settings of two models."""
        for p, q in zip(a.weights, b.weights, strict=True):
            self.assertEqual(p.path.split("/")[-1], q.path.split("/")[-1])
            self.assert_close(*values([p, q]), p.path)
        for p, q in zip(a.optimizer.variables, b.optimizer.variables, strict=True):
            self.assert_close(*values([p, q]), p.path)
        self.assertEqual(a.optimizer.get_config() | {"name": ""}, b.optimizer.get_config() | {"name": ""})
        self.assertEqual(loss_function(a), loss_function(b))
        self.assertEqual(a.get_compile_config()["metrics"], b.get_compile_config()["metrics"])

    def check_training_continues(self, model):
        """Keras -> evenflow, one epoch -> Keras, one step; and the same steps by Keras alone: equal all the way.

        One batch holds all samples, so that the order does not matter.
        """
        data, x, y = self.data(model)
        model.fit(x, y, batch_size=len(x), epochs=2, verbose=0)
        original, trained = self.folder / "original.keras", self.folder / "trained.keras"
        model.save(original)
        self.assert_same_predictions(original, model, data, x)

        evenflow("train", original, "--data", data, "--epochs", 1, "--batch-size", len(x), "-o", trained)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras only warns when it drops the optimizer's state
            continued = keras.models.load_model(trained)
        self.assert_same_predictions(trained, continued, data, x)
        model.fit(x, y, batch_size=len(x), verbose=0)
        self.assert_same_state(continued, model)
        for each in (continued, model):
            each.fit(x, y, batch_size=len(x), verbose=0)
        self.assert_same_state(continued, model)

    def test_new_model(self):
        """A model that evenflow makes from the command line."""
        file = self.folder / "new.keras"
        evenflow("new", file, "--input", 8, "--hidden", "16,12x2", "--activation", "tanh",
                 "--initializer", "he_normal", "--normalization", "batch_normalization", "--dropout", 0.2,
                 "--output", 3, "--output-activation", "softmax", "--loss", "categorical_crossentropy",
                 "--optimizer", "adam", "--learning-rate", 0.002, "--clipnorm", 1.5, "--seed", 1)
        model = keras.models.load_model(file)
        kinds = [type(layer).__name__ for layer in model.layers]
        self.assertEqual(kinds, ["Dense", "BatchNormalization", "Activation", "Dropout"] * 3 + ["Dense"])
        self.assertEqual([layer.units for layer in model.layers if isinstance(layer, layers.Dense)], [16, 12, 12, 3])
        self.assertIsInstance(model.layers[0].kernel_initializer, keras.initializers.HeNormal)
        self.assertIsInstance(model.optimizer, keras.optimizers.Adam)
        self.assertEqual(model.optimizer.clipnorm, 1.5)
        self.assertAlmostEqual(float(model.optimizer.learning_rate), 0.002)
        self.assertEqual(model.get_compile_config()["loss"], "categorical_crossentropy")
        data, x, y = self.data(model)
        self.assert_same_predictions(file, model, data, x)
        model.fit(x, y, verbose=0)

    def test_the_labs_code_is_the_labs_file(self):
        """`evenflow serve`: the Python program that the lab exports makes the model of the file that it exports."""
        server = subprocess.Popen([PROGRAM, "serve", self.folder, "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.addCleanup(server.stdout.close)
        address = server.stdout.readline().rsplit(" ", 1)[1].strip()

        def export(choices, kind):
            with urllib.request.urlopen(f"{address}api/lab/export?{choices}&as={kind}") as answer:
                return answer.read()

        for choices in ("depth=3&width=5&optimizer=adam&clipping=clipnorm",
                        "depth=4&width=5&residual=1&normalization=batch",
                        "depth=2&width=7&activation=gelu&initializer=variance_scaling&weight_variance=2"):
            file = self.folder / "lab.keras"
            file.write_bytes(export(choices, "keras"))
            loaded = keras.models.load_model(file)
            names = {}
            exec(json.loads(export(choices, "code"))["code"], names)
            made = names["model"]
            self.assertEqual([w.shape for w in made.weights], [w.shape for w in loaded.weights], choices)
            settings = [{**m.optimizer.get_config(), "name": None} for m in (made, loaded)]
            self.assertEqual(*settings, choices)
            made.set_weights(loaded.get_weights())
            x = self.rng.normal(size=(10, 2)).astype("float32")
            np.testing.assert_allclose(made.predict(x, verbose=0), loaded.predict(x, verbose=0), atol=TOLERANCE)

    def test_cured_model_learns_in_keras(self):
        """Sixteen sigmoid layers learn nothing in Keras; what `evenflow cure` makes of them does, with fresh weights."""
        angle = self.rng.uniform(0, 2 * np.pi, size=600)
        inner = self.rng.integers(0, 2, size=600)
        radius = np.where(inner == 1, 0.5, 1.0) + 0.05 * self.rng.normal(size=600)
        x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype("float32")
        y = inner.astype("float32")[:, None]
        data = self.folder / "circles.npz"
        np.savez(data, x=x, y=y)
        sick, cured = self.folder / "sick.keras", self.folder / "cured.keras"
        evenflow("new", sick, "--input", 2, "--hidden", "16x16", "--activation", "sigmoid", "--output", 1,
                 "--output-activation", "sigmoid", "--loss", "binary_crossentropy", "--optimizer", "adam",
                 "--learning-rate", 0.01, "--metrics", "accuracy")
        evenflow("cure", sick, "--data", data, "--epochs", 40, "--budget", "500epochs", "-o", cured)

        def accuracy(file):
            model = keras.models.load_model(file)
            model.fit(x, y, batch_size=32, epochs=40, verbose=0)
            return model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]

        self.assertLess(accuracy(sick), 0.6)
        self.assertGreater(accuracy(cured), 0.9)

    def test_dense(self):
        model = keras.Sequential([
            keras.Input((6,)),
            layers.Dense(8, activation="elu", kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-2)),
            layers.BatchNormalization(),
            layers.Dense(8, activation="selu", kernel_initializer="lecun_normal"),
            layers.LayerNormalization(),
            layers.PReLU(),
            layers.Dense(3, activation="softmax"),
        ])
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=0.5),
                      "categorical_crossentropy", metrics=["accuracy"])
        self.check_training_continues(model)

    def test_convolution(self):
        model = keras.Sequential([
            keras.Input((9, 8, 2)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(scale=False),
            layers.MaxPooling2D(2),
            layers.Conv2D(5, (2, 1), use_bias=False),
            layers.LeakyReLU(negative_slope=0.1),
            layers.AveragePooling2D((1, 2)),
            layers.Flatten(),
            layers.Dense(2),
        ])
        schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
        model.compile(keras.optimizers.Adam(schedule, amsgrad=True, global_clipnorm=1.0), keras.losses.Huber(),
                      metrics=["mae"])
        self.check_training_continues(model)

    def test_functional(self):
        x = keras.Input((5,), name="features")
        late = layers.Dense(4, name="late")
        a = layers.Dense(4, activation="relu", name="left")(x)
        b = layers.Dense(4, activation="gelu", name="right")(x)
        joined = layers.Add()([a, layers.LayerNormalization()(b)])
        y = layers.Concatenate()([late(joined), a])
        y = layers.Multiply()([y, layers.Dense(8, activation="sigmoid", name="gate")(x)])
        model = keras.Model(x, layers.Dense(2, name="out")(y), name="branches")
        model.get_layer("right").trainable = False
        model.compile(keras.optimizers.AdamW(0.002, weight_decay=0.01, clipvalue=0.5), "mean_squared_error")
        self.check_training_continues(model)

    def test_optimizers(self):
        for optimizer in (keras.optimizers.RMSprop(0.003, momentum=0.5, centered=True), keras.optimizers.Adagrad(0.02),
                          keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.002)):
            with self.subTest(optimizer=optimizer.name):
                model = keras.Sequential([keras.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(2)])
                model.compile(optimizer, "mean_squared_error")
                self.check_training_continues(model)

    def test_dropout_trains(self):
        """Random numbers differ between programs: only that both train on, and predict the same."""
        model = keras.Sequential([keras.Input((4,)), layers.Dense(9, "relu"), layers.Dropout(0.5),
                                  layers.GaussianNoise(0.1), layers.Dense(2)])
        model.compile("sgd", "mean_squared_error")
        data, x, y = self.data(model)
        file, trained = self.folder / "a.keras", self.folder / "b.keras"
        model.save(file)
        evenflow("train", file, "--data", data, "--epochs", 2, "-o", trained)
        continued = keras.models.load_model(trained)
        self.assertGreater(np.abs(values(model.weights)[0] - values(continued.weights)[0]).max(), 0)
        self.assert_same_predictions(trained, continued, data, x)
        continued.fit(x, y, verbose=0)

    def test_recurrent(self):
        for kind, options in ((layers.SimpleRNN, {}), (layers.LSTM, {}), (layers.GRU, {}),
                              (layers.GRU, {"reset_after": False}), (layers.LSTM, {"go_backwards": True})):
            with self.subTest(kind=kind.__name__, **options):
                model = keras.Sequential([keras.Input((7, 3)), kind(6, return_sequences=True, **options), kind(5),
                                          layers.Dense(2)])
                model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), "mean_squared_error")
                self.check_training_continues(model)

    def test_bidirectional_masked(self):
        x = keras.Input((6, 3), name="sequence")
        y = layers.Masking()(x)
        y = layers.Bidirectional(layers.GRU(4, return_sequences=True), name="both")(y)
        y, h, c = layers.LSTM(5, return_sequences=True, return_state=True)(y)
        y = layers.LSTM(5)(y, initial_state=[h, c])
        model = keras.Model(x, layers.Dense(2)(y))
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mean_squared_error")
        self.check_training_continues(model)

    def test_shared_and_nested(self):
        inner_in = keras.Input((4,))
        block = keras.Model(inner_in, layers.Add()([inner_in, layers.BatchNormalization()(
            layers.Dense(4, activation="tanh")(inner_in))]), name="block")
        x = keras.Input((4,))
        twice = layers.Dense(4, activation="relu", name="twice")
        y = block(twice(block(twice(x))))
        head = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="gelu"), layers.Dense(2)], name="head")
        model = keras.Model(x, head(y))
        model.compile(keras.optimizers.Adam(0.005), "mean_squared_error", metrics=["mae"])
        self.check_training_continues(model)

    def test_time_distributed_model(self):
        cnn = keras.Sequential([keras.Input((5, 5, 2)), layers.Conv2D(3, 3, activation="relu"), layers.Flatten()])
        model = keras.Sequential([keras.Input((4, 5, 5, 2)), layers.TimeDistributed(cnn), layers.GRU(4),
                                  layers.Dense(2)])
        model.compile("rmsprop", "mean_squared_error")
        self.check_training_continues(model)

    def test_layers_of_images_and_sequences(self):
        model = keras.Sequential([
            keras.Input((8, 8, 3)),
            layers.SeparableConv2D(4, 3, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, depth_multiplier=2),
            layers.GroupNormalization(2),
            layers.Conv2DTranspose(3, 3, strides=2, padding="same"),
            layers.UpSampling2D(),
            layers.Cropping2D(2),
            layers.Reshape((-1, 3)),
            layers.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="tanh"),
            layers.MaxPooling1D(4),
            layers.GlobalAveragePooling1D(),
            layers.UnitNormalization(),
            layers.Dense(2),
        ])
        model.compile(keras.optimizers.Adam(0.01), "mean_squared_error")
        self.check_training_continues(model)

    def test_legacy_file(self):
        model = keras.Sequential([keras.Input((4,)), layers.Dense(9, "relu"), layers.BatchNormalization(),
                                  layers.Dense(2, "softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        data, x, y = self.data(model)
        model.fit(x, y, verbose=0)
        file = self.folder / "legacy.h5"
        model.save(file)
        self.assert_same_predictions(file, model, data, x)

    def test_weights_alone(self):
        """save_weights of Keras into a model with other weights, and evenflow's back into Keras."""
        x = keras.Input((4,))
        y = layers.BatchNormalization()(layers.Dense(6, "tanh")(x))
        model = keras.Model(x, layers.Dense(3)(layers.Concatenate()([y, layers.Dense(2)(x)])))
        model.compile("adam", "mean_squared_error")
        data, x, y = self.data(model)
        file, weights = self.folder / "model.keras", self.folder / "keras.weights.h5"
        model.save(file)
        model.fit(x, y, epochs=2, batch_size=len(x), verbose=0)
        model.save_weights(weights)
        out = self.folder / "predictions.npy"
        evenflow("predict", file, "--weights", weights, "--data", data, "-o", out)
        self.assert_close(np.load(out), model.predict(x, verbose=0), "predictions")

        trained = self.folder / "trained.weights.h5"
        evenflow("train", file, "--weights", weights, "--data", data, "--epochs", 1, "--batch-size", len(x), "-o",
                 trained)
        continued = keras.models.load_model(file)
        continued.load_weights(trained)
        model.fit(x, y, batch_size=len(x), verbose=0)
        self.assert_same_state(continued, model)
        for each in (continued, model):
            each.fit(x, y, batch_size=len(x), verbose=0)
        self.assert_same_state(continued, model)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    print(f"interop: Keras {keras.__version__} ({keras.backend.backend()}) and {PROGRAM}", flush=True)
    unittest.main(verbosity=2, warnings="ignore")
