// What padding and cropping share.
#pragma once

#include <array>

#include "evenflow/model/spatial.h"

namespace evenflow::layers {

// n, [rows, columns] or [[top, bottom], [left, right]]; for sequences n or [before, after]. Gives top, bottom, left,
// right.
inline std::array<std::int64_t, 4> edges(const Spatial& space, std::string_view key) {
  constexpr std::int64_t kMost = 1 << 20;
  const LayerBuilder& builder = space.builder();
  const auto amount = [&](const Json& given) {
    const std::int64_t rows = given.is_number_integer() ? given.get<std::int64_t>() : -1;
    if (rows < 0 || rows > kMost) {
      builder.wrong(key, space.axes() == 1 ? "must be n or [before, after]"
                                           : "must be n, [rows, columns] or [[top, bottom], [left, right]]");
    }
    return rows;
  };
  const auto side = [&](const Json& given, std::size_t i) {
    return amount(given.is_array() && given.size() == 2 ? given[i] : given);
  };
  const Json& given = builder.config().at(std::string(key));
  if (space.axes() == 1) return {0, 0, side(given, 0), side(given, 1)};
  const bool both = given.is_array() && given.size() == 2;
  const Json& rows = both ? given[0] : given;
  const Json& columns = both ? given[1] : given;
  if (!both) return {amount(rows), amount(rows), amount(columns), amount(columns)};
  return {side(rows, 0), side(rows, 1), side(columns, 0), side(columns, 1)};
}

}  // namespace evenflow::layers
