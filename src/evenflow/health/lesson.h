// Short lessons about every rule, activation, initializer and clipping: docs/lessons, built into the program.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace evenflow {

struct Lesson {
  std::string_view name;  // "vanishing-gradient"
  std::string_view text;  // Markdown: a title, the lesson, its sources
  std::string_view title() const { return text.substr(2, text.find('\n') - 2); }
};

// Sorted by name. Generated from the folder.
std::span<const Lesson> all_lessons();

// By name, with dashes or underscores, in any case. Throws Error(usage) naming the nearest.
const Lesson& lesson(std::string_view name);

// What is known by computation about the thing that a lesson is about: an activation's moments and gains. Empty for
// others.
std::string lesson_numbers(const Lesson& lesson);

}  // namespace evenflow
