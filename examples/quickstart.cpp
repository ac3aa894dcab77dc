// The Keras snippet that everybody knows, in C++: build, compile, fit, evaluate, predict, save.
#include <cstdio>

#include "evenflow/data.h"
#include "evenflow/train.h"

namespace ef = evenflow;

int main() {
  const ef::Dataset circles = ef::load_data("circles:samples=1000,noise=0.1,seed=1");
  const ef::Tensor& x = circles.x;                                  // (1000, 2)
  const ef::Tensor y = circles.y.reshaped({circles.samples(), 1});  // (1000, 1)

  ef::Sequential model({
      ef::Input{{2}},
      ef::Dense{.units = 32, .activation = "relu", .kernel_initializer = "he_normal"},
      ef::Dense{.units = 32, .activation = "relu", .kernel_initializer = "he_normal"},
      ef::Dense{.units = 1, .activation = "sigmoid"},
  });
  model.compile({.optimizer = ef::SGD{.learning_rate = 0.1, .momentum = 0.9, .clipnorm = 1.0},
                 .loss = "mse",
                 .metrics = {"accuracy"}});

  model.fit(x, y, {.epochs = 30, .batch_size = 32, .validation_split = 0.2, .seed = 1});

  const ef::Evaluation evaluation = model.evaluate(x, y);
  const ef::Tensor prediction = model.predict(x.rows(0, 1));
  std::printf("loss %.4f, accuracy %.3f, first point: %.3f (is %g)\n", evaluation.loss, evaluation.metric("accuracy"),
              static_cast<double>(prediction[0]), static_cast<double>(y[0]));

  model.save("circles.keras");  // keras.models.load_model("circles.keras") reads it
  return evaluation.metric("accuracy") > 0.95 ? 0 : 1;
}
