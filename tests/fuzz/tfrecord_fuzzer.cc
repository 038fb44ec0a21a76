// TFRecord files from strangers, and the Examples in them. What our reader of Examples takes, protobuf has to take
// with the same values.
#include <cstdlib>

#include "io/example.h"
#include "io/tfrecord_file.h"
#include "sluice/proto/example.pb.h"
#include "tests/io/memory_file_system.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Compare(const sluice::Feature& feature, const sluice::proto::Feature& expected) {
  using Kind = sluice::Feature::Kind;
  Require(static_cast<int>(expected.kind_case()) == static_cast<int>(feature.kind));
  if (feature.kind == Kind::kInts) {
    auto values = sluice::IntsOf(feature);
    if (!values.ok()) return;
    Require(static_cast<int>(values->size()) == expected.int64_list().value_size());
    for (int i = 0; i < expected.int64_list().value_size(); ++i) {
      Require((*values)[static_cast<size_t>(i)] == expected.int64_list().value(i));
    }
  } else if (feature.kind == Kind::kBytes) {
    auto values = sluice::BytesOf(feature);
    if (!values.ok()) return;
    Require(static_cast<int>(values->size()) == expected.bytes_list().value_size());
    for (int i = 0; i < expected.bytes_list().value_size(); ++i) {
      Require((*values)[static_cast<size_t>(i)] == expected.bytes_list().value(i));
    }
  } else if (feature.kind == Kind::kFloats) {
    auto values = sluice::FloatsOf(feature);
    if (values.ok()) Require(static_cast<int>(values->size()) == expected.float_list().value_size());
  }
}

void CheckExample(absl::string_view bytes) {
  auto features = sluice::ParseExample(bytes);
  sluice::proto::Example expected;
  // Protobuf also looks at what we pass over: a name that is not UTF-8, a list that is malformed.
  if (!features.ok() || !expected.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto& map = expected.features().feature();
  Require(features->size() == map.size());
  for (const sluice::Feature& feature : *features) {
    auto found = map.find(std::string(feature.name));
    Require(found != map.end());
    Compare(feature, found->second);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  CheckExample(bytes);
  sluice::MemoryFileSystem fs;
  if (!sluice::WriteFile("/f", bytes, sluice::IfExists::kReplace, fs).ok()) return 0;
  auto file = sluice::TFRecordFile::Open("/f", {.max_record_bytes = 1 << 20, .max_unpacked_bytes = 1 << 20}, fs);
  if (!file.ok()) return 0;
  uint64_t lost = 0, kept = 0;
  std::string record;
  for (int64_t i = 0; i < (*file)->size(); ++i) {
    kept += (*file)->RecordBytes(i) + 16;
    if ((*file)->Read(i, &record).ok()) CheckExample(record);
  }
  for (const auto& damage : (*file)->damages()) lost += damage.bytes;
  Require(kept + lost == (*file)->bytes());
  return 0;
}
