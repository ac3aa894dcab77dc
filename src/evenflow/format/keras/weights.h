// Weights of a model in Keras's HDF5 layouts: the paths of .keras archives and the named groups of legacy files.
#pragma once

#include <span>
#include <string>

#include "evenflow/format/keras/hdf5_reader.h"
#include "evenflow/format/keras/hdf5_writer.h"
#include "evenflow/model.h"

namespace evenflow::keras {

// Both readers: the i-th stored array of a layer is its i-th variable, of exactly its shape; too few or too many are
// an Error(input) that names file, layer and variable. `parameters` are parameters(model).

// model.weights.h5: layers/<class>[_n]/vars/<i>, numbered in the order of the model's layers.
Weights read_archive_weights(const Hdf5Reader& file, const Model& model, std::span<const ParameterInfo> parameters);

// Legacy files: <layer>/<weight name> in the group `root`, which is "model_weights" in files of whole models and the
// file's root in files of weights alone.
Weights read_legacy_weights(const Hdf5Reader& file, const Model& model, std::span<const ParameterInfo> parameters,
                            const std::string& root);

// Writes model.weights.h5's layers. Throws Error(usage) when a weight is missing or has the wrong shape.
void write_archive_weights(Hdf5Writer& file, const Model& model, std::span<const ParameterInfo> parameters,
                           const Weights& weights);

}  // namespace evenflow::keras
