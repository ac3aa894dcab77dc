// What the samples and targets of a data set look like.
#pragma once

#include "evenflow/data.h"
#include "evenflow/health.h"

namespace evenflow {

DataFacts data_facts(const Dataset& data);

}  // namespace evenflow
