// Means over seeds and what can be said about them.
#pragma once

#include <span>

#include "evenflow/cure.h"

namespace evenflow {

// Mean and two-sided 95 % interval by Student's t; of one value the interval is infinite.
Interval interval(std::span<const double> values);
// Of a[i] - b[i]; the shorter length counts.
Interval paired_interval(std::span<const double> a, std::span<const double> b);

double median(std::span<const double> values);

}  // namespace evenflow
