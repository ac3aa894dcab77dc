// A model's weights from and to whole HDF5 files, of every layout that Keras has written.
#pragma once

#include <string>
#include <string_view>

#include "evenflow/format/keras/hdf5_reader.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// Takes the weights for saved.model from a file, and the optimizer's state where it is stored beside them and fits.
// Throws Error naming the file when the weights are not the model's; then `saved` is as before.
void read_weights(const Hdf5Reader& file, SavedModel& saved);

// What Keras calls model.weights.h5: weights and optimizer state.
std::string weights_file(const SavedModel& saved);

}  // namespace evenflow::keras
