// The options of built-in networks.
#pragma once

#include <string>
#include <vector>

#include "models/catalog.h"
#include "tools/command_line.h"

namespace sluice::tools {

class NetworkArguments {
 public:
  void Declare(CommandLine& line);
  // A usage error for a network that is not there; it names the nearest and lists all.
  absl::StatusOr<const CatalogNetwork*> Find(const std::string& name) const;
  // What was asked for; whether `network` understands it, its Build says.
  absl::StatusOr<NetworkOptions> Options() const;

 private:
  static constexpr int64_t kOwnClasses = -1;  // not said

  int64_t classes_ = kOwnClasses;
  std::string width_ = "1";
  std::string input_size_;
  bool aux_ = false, batch_norm_ = false;
  std::string lrn_;
  std::string dtype_ = "uint8";
  std::string mean_, scale_;
  std::vector<std::string> split_;
};

// "224" or "224x192": height and width.
absl::StatusOr<std::vector<int64_t>> ParseInputSize(absl::string_view text);
// "0.25" or "1/4", above 0.
absl::StatusOr<double> ParseWidth(absl::string_view text);

}  // namespace sluice::tools
