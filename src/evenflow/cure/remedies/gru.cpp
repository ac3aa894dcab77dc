// K. Cho et al., EMNLP 2014.
#include "evenflow/cure/recurrent.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  const auto change = [](std::string& type, Json& config) {
    if (config.value("return_state", false)) return false;  // the states differ in number and meaning
    type = "GRU";
    config["activation"] = "tanh";
    keep_known_settings(type, config);
    return true;
  };
  return change_recurrent(c, "SimpleRNN", change, "GRU instead of SimpleRNN", "no SimpleRNN layer that may be changed");
}

}  // namespace

extern const Remedy gru;
constinit const Remedy gru{
    .id = "gru",
    .kind = RemedyKind::architecture,
    .summary = "GRU cells instead of simple recurrent ones, with as many units",
    .effect = "gates that can keep the state, with three quarters of the weights of an LSTM",
    .treats = "vanishing exploding slow",
    .cost = 2,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
