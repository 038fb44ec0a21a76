// Labelled pictures by number, wherever they come from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "core/api.h"
#include "core/tensor.h"
#include "io/bad_examples.h"
#include "io/dataset.h"
#include "io/file.h"
#include "io/image.h"

namespace SLUICE_API sluice {

// A thread's own tools, kept between reads.
struct ExampleScratch {
  ImageDecoder decoder;
  std::string bytes;
};

struct LabelledPicture {
  Tensor picture;  // uint8 [height, width, channels]
  int32_t label = 0;
};

// Immutable and thread-safe.
class ExampleSource {
 public:
  virtual ~ExampleSource() = default;
  virtual int64_t size() const = 0;
  virtual int classes() const = 0;
  // The classes' names; empty where they have none.
  virtual const std::vector<std::string>& labels() const = 0;
  // The file, and which record of it: "train.tfrecord: record 3 at byte 12345".
  virtual std::string Describe(int64_t i) const = 0;
  // The error names file and record; InvalidArgument for a label that is not in [0, classes), too.
  virtual absl::StatusOr<LabelledPicture> Read(int64_t i, const ImageOptions& options,
                                               ExampleScratch& scratch) const = 0;
};

// Pictures in memory, whose memory is shared. `name` is for messages.
absl::StatusOr<std::unique_ptr<ExampleSource>> NewMemorySource(ImageDataset data, std::vector<std::string> labels,
                                                               std::string name);

struct TFRecordSourceOptions {
  int classes = 0;                  // or the number of `labels`
  std::vector<std::string> labels;  // the classes' names, if known
  int64_t first_label = 0;          // what the files call class 0
  std::string picture_key = "image/encoded", label_key = "image/class/label";
  // Damage that is found when the files are opened; records themselves are read later.
  OnBad on_bad = OnBad::kFail;
  BadExamples* bad = nullptr;
};
// tf.train.Examples in TFRecord files, in the order of `paths`.
absl::StatusOr<std::unique_ptr<ExampleSource>> OpenTFRecordSource(const std::vector<std::string>& paths,
                                                                  const TFRecordSourceOptions& options,
                                                                  FileSystem& fs = PosixFileSystem());

struct ImageFolderOptions {
  // Names of the classes in their order; empty: the names of the folders, sorted.
  std::vector<std::string> labels;
  OnBad on_bad = OnBad::kFail;
  BadExamples* bad = nullptr;
};
// A picture file of a class.
struct ImageFile {
  std::string path;
  int32_t label = 0;
};
struct ImageFolder {
  std::vector<std::string> labels;
  std::vector<ImageFile> files;  // by class, then by name
};
// DIR/CLASS/NAME.jpg (or .jpeg, .png). Names that begin with a dot are passed over. InvalidArgument for a folder
// without classes, a class without pictures, a folder that is no class of `labels`, and, unless bad ones are skipped,
// for a file with another ending.
absl::StatusOr<ImageFolder> ListImageFolder(const std::string& dir, const ImageFolderOptions& options,
                                            FileSystem& fs = PosixFileSystem());
// The pictures of such a folder, read when they are wanted.
absl::StatusOr<std::unique_ptr<ExampleSource>> NewImageFolderSource(ImageFolder folder,
                                                                    FileSystem& fs = PosixFileSystem());

// Two halves of one: of each `period` examples the last one is the second half's.
absl::StatusOr<std::unique_ptr<ExampleSource>> NewSplitSource(std::shared_ptr<const ExampleSource> all, Split split,
                                                              int64_t period);

// One name a line. InvalidArgument for a file without any, or with an empty line between others.
absl::StatusOr<std::vector<std::string>> ReadLabelNames(const std::string& path, FileSystem& fs = PosixFileSystem());

}  // namespace sluice
