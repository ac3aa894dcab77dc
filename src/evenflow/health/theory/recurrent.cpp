#include "evenflow/health/theory/recurrent.h"

#include <algorithm>
#include <cmath>

#include "evenflow/base/random.h"
#include "evenflow/health/theory/mean_field.h"

namespace evenflow::theory {
namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// A_{t-1}(j) = keep_t A_t(j) + mix_t A_t(j - 1): j counts how often the gradient went through the recurrent weights;
// terms with different j point in unrelated directions. keep and mix are of step t = 1..T.
std::vector<double> amplitudes(const std::vector<double>& keep, const std::vector<double>& mix) {
  const std::size_t steps = keep.size();
  std::vector<double> amplitude(steps + 1, 0.0);
  amplitude[0] = 1;
  std::vector<double> decades(steps + 1, 0.0);
  double scale = 0;
  for (std::size_t t = steps; t-- > 0;) {
    for (std::size_t j = steps; j > 0; --j) amplitude[j] = keep[t] * amplitude[j] + mix[t] * amplitude[j - 1];
    amplitude[0] *= keep[t];
    double largest = 0;
    for (const double a : amplitude) largest = std::max(largest, std::abs(a));
    if (!(largest > 0)) return std::vector<double>(steps + 1, -400.0);
    double squares = 0;
    for (double& a : amplitude) {
      a /= largest;
      squares += a * a;
    }
    scale += std::log10(largest);
    decades[t] = scale + 0.5 * std::log10(squares);
  }
  return decades;
}

}  // namespace

double TimeFlow::per_step() const {
  const std::size_t steps = decades.size() - 1;
  const std::size_t begin = steps / 10;
  double count = 0;
  double t_mean = 0;
  double mean = 0;
  for (std::size_t t = begin; t <= steps; ++t) {
    ++count;
    t_mean += static_cast<double>(t);
    mean += decades[t];
  }
  if (count < 2) return 0;
  t_mean /= count;
  mean /= count;
  double products = 0;
  double squares = 0;
  for (std::size_t t = begin; t <= steps; ++t) {
    const double d = static_cast<double>(t) - t_mean;
    products += d * (decades[t] - mean);
    squares += d * d;
  }
  return -products / squares;
}

TimeFlow simple_rnn(const ActivationChoice& activation, const Drive& drive, int steps, double start) {
  TimeFlow flow;
  std::vector<double> rates;
  double moment = start;
  for (int t = 1; t <= steps; ++t) {
    const Moments m = moments(activation, drive.recurrent * moment + drive.input + drive.bias);
    rates.push_back(0.5 * std::log10(drive.recurrent * m.mean_square_slope));
    moment = m.mean_square;
    flow.state_moments.push_back(moment);
  }
  flow.decades.assign(static_cast<std::size_t>(steps) + 1, 0.0);
  for (std::size_t t = rates.size(); t-- > 0;) flow.decades[t] = flow.decades[t + 1] + rates[t];
  return flow;
}

TimeFlow lstm(const Drive& drive, double forget_bias, int steps, int cells) {
  Random random(1, stream_of("theory/lstm"));
  const auto count = static_cast<std::size_t>(cells);
  std::vector<double> cell(count, 0.0);
  std::vector<double> bias(4 * count, 0.0);
  for (double& b : bias) b = std::sqrt(drive.bias) * random.normal();
  std::vector<double> keep;
  std::vector<double> in;
  std::vector<double> out;
  TimeFlow flow;
  double moment = 0;
  for (int t = 0; t < steps; ++t) {
    const double deviation = std::sqrt(drive.input + drive.recurrent * moment);
    double forget = 0;
    double into = 0;
    double outof = 0;
    double squares = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const double i = sigmoid(deviation * random.normal() + bias[4 * k]);
      const double f = sigmoid(deviation * random.normal() + bias[4 * k + 1] + forget_bias);
      const double g = std::tanh(deviation * random.normal() + bias[4 * k + 2]);
      const double o = sigmoid(deviation * random.normal() + bias[4 * k + 3]);
      cell[k] = f * cell[k] + i * g;
      const double c = std::tanh(cell[k]);
      forget += f;
      into += i * (1 - g * g);
      outof += o * (1 - c * c);
      squares += o * c * o * c;
    }
    const auto n = static_cast<double>(cells);
    moment = squares / n;
    keep.push_back(forget / n);
    in.push_back(into / n);
    out.push_back(outof / n);
    flow.state_moments.push_back(moment);
  }
  const double radius = std::sqrt(drive.recurrent);
  std::vector<double> mix(keep.size(), 0.0);  // the first state before all steps has no output path
  for (std::size_t t = 1; t < keep.size(); ++t) mix[t] = radius * in[t] * out[t - 1];
  flow.decades = amplitudes(keep, mix);
  return flow;
}

TimeFlow gru(const Drive& drive, double update_bias, int steps, int cells) {
  Random random(1, stream_of("theory/gru"));
  const auto count = static_cast<std::size_t>(cells);
  std::vector<double> state(count, 0.0);
  std::vector<double> bias(6 * count, 0.0);
  for (double& b : bias) b = std::sqrt(drive.bias) * random.normal();
  std::vector<double> keep;
  std::vector<double> mix;
  TimeFlow flow;
  double moment = 0;
  const double x = std::sqrt(drive.input);
  const double radius = std::sqrt(drive.recurrent);
  for (int t = 0; t < steps; ++t) {
    const double h = std::sqrt(drive.recurrent * moment);
    double update = 0;
    double through = 0;
    double squares = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const double* b = &bias[6 * k];
      const double r = sigmoid(x * random.normal() + h * random.normal() + b[0] + b[1]);
      const double u = sigmoid(x * random.normal() + h * random.normal() + b[2] + b[3] + update_bias);
      const double n = std::tanh(x * random.normal() + b[5] + r * (h * random.normal() + b[4]));
      state[k] = (1 - u) * n + u * state[k];
      update += u;
      through += (1 - u) * (1 - n * n) * r;
      squares += state[k] * state[k];
    }
    const auto all = static_cast<double>(cells);
    moment = squares / all;
    keep.push_back(update / all);
    mix.push_back(radius * through / all);
    flow.state_moments.push_back(moment);
  }
  flow.decades = amplitudes(keep, mix);
  return flow;
}

}  // namespace evenflow::theory
