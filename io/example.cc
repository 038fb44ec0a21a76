#include "io/example.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "core/status.h"
#include "io/coding.h"

namespace sluice {
namespace {

// More make an attack of the search for names, which is quadratic.
constexpr size_t kMaxFeatures = 1000;

// Protobuf's wire format: fields one after another, each a varint of number and type, then the value.
enum WireType { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

struct Field {
  uint64_t number = 0;
  int type = 0;
  uint64_t varint = 0;      // of kVarint
  absl::string_view bytes;  // of the others
};

// Takes a field off the front of `message`; false where there is none that fits in.
bool ConsumeField(absl::string_view& message, Field& field) {
  uint64_t tag = 0, size = 0;
  if (!ConsumeVarint(message, tag) || tag > UINT32_MAX) return false;
  field.number = tag >> 3;
  field.type = static_cast<int>(tag & 7);
  if (field.number == 0) return false;
  switch (field.type) {
    case kVarint:
      return ConsumeVarint(message, field.varint);
    case kFixed64:
      size = 8;
      break;
    case kLength:
      if (!ConsumeVarint(message, size)) return false;
      break;
    case kFixed32:
      size = 4;
      break;
    default:  // groups, which proto3 does not have
      return false;
  }
  if (size > message.size()) return false;
  field.bytes = message.substr(0, size);
  message.remove_prefix(size);
  return true;
}

// Calls f(field) for each field of `message`; false where it is no message or f says so.
template <class F>
bool ForEachField(absl::string_view message, F&& f) {
  Field field;
  while (!message.empty()) {
    if (!ConsumeField(message, field) || !f(field)) return false;
  }
  return true;
}

bool IsMessage(const Field& field, uint64_t number) { return field.number == number && field.type == kLength; }

// The message Feature: a oneof of three lists, whose field numbers are Kind's values. A list in two pieces, which
// protobuf would join, is refused: nothing writes that.
bool ParseFeature(absl::string_view message, Feature& feature) {
  feature.kind = Feature::Kind::kNone;
  return ForEachField(message, [&](const Field& field) {
    if (field.number > 3) return true;
    auto kind = static_cast<Feature::Kind>(field.number);
    if (field.type != kLength || feature.kind == kind) return false;
    feature.kind = kind;
    feature.list = field.bytes;
    return true;
  });
}

// An entry of the map: name and Feature.
bool ParseEntry(absl::string_view message, Feature& feature) {
  absl::string_view value;
  bool has_value = false;
  bool parsed = ForEachField(message, [&](const Field& field) {
    if (field.number > 2) return true;
    if (field.type != kLength || (field.number == 2 && has_value)) return false;
    (field.number == 1 ? feature.name : value) = field.bytes;
    has_value |= field.number == 2;
    return true;
  });
  return parsed && ParseFeature(value, feature);
}

absl::Status WrongKind(const Feature& feature, absl::string_view expected) {
  constexpr absl::string_view kNames[] = {"without value", "of bytes", "of floats", "of integers"};
  return absl::InvalidArgumentError(absl::StrCat("feature '", feature.name, "' is ",
                                                 kNames[static_cast<int>(feature.kind)], ", expected one ", expected));
}

absl::Status Malformed(const Feature& feature) {
  return absl::InvalidArgumentError(absl::StrCat("feature '", feature.name, "' is malformed"));
}

absl::Status NotSingle(const Feature& feature, int64_t count) {
  return absl::InvalidArgumentError(absl::StrCat("feature '", feature.name, "' has ", count, " values, expected one"));
}

// Calls f(value) for each value of a BytesList.
template <class F>
absl::Status VisitBytes(const Feature& feature, F&& f) {
  if (feature.kind != Feature::Kind::kBytes) return WrongKind(feature, "of bytes");
  bool parsed = ForEachField(feature.list, [&](const Field& field) {
    if (field.number != 1) return true;
    if (field.type != kLength) return false;
    f(field.bytes);
    return true;
  });
  return parsed ? absl::OkStatus() : Malformed(feature);
}

// The same for an Int64List, whose values are packed or one a field.
template <class F>
absl::Status VisitInts(const Feature& feature, F&& f) {
  if (feature.kind != Feature::Kind::kInts) return WrongKind(feature, "of integers");
  bool parsed = ForEachField(feature.list, [&](const Field& field) {
    if (field.number != 1) return true;
    if (field.type == kVarint) {
      f(static_cast<int64_t>(field.varint));
      return true;
    }
    absl::string_view packed = field.bytes;
    uint64_t value = 0;
    while (field.type == kLength && !packed.empty()) {
      if (!ConsumeVarint(packed, value)) return false;
      f(static_cast<int64_t>(value));
    }
    return field.type == kLength;
  });
  return parsed ? absl::OkStatus() : Malformed(feature);
}

void AppendField(int number, absl::string_view bytes, std::string& out) {
  AppendVarint(static_cast<uint64_t>(number) << 3 | kLength, out);
  AppendVarint(bytes.size(), out);
  out.append(bytes.data(), bytes.size());
}

}  // namespace

absl::StatusOr<Features> ParseExample(absl::string_view bytes) {
  Features features;
  auto add = [&](absl::string_view entry) {
    Feature feature;
    if (!ParseEntry(entry, feature)) return false;
    auto same =
        std::find_if(features.begin(), features.end(), [&](const Feature& f) { return f.name == feature.name; });
    if (same == features.end()) {
      features.push_back(feature);
    } else {
      *same = feature;
    }
    return features.size() <= kMaxFeatures;
  };
  bool parsed = ForEachField(bytes, [&](const Field& field) {
    if (field.number != 1) return true;
    return field.type == kLength && ForEachField(field.bytes, [&](const Field& entry) {
             if (entry.number != 1) return true;
             return IsMessage(entry, 1) && add(entry.bytes);
           });
  });
  if (!parsed) return absl::InvalidArgumentError("not a tf.train.Example");
  return features;
}

const Feature* FindFeature(const Features& features, absl::string_view name) {
  auto found = std::find_if(features.begin(), features.end(), [&](const Feature& f) { return f.name == name; });
  return found == features.end() ? nullptr : &*found;
}

absl::StatusOr<std::vector<absl::string_view>> BytesOf(const Feature& feature) {
  std::vector<absl::string_view> values;
  SLUICE_RETURN_IF_ERROR(VisitBytes(feature, [&](absl::string_view value) { values.push_back(value); }));
  return values;
}

absl::StatusOr<std::vector<int64_t>> IntsOf(const Feature& feature) {
  std::vector<int64_t> values;
  SLUICE_RETURN_IF_ERROR(VisitInts(feature, [&](int64_t value) { values.push_back(value); }));
  return values;
}

absl::StatusOr<std::vector<float>> FloatsOf(const Feature& feature) {
  if (feature.kind != Feature::Kind::kFloats) return WrongKind(feature, "of floats");
  std::vector<float> values;
  bool parsed = ForEachField(feature.list, [&](const Field& field) {
    if (field.number != 1) return true;
    if ((field.type != kLength && field.type != kFixed32) || field.bytes.size() % sizeof(float) != 0) return false;
    for (size_t i = 0; i < field.bytes.size(); i += sizeof(float)) {
      values.push_back(LoadLittleEndian<float>(field.bytes.data() + i));
    }
    return true;
  });
  if (!parsed) return Malformed(feature);
  return values;
}

absl::StatusOr<absl::string_view> SingleBytesOf(const Feature& feature) {
  absl::string_view result;
  int64_t count = 0;
  SLUICE_RETURN_IF_ERROR(VisitBytes(feature, [&](absl::string_view value) {
    result = value;
    ++count;
  }));
  if (count != 1) return NotSingle(feature, count);
  return result;
}

absl::StatusOr<int64_t> SingleIntOf(const Feature& feature) {
  int64_t result = 0, count = 0;
  SLUICE_RETURN_IF_ERROR(VisitInts(feature, [&](int64_t value) {
    result = value;
    ++count;
  }));
  if (count != 1) return NotSingle(feature, count);
  return result;
}

void ExampleBuilder::Add(absl::string_view name, int kind, absl::string_view list) {
  std::string feature, entry;
  AppendField(kind, list, feature);
  AppendField(1, name, entry);
  AppendField(2, feature, entry);
  AppendField(1, entry, features_);
}

ExampleBuilder& ExampleBuilder::AddBytes(absl::string_view name, absl::string_view value) {
  std::string list;
  AppendField(1, value, list);
  Add(name, static_cast<int>(Feature::Kind::kBytes), list);
  return *this;
}

ExampleBuilder& ExampleBuilder::AddInt(absl::string_view name, int64_t value) {
  std::string packed, list;
  AppendVarint(static_cast<uint64_t>(value), packed);
  AppendField(1, packed, list);
  Add(name, static_cast<int>(Feature::Kind::kInts), list);
  return *this;
}

ExampleBuilder& ExampleBuilder::AddFloats(absl::string_view name, const std::vector<float>& values) {
  std::string packed, list;
  for (float value : values) AppendLittleEndian(value, packed);
  AppendField(1, packed, list);
  Add(name, static_cast<int>(Feature::Kind::kFloats), list);
  return *this;
}

std::string ExampleBuilder::Finish() const {
  std::string example;
  AppendField(1, features_, example);
  return example;
}

}  // namespace sluice
