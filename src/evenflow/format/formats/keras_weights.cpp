// Files of weights alone, as Keras 3 writes them (model.save_weights("x.weights.h5")). Written; keras_h5 reads all
// HDF5.
#include "evenflow/format/format.h"
#include "evenflow/format/keras/weights_file.h"

namespace evenflow::formats {

extern const Format keras_weights;
constinit const Format keras_weights{
    .id = "keras_weights",
    .summary = "Weights and optimizer state alone, as Keras 3 saves them",
    .ending = ".weights.h5",
    .write = keras::weights_file,
};

}  // namespace evenflow::formats
