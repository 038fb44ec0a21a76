// TFRecord files as data sets are kept in them: records by number, also of files that are damaged or gzipped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "core/api.h"
#include "io/atomic_file.h"
#include "io/file.h"

namespace SLUICE_API sluice {

struct TFRecordOptions {
  // Larger records are refused before memory is taken for them.
  uint64_t max_record_bytes = uint64_t{1} << 30;
  // A gzipped file is unpacked whole; what it may have at most then.
  uint64_t max_unpacked_bytes = uint64_t{4} << 30;
};

// A file's records by number. Thread-safe once open.
class TFRecordFile {
 public:
  // Where the frame of lengths is broken: an invalid or too large length, or the file's end in the midst of a record.
  struct Damage {
    uint64_t offset = 0;  // in the file (unpacked, where it is gzipped)
    uint64_t bytes = 0;   // up to the next record that is whole, or the end
    std::string reason;
  };

  // Goes through the lengths once and notes where each record begins. Behind a broken length it looks for the next
  // record that is whole. Gzipped files are told by content.
  static absl::StatusOr<std::unique_ptr<TFRecordFile>> Open(const std::string& path,
                                                            const TFRecordOptions& options = {},
                                                            FileSystem& fs = PosixFileSystem());

  const std::string& path() const { return path_; }
  int64_t size() const { return static_cast<int64_t>(records_.size()); }
  uint64_t bytes() const { return file_->size(); }
  const std::vector<Damage>& damages() const { return damages_; }
  // OK where there is no damage; else DataLoss with the file, the offset and the reason of the first.
  absl::Status CheckUndamaged() const;

  // The record's bytes, which replace those of `data`. DataLoss, naming file, record and offset, for a wrong checksum.
  // REQUIRES: 0 <= i < size().
  absl::Status Read(int64_t i, std::string* data) const;
  uint64_t RecordBytes(int64_t i) const { return records_[static_cast<size_t>(i)].bytes; }
  // "a.tfrecord: record 3 at byte 12345".
  std::string Describe(int64_t i) const;

 private:
  struct Position {
    uint64_t offset;  // of its length
    uint64_t bytes;   // of its data
  };
  TFRecordFile(std::string path, std::unique_ptr<ReadableFile> file) : path_(std::move(path)), file_(std::move(file)) {}
  absl::Status Index(uint64_t max_record_bytes);

  const std::string path_;
  const std::unique_ptr<ReadableFile> file_;
  std::vector<Position> records_;
  std::vector<Damage> damages_;
};

// Writes a file of records; it appears under its name at Commit. Not thread-safe.
class TFRecordWriter {
 public:
  static absl::StatusOr<std::unique_ptr<TFRecordWriter>> Create(const std::string& path, IfExists if_exists,
                                                                FileSystem& fs = PosixFileSystem());
  absl::Status Write(absl::string_view record);
  // The last call.
  absl::Status Commit();

 private:
  explicit TFRecordWriter(std::unique_ptr<AtomicFile> file) : file_(std::move(file)) {}

  std::unique_ptr<AtomicFile> file_;
  std::string pending_;
};

}  // namespace sluice
