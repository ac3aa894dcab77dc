#include "evenflow/format/keras/hdf5_writer.h"

#include <hdf5.h>

#include <type_traits>
#include <utility>
#include <vector>

#include "evenflow/base/text.h"

namespace evenflow::keras {
namespace {

static_assert(std::is_same_v<hid_t, std::int64_t>);

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

// Failing to build a file in memory is no fault of the user.
template <class Id>
Id made(Id id, std::string_view what) {
  if (id < 0) fail(ErrorKind::internal, "HDF5 cannot write {}", what);
  return id;
}

// An identifier that is closed at the end of its life.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), std::string_view what) : id_(made(id, what)), close_(close) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close_(id_); }
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): stands for the identifier

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// The library takes two in-memory files of one name for the same file, so each gets its own.
std::string fresh_name() {
  static std::uint64_t count = 0;  // under the library's mutex
  return fmt::format("evenflow in memory {}", count++);
}

constexpr std::string_view kLinks = "links";

}  // namespace

Hdf5Writer::Hdf5Writer() : lock_(library_mutex()) {
  constexpr std::size_t kGrowth = 1 << 16;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "a file");
  made(H5Pset_fapl_core(access, kGrowth, false), "a file");
  made(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), "a file");
  file_ = made(H5Fcreate(fresh_name().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), "a file");
}

Hdf5Writer::~Hdf5Writer() {
  H5Fclose(file_);
}

void Hdf5Writer::group(const std::string& path) {
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, kLinks);
  made(H5Pset_create_intermediate_group(links, 1), kLinks);
  const Handle group(H5Gcreate2(file_, path.c_str(), links, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, path);
}

void Hdf5Writer::dataset(const std::string& path, std::int64_t file_type, std::int64_t memory_type, const Shape& shape,
                         const void* data) {
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, kLinks);
  made(H5Pset_create_intermediate_group(links, 1), kLinks);
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path);
  made(H5Pset_obj_track_times(creation, false), path);
  const std::vector<hsize_t> dims(shape.dims().begin(), shape.dims().end());
  const Handle space(dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(shape.rank(), dims.data(), nullptr),
                     H5Sclose, path);
  const Handle dataset(H5Dcreate2(file_, path.c_str(), file_type, space, links, creation, H5P_DEFAULT), H5Dclose, path);
  if (shape.count() > 0) made(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), path);
}

void Hdf5Writer::tensor(const std::string& path, const Tensor& value) {
  dataset(path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, value.shape(), value.data());
}

void Hdf5Writer::integer(const std::string& path, std::int64_t value) {
  dataset(path, H5T_STD_I64LE, H5T_NATIVE_INT64, Shape(), &value);
}

void Hdf5Writer::text(const std::string& object, const std::string& attribute, const std::string& value) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, attribute);
  made(H5Tset_size(type, H5T_VARIABLE), attribute);
  made(H5Tset_cset(type, H5T_CSET_UTF8), attribute);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, attribute);
  const Handle handle(
      H5Acreate_by_name(file_, object.c_str(), attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose, attribute);
  const char* pointer = value.c_str();
  made(H5Awrite(handle, type, &pointer), attribute);
}

std::string Hdf5Writer::bytes() {
  made(H5Fflush(file_, H5F_SCOPE_LOCAL), "a file");
  std::string result(static_cast<std::size_t>(made(H5Fget_file_image(file_, nullptr, 0), "a file")), '\0');
  made(H5Fget_file_image(file_, result.data(), result.size()), "a file");
  return result;
}

}  // namespace evenflow::keras
