// Small versions of every network compute what TensorFlow computed for the same graph (tests/conformance/
// record_networks.py).
#include <fstream>

#include "gtest/gtest.h"

#include "nlohmann/json.hpp"
#include "tests/graph/compare.h"
#include "tests/models/built_network.h"

namespace sluice {
namespace {

using testing::BuiltNetwork;
using testing::Fetch;

nlohmann::json RecordedCases() {
  std::ifstream file(SLUICE_TESTS_DIR "/conformance/vectors/networks.json");
  return nlohmann::json::parse(file)["cases"];
}

class RecordedNetwork : public ::testing::TestWithParam<nlohmann::json> {};

TEST_P(RecordedNetwork, ComputesWhatTensorFlowDoes) {
  const nlohmann::json& recorded = GetParam();
  const auto images = recorded["images"].get<std::vector<int64_t>>(),
             dims = recorded["shape"].get<std::vector<int64_t>>();
  BuiltNetwork net(recorded["network"], {.classes = recorded["classes"],
                                         .input = recorded["input"],
                                         .width = recorded["width"],
                                         .batch_norm = recorded.value("batch_norm", false),
                                         .lrn = recorded.value("lrn", "")});
  Tensor expected(DataType::kFloat, Shape(dims));
  const auto values = recorded["result"].get<std::vector<float>>();
  ASSERT_EQ(static_cast<size_t>(expected.num_elements()), values.size());
  std::copy(values.begin(), values.end(), expected.data<float>());
  auto session = net.OpenWithFixedValues();
  Tensor result =
      Fetch(*session, {{"images", testing::FixedPictures(Shape(images))}}, net.graph.NameOf(net.result.output));
  EXPECT_EQ(testing::Difference(result, expected, {1e-4, 0}), "");
}

INSTANTIATE_TEST_SUITE_P(Networks, RecordedNetwork, ::testing::ValuesIn(RecordedCases()), [](const auto& info) {
  return absl::StrCat(info.index, "_", info.param["network"].template get<std::string>());
});

// Every network of the catalog is among them; ResNets of some depths stand for those of others.
TEST(RecordedNetworks, CoverTheCatalog) {
  std::vector<std::string> names;
  for (const auto& recorded : RecordedCases()) names.push_back(recorded["network"]);
  for (const CatalogNetwork& network : Catalog()) {
    if (absl::StartsWith(network.name, "cifar_resnet") || absl::StartsWith(network.name, "cifar_plain")) continue;
    EXPECT_NE(std::find(names.begin(), names.end(), network.name), names.end()) << network.name;
  }
}

}  // namespace
}  // namespace sluice
