// An optimizer's iteration count and slots in Keras's files.
#pragma once

#include <span>

#include "evenflow/format/keras/hdf5_reader.h"
#include "evenflow/format/keras/hdf5_writer.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// Read into saved.optimizer_slots and saved.iterations when what the file has fits the model's optimizer; else, as in
// Keras, training begins afresh: both stay empty.
void read_archive_state(const Hdf5Reader& file, std::span<const ParameterInfo> parameters, SavedModel& saved);
void read_legacy_state(const Hdf5Reader& file, std::span<const ParameterInfo> parameters, SavedModel& saved);

// Written when there is an optimizer and all of its slots are there.
void write_archive_state(Hdf5Writer& file, std::span<const ParameterInfo> parameters, const SavedModel& saved);

}  // namespace evenflow::keras
