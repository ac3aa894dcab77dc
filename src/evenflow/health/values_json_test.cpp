#include <gtest/gtest.h>

#include <limits>

#include "evenflow/base/json_text.h"
#include "evenflow/error.h"
#include "evenflow/health/traces_test.h"

namespace evenflow {
namespace {

Trace full_trace() {
  Trace trace = traces::even_chain(4, -2, "tanh");
  trace.redraws = 3;
  trace.dead_redraws = 1;
  trace.seed = std::numeric_limits<std::uint64_t>::max();
  trace.total_decades.deviation = 0.25;
  trace.predicted_decades = -2.01;
  trace.layers[1].saturated = 0.125;
  trace.layers[1].dead = 0;
  trace.layers[1].non_finite = 2;
  trace.layers[2].backward_norm = kZeroNorm;
  trace.layers[2].weight_gain = 2.5;
  trace.layers[2].expected_dead = 0.25;
  trace.doubts = {"the weights are not fresh"};
  trace.data_facts = DataFacts{.minimum = -1, .maximum = 255, .with_targets = true, .target_width = 3};
  return trace;
}

Finding full_finding() {
  return {.rule = "vanishing-gradient",
          .severity = Severity::warning,
          .layers = {"dense", "dense_1"},
          .onset = Finding::Onset{"dense_1", 120},
          .evidence = {{"total_decades", -5.25, "decades"}},
          .cause = {{"sigmoid's slope", -5, "mean slope 0.25"}},
          .experiment = {{"the activations", -4.5, "linear instead"}},
          .message = "It loses \"size\".",
          .advice = {"relu"},
          .learn = "a book"};
}

TEST(TraceJson, ComesBackEqual) {
  const Trace trace = full_trace();
  EXPECT_EQ(trace_from_json(parse_json(to_json(trace).dump(), "text")), trace);
  EXPECT_EQ(trace_from_json(to_json(Trace{})), Trace{});
}

TEST(TraceJson, NumbersThatAreNotFiniteAreText) {
  Trace trace = full_trace();
  trace.layers[1].second_moment = std::numeric_limits<double>::infinity();
  const Json json = to_json(trace);
  EXPECT_EQ(json["layers"][1]["second_moment"], "Infinity");
  EXPECT_EQ(trace_from_json(parse_json(json.dump(), "text")), trace);
}

TEST(TraceJson, FaultsAreNamed) {
  const auto message = [](const Json& json) -> std::string {
    try {
      trace_from_json(json);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.what();
    }
    return "";
  };
  const Json good = to_json(full_trace());
  Json json = good;
  json["layers"][1].erase("units");
  EXPECT_EQ(message(json), "trace.layers[1]: the key 'units' is missing");
  json = good;
  json["total_decades"]["mean"] = "much";
  EXPECT_NE(message(json).find("trace.total_decades.mean must be a number"), std::string::npos);
  json = good;
  json["path"] = {99};
  EXPECT_NE(message(json).find("no layer 99"), std::string::npos);
  json = good;
  json["path"] = {-1};
  EXPECT_NE(message(json).find("trace.path[0]"), std::string::npos);
  EXPECT_NE(message(Json::array()).find("must be an object"), std::string::npos);
}

TEST(FindingJson, ComesBackEqual) {
  const Finding finding = full_finding();
  EXPECT_EQ(finding_from_json(parse_json(to_json(finding).dump(), "text")), finding);
}

TEST(FindingJson, UnknownSeverity) {
  Json json = to_json(full_finding());
  json["severity"] = "terrible";
  EXPECT_THROW(finding_from_json(json), Error);
}

}  // namespace
}  // namespace evenflow
