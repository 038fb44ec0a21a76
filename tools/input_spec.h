// What --input says: the tensor to feed and where its values come from.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace sluice::tools {

// A tensor that is fed, as the graph knows it.
struct FedTensor {
  std::string name;
  DataType dtype = DataType::kInvalid;
  PartialShape shape;
};

// "NAME=SPEC" or "SPEC" (then `name` is empty). NAME is what comes before the first '=' if it has the form of
// a tensor's name: "photo.jpg:size=2x2" has none.
struct InputArgument {
  std::string name;
  std::string spec;
};
InputArgument SplitInput(absl::string_view argument);

// The items of one input: a single value, or one for each file of a folder or list.
class InputItems {
 public:
  // SPEC is one of
  //   x.npy                         values are converted to the tensor's type where they fit
  //   photo.jpg[:PREPROCESSING]     also .png; tools/picture.h
  //   DIR[:PREPROCESSING]           its .jpg, .png and .npy files in the order of their names
  //   @LIST[:PREPROCESSING]         a text file with a path a line
  //   const:1.5[:SHAPE]  zeros[:SHAPE]  random[:SHAPE]
  //                                 SHAPE is 1x224x224x3; without it the tensor's own, unknown dimensions 1
  // random is [0, 1) for floating types, 0 to 255 for uint8, else 0 or 1; it depends on `seed` alone.
  // A usage error for what cannot be read as one of these; files are opened by Read.
  static absl::StatusOr<InputItems> Parse(const std::string& spec, const FedTensor& tensor, uint64_t seed);

  size_t count() const { return items_.size(); }
  // True for a folder or list, also of one file.
  bool is_collection() const { return is_collection_; }
  // "photo.png": the path as given.
  const std::string& name(size_t item) const { return items_[item].name; }
  // The value, with a batch of one in front where the tensor has one dimension more. The error names file and tensor.
  absl::StatusOr<Tensor> Read(size_t item) const;

 private:
  struct Item {
    std::string name;
    std::function<absl::StatusOr<Tensor>()> read;
  };
  absl::Status AddFile(const std::string& path, absl::string_view preprocessing);
  absl::Status AddCollection(const std::vector<std::string>& paths, absl::string_view preprocessing);

  FedTensor tensor_;
  std::vector<Item> items_;
  bool is_collection_ = false;
};

// "1x224x224x3"; also "1,224,224,3", as TensorFlow's benchmark_model has it; "" is a scalar. Usage error.
absl::StatusOr<Shape> ParseShape(absl::string_view text);

}  // namespace sluice::tools
