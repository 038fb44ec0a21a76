#include "io/tfrecord_file.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "core/status.h"
#include "io/coding.h"
#include "io/crc32c.h"
#include "io/gzip.h"
#include "io/tfrecord.h"

namespace sluice {
namespace {

constexpr size_t kPending = size_t{1} << 20;

// A file that was unpacked into memory.
class MemoryFile : public ReadableFile {
 public:
  MemoryFile(std::string path, std::string bytes) : path_(std::move(path)), bytes_(std::move(bytes)) {}
  absl::Status ReadAt(uint64_t offset, absl::Span<char> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return absl::DataLossError(absl::StrCat(path_, ": ends at byte ", bytes_.size()));
    }
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return absl::OkStatus();
  }
  uint64_t size() const override { return bytes_.size(); }

 private:
  const std::string path_;
  const std::string bytes_;
};

// Reads a file front to back in pieces: large ones while records are small, so that a record costs no system call,
// small ones where most of what was read ahead would be skipped.
class Window {
 public:
  explicit Window(const ReadableFile& file) : file_(file) {}

  // `n` bytes at `offset`, valid until the next call; at least that many must be there.
  absl::StatusOr<const char*> At(uint64_t offset, uint64_t n) {
    if (offset < begin_ || offset + n > begin_ + bytes_.size()) {
      bool is_near = offset >= begin_ && offset - begin_ < bytes_.size() + kSmall;
      uint64_t wanted = std::max(n, is_near ? kLarge : kSmall);
      bytes_.resize(std::min(wanted, file_.size() - offset));
      begin_ = offset;
      SLUICE_RETURN_IF_ERROR(file_.ReadAt(offset, absl::MakeSpan(bytes_)));
    }
    return bytes_.data() + (offset - begin_);
  }

