// The networks that come with us. Each file of networks adds its own (see models/CMakeLists.txt).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/types/span.h"

#include "models/layers.h"

namespace SLUICE_API sluice {

// What a network can be asked for.
struct NetworkOptions {
  int64_t classes = 0;         // 0: as many as the network has by default
  std::vector<int64_t> input;  // height and width of a picture; empty: the network's own
  // What the numbers of channels and hidden units are multiplied with; at least one of each stays.
  double width = 1;
  bool aux = false;         // auxiliary classifiers (GoogLeNet)
  bool batch_norm = false;  // batch normalisation where the paper has none (NIN)
  std::string lrn;          // "caffe": AlexNet's normalisation as Caffe has it; empty: as published
  // The type of the placeholder `images`; what the network sees is (value - mean) * scale. Bytes of pictures by default.
  DataType dtype = DataType::kUint8;
  float scale = 1.0f / 255;
  std::vector<float> mean;
  // Device strings over which the network is split; empty: none are written (`alexnet_2dev` has two of its own).
  std::vector<std::string> devices;

  // `channels` times the width, rounded, at least 1.
  int64_t Scaled(int64_t channels) const;
  // The first device string, or the last: empty where there is none.
  std::string first_device() const { return devices.empty() ? "" : devices.front(); }
  std::string last_device() const { return devices.empty() ? "" : devices.back(); }
};

// How a network is trained where nobody says otherwise: the paper's schedule.
struct TrainingRecipe {
  std::string optimizer = "momentum";
  double rate = 0.01;
  double momentum = 0.9;
  double weight_decay = 0;
  int64_t batch = 128;
  int64_t epochs = 0;             // 0: the paper does not say
  std::string schedule = "step";  // see Schedule::Parse
};

class CatalogNetwork {
 public:
  std::string name;
  std::string description;
  std::vector<int64_t> input;  // of one picture, with its channels
  int64_t classes = 10;        // by default; 0: its result is a picture and not logits
  int64_t parameters = 0;      // with the default options
  // Which of the options above it understands besides classes, input, width and types: "aux", "batch_norm", "lrn",
  // "devices".
  std::vector<std::string> understands;
  TrainingRecipe recipe;
  // From `images` to `logits` (or the picture), with all options decided.
  std::function<Layer(Network&, const NetworkOptions&)> layers;

  // From `images` to `logits`. Options it does not understand are an InvalidArgument of the network's status.
  Layer Build(Network& network, NetworkOptions options) const;
  bool Understands(absl::string_view option) const;
};

// A placeholder `images` as the options have it, on the first device; or on each of `devices`, see InputDataOn.
Layer InputImages(Network& network, const NetworkOptions& options);
std::vector<Layer> InputImagesOn(Network& network, const NetworkOptions& options,
                                 const std::vector<std::string>& devices);

absl::Span<const CatalogNetwork> Catalog();
// nullptr where there is none.
const CatalogNetwork* FindNetwork(absl::string_view name);

// What the files of networks fill: `void RegisterVgg(NetworkList& networks)` in vgg.cc.
using NetworkList = std::vector<CatalogNetwork>;
void RegisterAllNetworks(NetworkList& networks);

}  // namespace sluice
