// Lookup in registries whose items have an id, a class name and aliases separated by spaces.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenflow/base/text.h"

namespace evenflow {

// Is `word` one of the space-separated words of `list`?
inline bool is_among(std::string_view word, std::string_view list) {
  for (const std::string& entry : split(list, ' ')) {
    if (!entry.empty() && entry == word) return true;
  }
  return false;
}

template <class Item>
const Item* find_item(std::span<const Item* const> items, std::string_view name) {
  for (const Item* item : items) {
    if (item->id == name || item->class_name == name || is_among(name, item->aliases)) return item;
  }
  return nullptr;
}

// Throws Error(unsupported): "unknown loss 'mes'; did you mean 'mse'?"
template <class Item>
[[noreturn]] void fail_unknown(std::string_view kind, std::string_view name, std::span<const Item* const> items) {
  std::vector<std::string> names;
  for (const Item* item : items) {
    names.emplace_back(item->id);
    for (const std::string& alias : split(item->aliases, ' ')) {
      if (!alias.empty()) names.push_back(alias);
    }
  }
  const std::string near = nearest(name, names);
  fail(ErrorKind::unsupported, "unknown {} '{}'{}", kind, printable(name),
       near.empty() ? fmt::format("; known are {}", join(names)) : fmt::format("; did you mean '{}'?", near));
}

}  // namespace evenflow
