#include "tools/data_spec.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "core/status.h"
#include "tools/exit_code.h"
#include "tools/picture.h"
#include "tools/units.h"

namespace sluice::tools {

const char* const kDataSpecHelp =
    "SOURCE[:OPTION].. where SOURCE is fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, tfrecord:GLOB or folder:DIR (a "
    "folder a class), and OPTION one of classes=N, labels=FILE, first-label=N, test=GLOB, holdout=N, channels=N, "
    "size=S "
    "or HxW, resize=bilinear|antialias|area, crop=N, pad=N, flip, brightness=X, contrast=X, saturation=X, pca=X, "
    "ten-crop, mean=X/Y/Z|dataset|pixel, std=X/Y/Z|dataset, scale=X, cache=SIZE|no, shuffle=N, threads=N, prefetch=N, "
    "on-bad=fail|skip. Pictures are scaled to 0 .. 1; cifar10 has crop=32:pad=4:flip and its mean and std by default";

namespace {

// Of CIFAR-10's training pictures.
const std::vector<float> kCifarMean = {125.3f, 123.0f, 113.9f};
const std::vector<float> kCifarDeviation = {63.0f, 62.1f, 66.7f};

absl::Status ParseCount(absl::string_view name, absl::string_view text, int64_t least, int64_t* value) {
  if (absl::SimpleAtoi(text, value) && *value >= least && *value <= (int64_t{1} << 40)) return absl::OkStatus();
  return UsageError(absl::StrCat("--data: ", name, "=", text, ": expected a whole number from ", least, " on"));
}

absl::Status ParseAmount(absl::string_view name, absl::string_view text, double* value) {
  if (absl::SimpleAtod(text, value) && *value >= 0 && *value <= 10) return absl::OkStatus();
  return UsageError(absl::StrCat("--data: ", name, "=", text, ": expected a number from 0 to 10"));
}

// "32" or "32x48".
absl::Status ParseSides(absl::string_view name, absl::string_view text, int64_t* height, int64_t* width) {
  std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  if (sides.size() > 2) return UsageError(absl::StrCat("--data: ", name, "=", text, ": expected N or HxW"));
  SLUICE_RETURN_IF_ERROR(ParseCount(name, sides[0], 1, height));
  return ParseCount(name, sides.back(), 1, width);
}

absl::Status ParseValues(absl::string_view name, absl::string_view text, std::vector<float>* values) {
  values->clear();
  for (absl::string_view part : absl::StrSplit(text, '/')) {
    float value = 0;
    if (!absl::SimpleAtof(part, &value) || !std::isfinite(value)) {
      return UsageError(absl::StrCat("--data: ", name, "=", text, ": '", part, "' is not a number"));
    }
    values->push_back(value);
  }
  return absl::OkStatus();
}

absl::Status ParseChoice(absl::string_view name, absl::string_view text, absl::string_view no, absl::string_view yes,
                         bool* value) {
  *value = text == yes;
  if (*value || text == no) return absl::OkStatus();
  return UsageError(absl::StrCat("--data: ", name, "=", text, ": expected ", no, " or ", yes));
}

// Reads the options that follow the source.
class OptionParser {
 public:
  explicit OptionParser(DataSpec& spec) : spec_(spec) {}

  absl::Status Parse(absl::string_view text) {
    std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    auto [name, value] = parts;
    bool known = true;
    for (auto parse : {&OptionParser::Source, &OptionParser::Geometry, &OptionParser::Colors, &OptionParser::Reading}) {
      known = true;
      SLUICE_RETURN_IF_ERROR((this->*parse)(name, value, &known));
      if (known) return absl::OkStatus();
    }
    return UsageError(absl::StrCat("--data: unknown option '", text, "'; --help lists them"));
  }

 private:
  absl::Status Source(absl::string_view name, absl::string_view value, bool* known) {
    if (name == "classes") return ParseCount(name, value, 1, &spec_.classes);
    if (name == "first-label") return ParseCount(name, value, 0, &spec_.first_label);
    if (name == "holdout") return ParseCount(name, value, 2, &spec_.holdout);
    if (name == "channels") return ParseCount(name, value, 1, &spec_.channels);
    if (name == "labels") {
      spec_.labels_path = std::string(value);
    } else if (name == "test") {
      spec_.test_path = std::string(value);
    } else {
      *known = false;
    }
    return absl::OkStatus();
  }

  absl::Status Geometry(absl::string_view name, absl::string_view value, bool* known) {
    AugmentOptions& augment = spec_.augment;
    if (name == "size") {
      if (value.find('x') == absl::string_view::npos) return ParseCount(name, value, 1, &augment.shorter_side);
      return ParseSides(name, value, &augment.resize_height, &augment.resize_width);
    }
    if (name == "resize") {
      SLUICE_ASSIGN_OR_RETURN(augment.resize, ParseResizeMethod(value));
      return absl::OkStatus();
    }
    if (name == "crop") return ParseSides(name, value, &augment.crop_height, &augment.crop_width);
    if (name == "pad") return ParseCount(name, value, 0, &augment.pad);
    if (name == "flip") return ParseChoice(name, value.empty() ? "yes" : value, "no", "yes", &augment.flip);
    if (name == "ten-crop") {
      return ParseChoice(name, value.empty() ? "yes" : value, "no", "yes", &spec_.ten_crop);
    }
    *known = false;
    return absl::OkStatus();
  }

