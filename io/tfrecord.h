// TFRecord files: one framed record after another (docs/formats.md). Data sets and TensorBoard's events lie in them.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "core/api.h"
#include "io/file.h"

namespace SLUICE_API sluice {

// A record's frame: u64 length and u32 its checksum before the data, u32 the data's checksum behind.
inline constexpr uint64_t kTfRecordHeaderBytes = 12;
inline constexpr uint64_t kTfRecordFooterBytes = 4;

// Adds `record` with its frame to the end of `out`.
void AppendTFRecord(absl::string_view record, std::string& out);

// Reads the records of a file in order. Not thread-safe.
class TFRecordReader {
 public:
  // `name` is the file's, for messages. The file must outlive the reader. A record of more than `max_record_bytes`
  // is an error before memory is taken for it.
  TFRecordReader(const ReadableFile& file, std::string name, uint64_t max_record_bytes = uint64_t{1} << 30)
      : file_(file), name_(std::move(name)), max_record_bytes_(max_record_bytes) {}

  // The next record. OutOfRange at the end of the file; DataLoss, with file and offset, where a checksum is wrong or
  // the file ends inside a record; ResourceExhausted for a record that is too large. After an error the reader stays
  // where it is.
  absl::Status Next(std::string& record);
  // Where the next record begins, in bytes.
  uint64_t offset() const { return offset_; }
  // The last error was that the file ends inside a record: a writer may be at it.
  bool ends_inside_record() const { return ends_inside_record_; }

 private:
  absl::Status Damaged(absl::string_view what) const;
  absl::Status EndsInside();

  const ReadableFile& file_;
  const std::string name_;
  const uint64_t max_record_bytes_;
  uint64_t offset_ = 0;
  bool ends_inside_record_ = false;
};

}  // namespace sluice
