#include "tools/projector.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "io/atomic_file.h"
#include "io/png.h"
#include "io/resize.h"
#include "tools/event_pictures.h"

namespace sluice::tools {
namespace {

constexpr int64_t kLargestThumbnail = 48;  // pixels

absl::Status Write(const std::string& directory, const char* name, const std::string& bytes) {
  return WriteFile(JoinPath(directory, name), bytes, IfExists::kReplace);
}

std::string PointsToTsv(const Tensor& points) {
  std::string text;
  const float* value = points.data<float>();
  for (int64_t i = 0; i < points.dim(0); ++i) {
    for (int64_t j = 0; j < points.dim(1); ++j) absl::StrAppendFormat(&text, "%s%.6g", j > 0 ? "\t" : "", *value++);
    text += '\n';
  }
  return text;
}

// One column has no header, several have one: that is the projector's rule.
std::string RowsToTsv(const Embedding& embedding) {
  auto line = [](const std::vector<std::string>& cells) {
    std::vector<std::string> clean;
    for (const std::string& cell : cells) clean.push_back(absl::StrReplaceAll(cell, {{"\t", " "}, {"\n", " "}}));
    return absl::StrJoin(clean, "\t") + "\n";
  };
  std::string text = embedding.columns.size() > 1 ? line(embedding.columns) : "";
  for (const auto& row : embedding.rows) text += line(row);
  return text;
}

// Square pictures of the same size, which is what a sprite is made of.
absl::StatusOr<Tensor> Thumbnails(const Tensor& pictures) {
  const int64_t n = pictures.dim(0), height = pictures.dim(1), width = pictures.dim(2), channels = pictures.dim(3);
  const int64_t size = std::min(kLargestThumbnail, std::max(height, width));
  if (height == size && width == size) return pictures;
  SLUICE_ASSIGN_OR_RETURN(Tensor small, Tensor::Create(DataType::kUint8, Shape{n, size, size, channels}));
  for (int64_t i = 0; i < n; ++i) {
    Tensor picture(DataType::kUint8, Shape{height, width, channels}, pictures.buffer(),
                   static_cast<size_t>(i * height * width * channels));
    SLUICE_ASSIGN_OR_RETURN(Tensor resized, ResizePicture(picture, size, size, ResizeMethod::kArea));
    SLUICE_ASSIGN_OR_RETURN(resized, RoundToUint8(resized));
    std::memcpy(small.data<uint8_t>() + i * size * size * channels, resized.raw(), resized.bytes());
  }
  return small;
}

}  // namespace

absl::Status WriteEmbedding(const Embedding& embedding, const std::string& directory) {
  std::string config = absl::StrFormat(
      "embeddings {\n  tensor_name: \"%s\"\n  tensor_path: \"embedding.tsv\"\n  metadata_path: \"metadata.tsv\"\n",
      embedding.name);
  SLUICE_RETURN_IF_ERROR(Write(directory, "embedding.tsv", PointsToTsv(embedding.points)));
  SLUICE_RETURN_IF_ERROR(Write(directory, "metadata.tsv", RowsToTsv(embedding)));
  if (embedding.pictures.num_elements() > 0) {
    SLUICE_ASSIGN_OR_RETURN(Tensor thumbnails, Thumbnails(embedding.pictures));
    const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(thumbnails.dim(0)))));
    SLUICE_ASSIGN_OR_RETURN(Tensor sprite, TilePictures(thumbnails, columns, 0));
    SLUICE_ASSIGN_OR_RETURN(std::string png, EncodePng(sprite));
    SLUICE_RETURN_IF_ERROR(Write(directory, "sprite.png", png));
    absl::StrAppendFormat(&config,
                          "  sprite {\n    image_path: \"sprite.png\"\n    single_image_dim: %d\n"
                          "    single_image_dim: %d\n  }\n",
                          thumbnails.dim(2), thumbnails.dim(1));
  }
  return Write(directory, "projector_config.pbtxt", config + "}\n");
}

}  // namespace sluice::tools