 private:
  static constexpr uint64_t kLarge = uint64_t{1} << 16, kSmall = uint64_t{1} << 12;
  const ReadableFile& file_;
  uint64_t begin_ = 0;
  std::vector<char> bytes_;
};

// Whether the twelve bytes are a length with its checksum.
bool IsHeader(const char* bytes) {
  return UnmaskCrc32c(LoadLittleEndian<uint32_t>(bytes + 8)) == Crc32c(absl::string_view(bytes, 8));
}

// The offset of the first whole record from `offset` on, or the file's size. The chance that other bytes pass for a
// length that fits, with its checksum, is 2^-32 and less a byte.
absl::StatusOr<uint64_t> FindRecord(Window& window, uint64_t offset, uint64_t size, uint64_t max_record_bytes) {
  for (; size - offset >= kTfRecordHeaderBytes + kTfRecordFooterBytes; ++offset) {
    SLUICE_ASSIGN_OR_RETURN(const char* header, window.At(offset, kTfRecordHeaderBytes));
    if (!IsHeader(header)) continue;
    auto bytes = LoadLittleEndian<uint64_t>(header);
    if (bytes <= max_record_bytes && bytes <= size - offset - kTfRecordHeaderBytes - kTfRecordFooterBytes)
      return offset;
  }
  return size;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TFRecordFile>> TFRecordFile::Open(const std::string& path,
                                                                 const TFRecordOptions& options, FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, fs.OpenForReading(path));
  char first[2] = {0, 0};
  if (file->size() >= sizeof first) SLUICE_RETURN_IF_ERROR(file->ReadAt(0, absl::MakeSpan(first)));
  // A first record of 35,615 bytes begins like a gzip file too.
  char header[kTfRecordHeaderBytes] = {};
  if (file->size() >= kTfRecordHeaderBytes) SLUICE_RETURN_IF_ERROR(file->ReadAt(0, absl::MakeSpan(header)));
  if (LooksLikeGzip(absl::string_view(first, sizeof first)) &&
      !(file->size() >= kTfRecordHeaderBytes && IsHeader(header))) {
    SLUICE_ASSIGN_OR_RETURN(std::string packed, fs.ReadFile(path, options.max_unpacked_bytes));
    auto bytes = Gunzip(packed, options.max_unpacked_bytes);
    if (!bytes.ok()) return WithContext(bytes.status(), path);
    file = std::make_unique<MemoryFile>(path, *std::move(bytes));
  }
  std::unique_ptr<TFRecordFile> result(new TFRecordFile(path, std::move(file)));
  SLUICE_RETURN_IF_ERROR(result->Index(options.max_record_bytes));
  return result;
}

absl::Status TFRecordFile::Index(uint64_t max_record_bytes) {
  const uint64_t size = file_->size();
  Window window(*file_);
  uint64_t offset = 0;
  while (offset < size) {
    std::string reason;
    if (size - offset < kTfRecordHeaderBytes + kTfRecordFooterBytes) {
      reason = absl::StrCat("the file ends in the midst of a record");
    } else {
      SLUICE_ASSIGN_OR_RETURN(const char* header, window.At(offset, kTfRecordHeaderBytes));
      auto bytes = LoadLittleEndian<uint64_t>(header);
      if (!IsHeader(header)) {
        reason = "a record's length does not have its checksum";
      } else if (bytes > size - offset - kTfRecordHeaderBytes - kTfRecordFooterBytes) {
        reason =
            absl::StrCat("a record of ", bytes, " bytes where ", size - offset - kTfRecordHeaderBytes, " are left");
      } else if (bytes > max_record_bytes) {
        reason = absl::StrCat("a record of ", bytes, " bytes; the limit is ", max_record_bytes);
      } else {
        records_.push_back({offset, bytes});
        offset += kTfRecordHeaderBytes + bytes + kTfRecordFooterBytes;
        continue;
      }
    }
    uint64_t next = size;
    if (size - offset > kTfRecordHeaderBytes + kTfRecordFooterBytes) {
      SLUICE_ASSIGN_OR_RETURN(next, FindRecord(window, offset + 1, size, max_record_bytes));
    }
    damages_.push_back({offset, next - offset, std::move(reason)});
    offset = next;
  }
  return absl::OkStatus();
}

absl::Status TFRecordFile::CheckUndamaged() const {
  if (damages_.empty()) return absl::OkStatus();
  const Damage& first = damages_.front();
  return absl::DataLossError(absl::StrCat(path_, ": at byte ", first.offset, ": ", first.reason));
}

std::string TFRecordFile::Describe(int64_t i) const {
  return absl::StrCat(path_, ": record ", i, " at byte ", records_[static_cast<size_t>(i)].offset);
}

absl::Status TFRecordFile::Read(int64_t i, std::string* data) const {
  const Position& record = records_[static_cast<size_t>(i)];
  // Data and checksum in one read.
  data->resize(record.bytes + kTfRecordFooterBytes);
  SLUICE_RETURN_IF_ERROR(
      file_->ReadAt(record.offset + kTfRecordHeaderBytes, absl::MakeSpan(data->data(), data->size())));
  auto expected = UnmaskCrc32c(LoadLittleEndian<uint32_t>(data->data() + record.bytes));
  data->resize(record.bytes);
  if (Crc32c(*data) != expected) {
    return absl::DataLossError(absl::StrCat(Describe(i), ": its ", record.bytes, " bytes do not have their checksum"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TFRecordWriter>> TFRecordWriter::Create(const std::string& path, IfExists if_exists,
                                                                       FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::Create(path, if_exists, fs));
  return std::unique_ptr<TFRecordWriter>(new TFRecordWriter(std::move(file)));
}

absl::Status TFRecordWriter::Write(absl::string_view record) {
  AppendTFRecord(record, pending_);
  if (pending_.size() < kPending) return absl::OkStatus();
  absl::Status status = file_->Append(pending_);
  pending_.clear();
  return status;
}

absl::Status TFRecordWriter::Commit() {
  SLUICE_RETURN_IF_ERROR(file_->Append(pending_));
  return file_->Commit();
}

}  // namespace sluice
