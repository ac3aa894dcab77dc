// Means over seeds and what can be said about them.
#pragma once

#include <span>

#include "evenflow/cure.h"

namespace evenflow {

enum class Confidence { percent95, percent99 };

// Mean and two-sided interval by Student's t; of one value the interval is infinite.
Interval interval(std::span<const double> values, Confidence confidence = Confidence::percent95);
// Of a[i] - b[i]; the shorter length counts.
Interval paired_interval(std::span<const double> a, std::span<const double> b,
                         Confidence confidence = Confidence::percent95);

double median(std::span<const double> values);

}  // namespace evenflow
