#include <algorithm>

#include "evenflow/base/text.h"
#include "evenflow/data/source.h"

namespace evenflow {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1} << 32;  // 4 GiB, unpacked too

const Source* generated_set(std::string_view name) {
  for (const Source* source : all_sources()) {
    if (source->generated() && source->id == name) return source;
  }
  return nullptr;
}

std::vector<std::string> generated_names() {
  std::vector<std::string> names;
  for (const Source* source : all_sources()) {
    if (source->generated()) names.emplace_back(source->id);
  }
  return names;
}

[[noreturn]] void unknown(const std::string& head) {
  const std::vector<std::string> names = generated_names();
  const std::string near = nearest(head, names);
  fail(ErrorKind::usage, "data '{}': no such file, and no generated set of that name{}; generated sets are {}", head,
       near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), join(names));
}

// One file's content. What it is wrong about is said with its path.
Dataset parse_file(const Path& path, DataSpec& spec, const Source** chosen = nullptr) {
  std::string bytes = read_file(path, kFileLimit);
  std::string name = lower(path.filename().string());
  try {
    if (bytes.starts_with("\x1f\x8b")) {
      bytes = gunzip(bytes, kFileLimit);
      if (name.ends_with(".gz")) name.resize(name.size() - 3);
    }
    const Source* source = source_of(name, bytes);
    if (source == nullptr) {
      fail(ErrorKind::input, "{}; known are .npz, .npy, .csv, IDX (MNIST) and CIFAR-10 .bin",
           bytes.empty() ? "the file is empty" : "what kind of data this is cannot be told from its name and content");
    }
    if (chosen != nullptr) *chosen = source;
    return source->parse(bytes, spec);
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", path.string(), error.what());
  }
}

// A file that holds one array, as targets or test inputs.
Dataset parse_array(const Path& path, DataSpec& spec) {
  Dataset data = parse_file(path, spec);
  if (!data.y.empty())
    fail(ErrorKind::input, "{}: a single array is wanted here, the file has targets of its own", path.string());
  return data;
}

Dataset load_pair(const Path& inputs, const Path& targets, DataSpec& spec) {
  Dataset data = parse_array(inputs, spec);
  Dataset labels = parse_array(targets, spec);
  data.y = std::move(labels.x);
  data.classes = labels.classes;
  return data;
}

Dataset load_with_companions(const Path& path, DataSpec& spec) {
  const Source* source = nullptr;
  Dataset data = parse_file(path, spec, &source);
  if (source->beside == nullptr) return data;
  const Companions found = source->beside(path);
  if (!found.targets.empty()) {
    Dataset labels = parse_array(found.targets, spec);
    data.y = std::move(labels.x);
    data.classes = labels.classes;
  }
  if (!found.test_inputs.empty()) {
    Dataset test = found.test_targets.empty() ? parse_file(found.test_inputs, spec)
                                              : load_pair(found.test_inputs, found.test_targets, spec);
    data.x_test = std::move(test.x);
    data.y_test = std::move(test.y);
    data.classes = std::max(data.classes, test.classes);
  }
  return data;
}

Dataset load_files(DataSpec& spec) {
  const auto must_exist = [&](const std::string& path) {
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    if (std::filesystem::is_directory(status)) fail(ErrorKind::usage, "data '{}' is a folder; a file is wanted", path);
    if (!std::filesystem::exists(status)) unknown(path);
    return Path(path);
  };
  std::error_code ignored;
  if (std::filesystem::exists(spec.head, ignored)) return load_with_companions(must_exist(spec.head), spec);
  const std::vector<std::string> parts = split(spec.head, ',');
  if (parts.size() == 2) return load_pair(must_exist(parts[0]), must_exist(parts[1]), spec);
  unknown(spec.head);
}

void refuse_leftovers(const DataSpec& spec) {
  if (spec.options.empty()) return;
  const Source* source = generated_set(spec.head);
  fail(ErrorKind::usage, "data {}: unknown option '{}'; {}", spec.head, spec.options.begin()->first,
       source != nullptr ? fmt::format("the set takes {}", source->usage)
                         : std::string("files take none, but for .csv: target=COLUMN,separator=comma, and with "
                                       "text=COLUMN max_tokens, length, vocabulary, save_vocabulary"));
}

void check_part(const Tensor& x, const Tensor& y, const std::string& part) {
  if (!y.empty() && (x.empty() || x.shape()[0] != y.shape()[0])) {
    fail(ErrorKind::input, "x{} has {} samples but y{} has {}", part, x.empty() ? 0 : x.shape()[0], part, y.shape()[0]);
  }
  require_finite(x, "x" + part);
  require_finite(y, "y" + part);
}

void check(const Dataset& data) {
  if (data.x.empty() || data.x.shape().rank() == 0) fail(ErrorKind::input, "the inputs have no samples");
  if (data.x.shape().rank() == 1 && data.y.empty() && data.classes > 0) {
    fail(ErrorKind::input, "these are labels; give the file of the pictures, or both as PICTURES,LABELS");
  }
  check_part(data.x, data.y, "");
  check_part(data.x_test, data.y_test, "_test");
}

}  // namespace

const Source* source_of(std::string_view name, std::string_view bytes) {
  for (const Source* source : all_sources()) {
    if (!source->generated() && source->recognizes(name, bytes)) return source;
  }
  return nullptr;
}

Dataset load_data(const std::string& whole) {
  DataSpec spec = parse_data_spec(whole);
  const Source* generated = generated_set(spec.head);
  Dataset data = generated != nullptr ? generated->generate(spec) : load_files(spec);
  refuse_leftovers(spec);
  data.name = whole;
  try {
    check(data);
  } catch (const Error& error) {
    fail(error.kind(), "data {}: {}", spec.head, error.what());
  }
  if (data.classes == 0) data.classes = count_classes(data.y);
  return data;
}

std::vector<SourceInfo> data_sources() {
  std::vector<SourceInfo> infos;
  for (const bool generated : {false, true}) {
    for (const Source* source : all_sources()) {
      if (source->generated() != generated) continue;
      infos.push_back({std::string(source->id), std::string(source->usage), std::string(source->summary)});
    }
  }
  return infos;
}

}  // namespace evenflow
