// The lab: a small network that the reader of the page puts together, probed while the sliders move, and trained.
#pragma once

#include <cstdint>
#include <string>

#include "evenflow/health.h"
#include "evenflow/json.h"
#include "evenflow/model.h"
#include "evenflow/model/stacked_network.h"
#include "evenflow/serve/http_server.h"

namespace evenflow::serve {

struct LabState {
  StackedNetwork network;
  Item optimizer;
  std::string data;  // as load_data takes it
  int batch_size = 32;
  int epochs = 30;
  std::uint64_t seed = 1;
};

// What can be chosen: names for each list, [least, most] for each number, the defaults.
Json lab_choices();

// From the address of a request; what is missing has its default. Throws Error(usage) for a name or number that is not
// among the choices.
LabState lab_state(const HttpRequest& request);

// With fresh weights; compiled.
SavedModel lab_model(const LabState& state);

// {"check": as `evenflow check --json`, "milliseconds"}
Json lab_probe(const LabState& state);

// The network as "keras" (a file), "code" (a Python program) or "command" (what to type).
HttpReply lab_export(const LabState& state, const std::string& as);

// Trains, slowly enough to be watched, and sends "start", "step", "boundary", "findings" and "done"; ends when nobody
// listens any more. At most two at a time: throws Error(usage) beyond that.
HttpServer::Events lab_training(const LabState& state);

}  // namespace evenflow::serve
