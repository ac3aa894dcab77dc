// R. Jozefowicz et al., "An empirical exploration of recurrent network architectures", ICML 2015.
#include "evenflow/cure/recurrent.h"

namespace evenflow::remedy_items {
namespace {

Treatment apply(const Case& c) {
  const auto change = [](std::string&, Json& config) {
    if (config.value("unit_forget_bias", true)) return false;
    config["unit_forget_bias"] = true;
    return true;
  };
  return change_recurrent(c, "LSTM", change, "forget bias 1", "no LSTM layer without a forget bias of 1");
}

}  // namespace

extern const Remedy forget_bias;
constinit const Remedy forget_bias{
    .id = "forget_bias",
    .kind = RemedyKind::initialization,
    .summary = "LSTM cells that begin with a forget bias of 1",
    .effect = "-22.1 -> -8.5 decades over 100 steps",
    .treats = "vanishing slow",
    .cost = 1,
    .apply = apply,
};

}  // namespace evenflow::remedy_items
