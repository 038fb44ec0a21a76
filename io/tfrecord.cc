#include "io/tfrecord.h"

#include "absl/strings/str_cat.h"

#include "core/status.h"
#include "io/coding.h"
#include "io/crc32c.h"

namespace sluice {
namespace {}  // namespace

void AppendTFRecord(absl::string_view record, std::string& out) {
  std::string length;
  AppendLittleEndian<uint64_t>(record.size(), length);
  out += length;
  AppendLittleEndian<uint32_t>(MaskCrc32c(Crc32c(length)), out);
  out.append(record.data(), record.size());
  AppendLittleEndian<uint32_t>(MaskCrc32c(Crc32c(record)), out);
}

absl::Status TFRecordReader::Damaged(absl::string_view what) const {
  return absl::DataLossError(absl::StrCat(name_, ": the record at byte ", offset_, " ", what));
}

absl::Status TFRecordReader::EndsInside() {
  ends_inside_record_ = true;
  return Damaged("ends with the file");
}

absl::Status TFRecordReader::Next(std::string& record) {
  ends_inside_record_ = false;
  const uint64_t left = file_.size() - offset_;
  if (left == 0) return absl::OutOfRangeError(absl::StrCat(name_, ": there is no further record"));
  if (left < kTfRecordHeaderBytes) return EndsInside();
  char header[kTfRecordHeaderBytes];
  SLUICE_RETURN_IF_ERROR(file_.ReadAt(offset_, absl::MakeSpan(header)));
  const auto length = LoadLittleEndian<uint64_t>(header);
  const auto length_crc = LoadLittleEndian<uint32_t>(header + 8);
  if (length_crc != MaskCrc32c(Crc32c(absl::string_view(header, 8)))) {
    return Damaged("has a length with a wrong checksum");
  }
  if (left - kTfRecordHeaderBytes < kTfRecordFooterBytes ||
      length > left - kTfRecordHeaderBytes - kTfRecordFooterBytes) {
    return EndsInside();
  }
  if (length > max_record_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat(name_, ": the record at byte ", offset_, " has ", length,
                                                     " bytes; the limit is ", max_record_bytes_));
  }
  record.resize(length + kTfRecordFooterBytes);
  SLUICE_RETURN_IF_ERROR(file_.ReadAt(offset_ + kTfRecordHeaderBytes, absl::MakeSpan(record)));
  const auto crc = LoadLittleEndian<uint32_t>(record.data() + length);
  record.resize(length);
  if (crc != MaskCrc32c(Crc32c(record))) return Damaged("has a wrong checksum");
  offset_ += kTfRecordHeaderBytes + length + kTfRecordFooterBytes;
  return absl::OkStatus();
}

}  // namespace sluice
