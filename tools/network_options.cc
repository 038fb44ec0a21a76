#include "tools/network_options.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "graph/device_name.h"
#include "tools/exit_code.h"
#include "tools/nearest.h"

namespace sluice::tools {
namespace {

constexpr int64_t kMaxClasses = 1 << 20;

}  // namespace

absl::StatusOr<std::vector<int64_t>> ParseInputSize(absl::string_view text) {
  std::vector<int64_t> sides;
  for (absl::string_view part : absl::StrSplit(text, 'x')) {
    int64_t side = 0;
    sides.push_back(absl::SimpleAtoi(part, &side) ? side : 0);
  }
  if (sides.size() == 1) sides.push_back(sides[0]);
  if (sides.size() == 2 && sides[0] > 0 && sides[1] > 0) return sides;
  return UsageError(absl::StrCat("--input-size: expected a side or HEIGHTxWIDTH, got '", text, "'"));
}

absl::StatusOr<double> ParseWidth(absl::string_view text) {
  std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  double above = 0, below = 1;
  bool is_number = parts.size() <= 2 && absl::SimpleAtod(parts[0], &above) &&
                   (parts.size() == 1 || absl::SimpleAtod(parts[1], &below));
  if (is_number && above > 0 && below > 0 && std::isfinite(above / below)) return above / below;
  return UsageError(absl::StrCat("--width: expected a number or a fraction as 1/8, got '", text, "'"));
}

void NetworkArguments::Declare(CommandLine& line) {
  line.Group("Network");
  line.Option("--classes", &classes_, "N", "Classes that it tells apart (default: the network's own)");
  line.Option("--width", &width_, "FACTOR", "Times as many channels and hidden units, as in 1/8");
  line.Option("--input-size", &input_size_, "SIDE", "Height and width of a picture, as in 64 or 64x48");
  line.Flag("--aux", &aux_, "With auxiliary classifiers (googlenet)");
  line.Flag("--batch-norm", &batch_norm_, "With batch normalisation (nin, cifar_nin)");
  line.Option("--lrn", &lrn_, "KIND", "caffe: normalise over all channels with Caffe's constants (alexnet)");
  line.Option("--input-type", &dtype_, "TYPE",
              "uint8 (the default: pictures as they are) or float (values from 0 to 1)");
  line.Option("--input-mean", &mean_, "NUMBERS", "Subtracted from the pictures' values first, as in 123.7/116.8/103.9");
  line.Option("--input-scale", &scale_, "NUMBER", "What they are multiplied with then (default: 1/255 for uint8)");
  line.Option("--split", &split_, "DEVICE", "Writes device strings: layers are split over these, as in /cpu:0,/cpu:1");
}

absl::StatusOr<const CatalogNetwork*> NetworkArguments::Find(const std::string& name) const {
  if (const CatalogNetwork* network = FindNetwork(name)) return network;
  std::vector<std::string> names;
  for (const CatalogNetwork& network : Catalog()) names.push_back(network.name);
  return UsageError(absl::StrCat("there is no network '", name, "'", DidYouMean(name, names),
                                 "; there are: ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<NetworkOptions> NetworkArguments::Options() const {
  NetworkOptions options;
  if (classes_ != kOwnClasses && (classes_ < 2 || classes_ > kMaxClasses)) {
    return UsageError("--classes: expected a number from 2 to a million");
  }
  if (classes_ != kOwnClasses) options.classes = classes_;
  SLUICE_ASSIGN_OR_RETURN(options.width, ParseWidth(width_));
  if (!input_size_.empty()) {
    SLUICE_ASSIGN_OR_RETURN(options.input, ParseInputSize(input_size_));
  }
  options.aux = aux_;
  options.batch_norm = batch_norm_;
  options.lrn = lrn_;
  if (dtype_ == "float") {
    options.dtype = DataType::kFloat;
    options.scale = 1;
  } else if (dtype_ != "uint8") {
    return UsageError(absl::StrCat("--input-type: expected uint8 or float, got '", dtype_, "'"));
  }
  for (absl::string_view number : absl::StrSplit(mean_, '/', absl::SkipEmpty())) {
    if (!absl::SimpleAtof(number, &options.mean.emplace_back())) {
      return UsageError(absl::StrCat("--input-mean: expected numbers with / between them, got '", mean_, "'"));
    }
  }
  if (!scale_.empty()) {
    auto scale = ParseWidth(scale_);
    if (!scale.ok()) return UsageError(absl::StrCat("--input-scale: expected a number, got '", scale_, "'"));
    options.scale = static_cast<float>(*scale);
  }
  for (const std::string& text : split_) {
    for (absl::string_view device : absl::StrSplit(text, ',', absl::SkipEmpty())) {
      auto name = ParseDeviceName(device);
      if (!name.ok()) return UsageError(absl::StrCat("--split: ", name.status().message()));
      options.devices.push_back(name->ToString());
    }
  }
  return options;
}

}  // namespace sluice::tools
