#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "evenflow/report.h"
#include "evenflow/report/layout.h"
#include "evenflow/report/traces_test.h"

namespace evenflow {
namespace {

using report_test::chain;
using report_test::finding;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

int rows_of(const std::string& text, std::string_view part) {
  const auto all = lines(text);
  return static_cast<int>(
      std::count_if(all.begin(), all.end(), [&](const std::string& line) { return contains(line, part); }));
}

TEST(CheckText, ShowsHeadingTableAndFinding) {
  const Finding findings[] = {finding()};
  const std::string text = check_text(chain(5, -0.63), findings, {});
  EXPECT_TRUE(contains(text, "deep.keras   5 layers, 20,800 parameters   SGD(0.01)   mean_squared_error")) << text;
  for (const char* column : {"layer", "activation", "signal", "varies", "slope", "sat.", "dead", "|∂L/∂a|", "|∂L/∂W|",
                             "update", "decades"}) {
    EXPECT_TRUE(contains(lines(text)[4], column)) << column << "\n" << text;
  }
  EXPECT_TRUE(contains(text, "error   vanishing-gradient   dense_1 ... dense_4 (4 layers)")) << text;
  EXPECT_TRUE(contains(text, "why    sigmoid's slope    -18.9 decades   mean slope 0.236")) << text;
  EXPECT_TRUE(contains(text, "try    relu with he_normal")) << text;
  EXPECT_TRUE(contains(text, "learn  a paper")) << text;
  EXPECT_TRUE(text.ends_with("1 error.\n")) << text;
}

TEST(CheckText, TheOutputComesFirst) {
  const std::string text = check_text(chain(3, -0.5), {}, {});
  EXPECT_LT(text.find("dense_3"), text.find("dense_1"));
  EXPECT_LT(text.find("dense_1"), text.find("input_layer"));
}

TEST(CheckText, FoldsRunsOfAlikeLayers) {
  const std::string text = check_text(chain(30, -0.63), {}, {});
  EXPECT_TRUE(contains(text, "26 more like these, each 0.63 decades below the next")) << text;
  EXPECT_EQ(rows_of(text, "sigmoid"), 3) << text;
  EXPECT_TRUE(contains(check_text(chain(30, 0.9), {}, {}), "each 0.90 decades above the next"));
  EXPECT_TRUE(contains(check_text(chain(30, 0), {}, {}), "26 more like these, the gradient unchanged"));
}

TEST(CheckText, DoesNotFoldAwayTheOddOne) {
  Trace trace = chain(30, -0.1);
  trace.layers[15].dead = 0.9;
  EXPECT_TRUE(contains(check_text(trace, {}, {}), "dense_15")) << check_text(trace, {}, {});
  Trace cliff = chain(30, -0.1);
  for (std::size_t i = 1; i < 15; ++i) cliff.layers[i].pre_activation_norm = *cliff.layers[i].pre_activation_norm - 4;
  EXPECT_TRUE(contains(check_text(cliff, {}, {}), "dense_14")) << check_text(cliff, {}, {});
}

TEST(CheckText, FoldsRepeatingBlocks) {
  Trace trace;
  for (int i = 0; i < 10; ++i) {
    const std::string n = std::to_string(i);
    trace.layers.push_back(
        {.name = "dense_" + n, .type = "Dense", .activation = "linear", .units = 8, .pre_activation_norm = 0.0});
    trace.layers.push_back({.name = "bn_" + n, .type = "BatchNormalization", .units = 8, .backward_norm = 0.0});
    trace.layers.push_back(
        {.name = "act_" + n, .type = "Activation", .activation = "relu", .units = 8, .backward_norm = 0.0});
    trace.path.push_back(3 * static_cast<std::size_t>(i));
  }
  EXPECT_TRUE(contains(check_text(trace, {}, {}), "8 more groups of 3 like these")) << check_text(trace, {}, {});
}

TEST(CheckText, StaysWithinTheWidth) {
  const Finding findings[] = {finding()};
  Trace trace = chain(12, -7.3);
  trace.layers[4].name = "a_layer_whose_name_somebody_took_great_care_to_choose";
  for (const int width : {40, 60, 80, 100, 160}) {
    for (const std::string& line : lines(check_text(trace, findings, {.width = width}))) {
      if (contains(line, "deep.keras") || contains(line, "why ") || contains(line, "flow") ||
          contains(line, "the weights' gain"))
        continue;
      EXPECT_LE(layout::width(line), std::max(width, 60)) << width << ": " << line;
    }
  }
}

TEST(CheckText, PlainWhereNothingElseIsWanted) {
  const Finding findings[] = {finding()};
  const std::string plain = check_text(chain(30, -0.63), findings, {.unicode = false});
  EXPECT_TRUE(std::all_of(plain.begin(), plain.end(), [](unsigned char c) { return c < 128; })) << plain;
  EXPECT_TRUE(contains(plain, "####"));
  EXPECT_FALSE(contains(plain, "\033["));
  EXPECT_TRUE(contains(check_text(chain(30, -0.63), findings, {.color = true}), "\033[31merror"));
}

TEST(CheckText, NamesFromFilesCannotControlTheTerminal) {
  Trace trace = chain(3, 0);
  trace.model = "evil\033[2J";
  trace.layers[2].name = "dense\033]0;x\007";
  EXPECT_FALSE(contains(check_text(trace, {}, {}), "\033"));
}

TEST(CheckText, HealthyGivesTheReasons) {
  const std::string silences[] = {"vanishing-gradient: the gradient keeps its size"};
  const std::string text = check_text(chain(5, 0), {}, {}, silences);
  EXPECT_TRUE(contains(text, "keeps its size")) << text;
  EXPECT_TRUE(contains(text, "No findings.")) << text;
}

TEST(CheckText, StandsWhatIsMissingOrZero) {
  EXPECT_FALSE(check_text(Trace{}, {}, {}).empty());
  Trace trace = chain(4, 0);
  trace.layers[1].pre_activation_norm = kZeroNorm;
  trace.layers[1].backward_norm = kZeroNorm;
  trace.layers[2].pre_activation_norm.reset();
  trace.layers[2].backward_norm.reset();
  trace.layers[3].second_moment.reset();
  trace.layers[3].non_finite = 12;
  const std::string text = check_text(trace, {}, {});
  EXPECT_TRUE(contains(text, "zero")) << text;
  EXPECT_TRUE(contains(text, "inf")) << text;
}

TEST(Layout, Numbers) {
  EXPECT_EQ(layout::short_number(0), "0");
  EXPECT_EQ(layout::short_number(0.2363), "0.236");
  EXPECT_EQ(layout::short_number(3.14e-22), "3e-22");
  EXPECT_EQ(layout::short_power(-61.5), "3e-62");
  EXPECT_EQ(layout::short_power(std::log10(9.7e8)), "1e+09");
  EXPECT_EQ(layout::short_power(-400), "0");
  EXPECT_EQ(layout::short_power(-350.5), "3e-351");
  EXPECT_EQ(layout::percent(0.001), "<1%");
  EXPECT_EQ(layout::percent(0.37), "37%");
  EXPECT_EQ(layout::width("█▌ä"), 3);
  EXPECT_EQ(layout::bar(0.5, 4, {}), "██");
  EXPECT_EQ(layout::bar(2, 4, {.unicode = false}), "####");
  EXPECT_EQ(layout::shorten("activation", 5, {}), "acti…");
}

}  // namespace
}  // namespace evenflow
