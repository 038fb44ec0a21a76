// tf.train.Example: a record's named values, read in place (docs/formats.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "core/api.h"

namespace SLUICE_API sluice {

// One feature; a view into the record's bytes.
struct Feature {
  enum class Kind { kNone, kBytes, kFloats, kInts };
  absl::string_view name;
  Kind kind = Kind::kNone;
  absl::string_view list;  // the message BytesList, FloatList or Int64List
};
using Features = absl::InlinedVector<Feature, 8>;

// The features of an Example in the order of the file, a later one of the same name in place of an earlier one.
// Lists are found, not yet read. InvalidArgument where the bytes are no such message. `bytes` must outlive the result.
absl::StatusOr<Features> ParseExample(absl::string_view bytes);

// nullptr where there is none.
const Feature* FindFeature(const Features& features, absl::string_view name);

// All values. InvalidArgument, naming the feature, where it is of another kind or its bytes are no such list.
absl::StatusOr<std::vector<absl::string_view>> BytesOf(const Feature& feature);
absl::StatusOr<std::vector<float>> FloatsOf(const Feature& feature);
absl::StatusOr<std::vector<int64_t>> IntsOf(const Feature& feature);
// The only value; InvalidArgument too where there is another number of them. They take no memory.
absl::StatusOr<absl::string_view> SingleBytesOf(const Feature& feature);
absl::StatusOr<int64_t> SingleIntOf(const Feature& feature);

// Puts an Example together. A name is to be added once.
class ExampleBuilder {
 public:
  ExampleBuilder& AddBytes(absl::string_view name, absl::string_view value);
  ExampleBuilder& AddInt(absl::string_view name, int64_t value);
  ExampleBuilder& AddFloats(absl::string_view name, const std::vector<float>& values);
  // The message's bytes.
  std::string Finish() const;

 private:
  void Add(absl::string_view name, int kind, absl::string_view list);

  std::string features_;
};

}  // namespace sluice
