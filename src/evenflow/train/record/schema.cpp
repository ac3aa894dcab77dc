#include "evenflow/train/record/schema.h"

#include <cstring>

#include "evenflow/base/text.h"

namespace evenflow::record {
namespace {

// A blob's numbers; an empty blob has no address, which memcpy must not be given.
template <typename Number>
std::vector<Number> unpack(std::span<const std::byte> bytes) {
  std::vector<Number> numbers(bytes.size() / sizeof(Number));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(Number));
  return numbers;
}

}  // namespace

std::string schema() {
  return fmt::format(R"sql(
CREATE TABLE run(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE parameters(parameter INTEGER PRIMARY KEY, name TEXT NOT NULL, layer TEXT NOT NULL, elements INTEGER);
CREATE TABLE layers(layer INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL);
CREATE TABLE steps(step INTEGER PRIMARY KEY, epoch INTEGER{}, seconds REAL);
CREATE TABLE parameter_steps(step INTEGER, parameter INTEGER{}, exponents BLOB,
                             PRIMARY KEY(step, parameter)) WITHOUT ROWID;
CREATE TABLE layer_steps(step INTEGER, layer INTEGER{}, time_gradient_norms BLOB,
                         PRIMARY KEY(step, layer)) WITHOUT ROWID;
CREATE TABLE epochs(epoch INTEGER, name TEXT, value REAL, PRIMARY KEY(epoch, name));
CREATE TABLE events(step INTEGER, kind TEXT, layer TEXT, text TEXT);
CREATE TABLE findings(step INTEGER, rule TEXT, severity TEXT, finding TEXT);
CREATE TABLE flights(step INTEGER PRIMARY KEY, reason TEXT, learning_rate REAL, seed INTEGER);
CREATE TABLE flight_tensors(step INTEGER, kind TEXT, position INTEGER, name TEXT, shape TEXT, data BLOB,
                            PRIMARY KEY(step, kind, position));
CREATE VIEW parameter_history AS
  SELECT step, name, {} FROM parameter_steps JOIN parameters USING (parameter);
CREATE VIEW layer_history AS
  SELECT step, name, {} FROM layer_steps JOIN layers USING (layer);
)sql",
                     columns<StepReport>(" REAL"), columns<ParameterReport>(" REAL"), columns<LayerReport>(" REAL"),
                     columns<ParameterReport>().substr(2) + ", exponents",
                     columns<LayerReport>().substr(2) + ", time_gradient_norms");
}

std::vector<std::int32_t> pack_exponents(std::span<const double> bins) {
  const auto counts = [](double count) { return count > 0; };
  const auto first = std::find_if(bins.begin(), bins.end(), counts);
  if (first == bins.end()) return {};
  const auto last = std::find_if(bins.rbegin(), bins.rend(), counts).base();
  std::vector<std::int32_t> packed{static_cast<std::int32_t>(first - bins.begin()) - kExponentBias};
  for (auto bin = first; bin != last; ++bin) packed.push_back(static_cast<std::int32_t>(*bin));
  return packed;
}

std::vector<double> unpack_exponents(std::span<const std::byte> bytes) {
  const auto packed = unpack<std::int32_t>(bytes);
  if (packed.empty()) return {};
  std::vector<double> bins(kExponentBins, 0.0);
  for (std::size_t i = 1; i < packed.size(); ++i) {
    const std::int64_t bin = std::int64_t{packed[0]} + kExponentBias + static_cast<std::int64_t>(i) - 1;
    if (bin < 0 || bin >= kExponentBins) fail(ErrorKind::input, "a histogram of exponents begins at {}", packed[0]);
    bins[static_cast<std::size_t>(bin)] = packed[i];
  }
  return bins;
}

std::vector<double> unpack_doubles(std::span<const std::byte> bytes) {
  return unpack<double>(bytes);
}

}  // namespace evenflow::record
