#include "models/catalog.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_join.h"

namespace sluice {
namespace {

constexpr double kMaxWidth = 16;
constexpr int64_t kMaxSide = 1 << 14;

absl::Status Check(const CatalogNetwork& network, const NetworkOptions& options) {
  auto asked = [&](bool used, const char* option) {
    if (!used || network.Understands(option)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("the network ", network.name, " has no option '", option, "'"));
  };
  SLUICE_RETURN_IF_ERROR(asked(options.aux, "aux"));
  SLUICE_RETURN_IF_ERROR(asked(options.batch_norm, "batch_norm"));
  SLUICE_RETURN_IF_ERROR(asked(!options.lrn.empty(), "lrn"));
  if (!options.lrn.empty() && options.lrn != "caffe") {
    return absl::InvalidArgumentError(absl::StrCat("lrn '", options.lrn, "', expected 'caffe' or nothing"));
  }
  SLUICE_RETURN_IF_ERROR(asked(options.devices.size() > 1, "devices"));
  if (options.classes != 0 && network.classes == 0) {
    return absl::InvalidArgumentError(absl::StrCat("the network ", network.name, " has no classes"));
  }
  if (options.classes < 0) return absl::InvalidArgumentError(absl::StrCat(options.classes, " classes"));
  if (!(options.width > 0 && options.width <= kMaxWidth)) {
    return absl::InvalidArgumentError(absl::StrCat("a width of ", options.width, ", expected up to ", kMaxWidth));
  }
  bool is_size = options.input.size() == 2 && std::all_of(options.input.begin(), options.input.end(),
                                                          [](int64_t side) { return side >= 1 && side <= kMaxSide; });
  if (!options.input.empty() && !is_size) {
    return absl::InvalidArgumentError(absl::StrCat("an input of ", absl::StrJoin(options.input, "x"),
                                                   ", expected height and width up to ", kMaxSide));
  }
  return absl::OkStatus();
}

}  // namespace

int64_t NetworkOptions::Scaled(int64_t channels) const {
  return std::max<int64_t>(1, std::llround(static_cast<double>(channels) * width));
}

bool CatalogNetwork::Understands(absl::string_view option) const {
  return std::find(understands.begin(), understands.end(), option) != understands.end();
}

Layer CatalogNetwork::Build(Network& network, NetworkOptions options) const {
  absl::Status status = Check(*this, options);
  if (!status.ok()) {
    network.scope().Fail(std::move(status));
    return {&network, Endpoint{}};
  }
  if (options.classes == 0) options.classes = classes;
  if (options.input.empty()) options.input = {input[0], input[1]};
  options.input.push_back(input[2]);
  return layers(network, options);
}

std::vector<Layer> InputImagesOn(Network& network, const NetworkOptions& options,
                                 const std::vector<std::string>& devices) {
  const InputOptions images{
      .shape = options.input, .dtype = options.dtype, .scale = options.scale, .mean = options.mean};
  return InputDataOn(network, images, devices);
}

Layer InputImages(Network& network, const NetworkOptions& options) {
  return InputImagesOn(network, options, {options.first_device()})[0];
}

absl::Span<const CatalogNetwork> Catalog() {
  static const NetworkList& networks = *[] {
    auto* list = new NetworkList;
    RegisterAllNetworks(*list);
    return list;
  }();
  return networks;
}

const CatalogNetwork* FindNetwork(absl::string_view name) {
  for (const CatalogNetwork& network : Catalog()) {
    if (name == network.name) return &network;
  }
  return nullptr;
}

}  // namespace sluice
