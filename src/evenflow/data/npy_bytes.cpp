#include <fmt/format.h>

#include "evenflow/base/text.h"
#include "evenflow/data.h"

namespace evenflow {

std::string npy_bytes(const Tensor& tensor) {
  std::string shape;
  for (const std::int64_t extent : tensor.shape().dims()) shape += fmt::format("{},", extent);
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", shape);
  // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(tensor.data()), static_cast<std::size_t>(tensor.count()) * sizeof(float));
  return bytes;
}

}  // namespace evenflow