  absl::Status Colors(absl::string_view name, absl::string_view value, bool* known) {
    AugmentOptions& augment = spec_.augment;
    if (name == "brightness") return ParseAmount(name, value, &augment.brightness);
    if (name == "contrast") return ParseAmount(name, value, &augment.contrast);
    if (name == "saturation") return ParseAmount(name, value, &augment.saturation);
    if (name == "pca") return ParseAmount(name, value, &augment.pca);
    const bool is_mean = name == "mean";
    if (!is_mean && name != "std" && name != "scale") {
      *known = false;
      return absl::OkStatus();
    }
    if (!spec_.is_normalized) {  // the user's own takes the place of the default
      augment.mean.clear();
      augment.scale.clear();
      spec_.is_normalized = true;
    }
    if (name == "scale") return ParseValues(name, value, &augment.scale);
    DataSpec::Statistic& statistic = is_mean ? spec_.mean : spec_.deviation;
    statistic = value == "dataset"            ? DataSpec::Statistic::kDataset
                : is_mean && value == "pixel" ? DataSpec::Statistic::kPixel
                                              : DataSpec::Statistic::kGiven;
    if (statistic != DataSpec::Statistic::kGiven) return absl::OkStatus();
    if (is_mean) return ParseValues(name, value, &augment.mean);
    SLUICE_RETURN_IF_ERROR(ParseValues(name, value, &augment.scale));
    for (float& deviation : augment.scale) {
      if (deviation <= 0) return UsageError(absl::StrCat("--data: std=", value, ": expected more than 0"));
      deviation = 1 / deviation;
    }
    return absl::OkStatus();
  }

  absl::Status Reading(absl::string_view name, absl::string_view value, bool* known) {
    if (name == "shuffle") return ParseCount(name, value, 1, &spec_.shuffle_buffer);
    if (name == "threads") return ParseCount(name, value, 0, &spec_.threads);
    if (name == "prefetch") return ParseCount(name, value, 1, &spec_.prefetch);
    if (name == "on-bad") {
      bool skips = false;
      SLUICE_RETURN_IF_ERROR(ParseChoice(name, value, "fail", "skip", &skips));
      spec_.on_bad = skips ? OnBad::kSkip : OnBad::kFail;
      return absl::OkStatus();
    }
    if (name == "cache") {
      spec_.cache_bytes = 0;
      if (value == "no") return absl::OkStatus();
      SLUICE_ASSIGN_OR_RETURN(spec_.cache_bytes, ParseBytes(value));
      return absl::OkStatus();
    }
    *known = false;
    return absl::OkStatus();
  }

  DataSpec& spec_;
};

void SetDefaults(DataSpec& spec) {
  spec.augment.scale = {1.0f / 255};
  if (spec.source != DataSpec::Source::kCifar10) return;
  spec.augment.crop_height = spec.augment.crop_width = 32;
  spec.augment.pad = 4;
  spec.augment.flip = true;
  spec.augment.mean = kCifarMean;
  spec.augment.scale.clear();
  for (float deviation : kCifarDeviation) spec.augment.scale.push_back(1 / deviation);
}

}  // namespace

absl::StatusOr<DataSpec> ParseDataSpec(const std::string& text) {
  DataSpec spec;
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  const std::string kind = parts[0];
  size_t next = 1;
  auto take_path = [&] {
    if (next < parts.size() && parts[next].find('=') == std::string::npos) spec.path = parts[next++];
  };
  if (kind == "fashion-mnist") {
    spec.is_fashion = true;
    // "fashion-mnist:flip" has no folder.
    if (next < parts.size() && PosixFileSystem().KindOf(parts[next]) == FileSystem::Kind::kDirectory) take_path();
    if (spec.path.empty()) spec.path = std::string(kFashionMnistFolder);
  } else if (kind == "mnist" || kind == "cifar10" || kind == "tfrecord" || kind == "folder") {
    spec.source = kind == "mnist"      ? DataSpec::Source::kMnist
                  : kind == "cifar10"  ? DataSpec::Source::kCifar10
                  : kind == "tfrecord" ? DataSpec::Source::kTFRecord
                                       : DataSpec::Source::kFolder;
    take_path();
    if (spec.path.empty()) return UsageError(absl::StrCat("--data '", text, "': expected ", kind, ":PATH"));
  } else {
    spec.path = kind;
    if (PosixFileSystem().KindOf(kind) != FileSystem::Kind::kDirectory) {
      return UsageError(absl::StrCat("--data '", text, "': expected fashion-mnist, fashion-mnist:DIR, mnist:DIR, ",
                                     "cifar10:DIR, tfrecord:GLOB, folder:DIR or a folder with MNIST's files"));
    }
  }
  SetDefaults(spec);
  OptionParser parser(spec);
  for (; next < parts.size(); ++next) SLUICE_RETURN_IF_ERROR(parser.Parse(parts[next]));
  if (spec.classes > (1 << 24)) return UsageError("--data: too many classes");
  return spec;
}

}  // namespace sluice::tools
