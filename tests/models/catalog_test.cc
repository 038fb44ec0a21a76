// The numbers of the papers, and of those who counted: parameters and the shapes of layers. None of them comes from
// our own code.
#include <gmock/gmock.h>

#include "models/schedule.h"
#include "tests/models/built_network.h"

namespace sluice {
namespace {

using testing::BuiltNetwork;
using ::testing::HasSubstr;

struct Count {
  const char* network;
  NetworkOptions options;
  int64_t parameters;
  int64_t averages = 0;  // elements of moving means and variances
};

class Parameters : public ::testing::TestWithParam<Count> {};

TEST_P(Parameters, AreThePapers) {
  const Count& count = GetParam();
  BuiltNetwork net(count.network, count.options);
  EXPECT_EQ(net.network.num_parameters(), count.parameters);
  EXPECT_EQ(net.NumElements(), count.parameters + count.averages);
  if (count.options.classes == 0 && !count.options.aux && !count.options.batch_norm) {
    EXPECT_EQ(FindNetwork(count.network)->parameters, count.parameters) << "what `sluice models` says";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, Parameters,
    ::testing::Values(Count{"alexnet", {}, 60965224}, Count{"alexnet_2dev", {}, 60965224}, Count{"nin", {}, 7595176},
                      Count{"googlenet", {}, 6998552}, Count{"googlenet", {.aux = true}, 13378280},
                      Count{"vgg_a", {}, 132863336}, Count{"vgg_a_lrn", {}, 132863336}, Count{"vgg_b", {}, 133047848},
                      Count{"vgg_c", {}, 133638952}, Count{"vgg16", {}, 138357544},
                      Count{"vgg16", {.classes = 17}, 134330193}, Count{"vgg19", {}, 143667240},
                      Count{"resnet18", {}, 11689512, 9600}, Count{"resnet34", {}, 21797672, 17024},
                      Count{"resnet50", {}, 25557032, 53120}, Count{"resnet101", {}, 44549160, 105344},
                      Count{"resnet152", {}, 60192808, 151424}, Count{"cifar_resnet20", {}, 269722, 1376},
                      Count{"cifar_resnet32", {}, 464154, 2272}, Count{"cifar_resnet44", {}, 658586, 3168},
                      Count{"cifar_resnet56", {}, 853018, 4064}, Count{"cifar_resnet110", {}, 1727962, 8096},
                      Count{"cifar_resnet1202", {}, 19421274, 89632}, Count{"cifar_plain20", {}, 269722, 1376},
                      Count{"cifar_plain32", {}, 464154, 2272}, Count{"cifar_plain44", {}, 658586, 3168},
                      Count{"cifar_plain56", {}, 853018, 4064}, Count{"cifar_plain110", {}, 1727962, 8096},
                      Count{"cifar_plain1202", {}, 19421274, 89632}, Count{"transform_net", {}, 1677638},
                      Count{"lenet", {}, 431080}, Count{"cifar10_quick", {}, 145578}, Count{"cifar_nin", {}, 966986},
                      Count{"cifar_cnn4_relu", {}, 89578}, Count{"cifar_cnn4_tanh", {}, 89578},
                      Count{"squeezenet1_1", {}, 1235496}, Count{"mobilenet_v2", {}, 3504872, 34112}),
    [](const auto& info) {
      const NetworkOptions& options = info.param.options;
      return absl::StrCat(info.param.network, options.aux ? "_aux" : "",
                          options.classes > 0 ? absl::StrCat("_", options.classes, "_classes") : "");
    });

struct LayerShape {
  const char* layer;
  const char* shape;
};

void ExpectShapes(const std::string& network, const NetworkOptions& options, std::vector<LayerShape> shapes) {
  BuiltNetwork net(network, options);
  for (const LayerShape& expected : shapes) {
    EXPECT_EQ(net.ShapeOf(expected.layer), expected.shape) << network << " " << expected.layer;
  }
}

TEST(LayerShapes, AlexNet) {
  ExpectShapes("alexnet", {},
               {{"images", "[?,227,227,3]"},
                {"conv1", "[?,55,55,96]"},
                {"norm1", "[?,55,55,96]"},
                {"pool1", "[?,27,27,96]"},
                {"conv2", "[?,27,27,256]"},
                {"norm2", "[?,27,27,256]"},
                {"pool2", "[?,13,13,256]"},
                {"conv3", "[?,13,13,384]"},
                {"conv4", "[?,13,13,384]"},
                {"conv5", "[?,13,13,256]"},
                {"pool5", "[?,6,6,256]"},
                {"fc6", "[?,4096]"},
                {"fc7", "[?,4096]"},
                {"fc8", "[?,1000]"},
                {"logits", "[?,1000]"}});
  for (const char* tower : {"tower1/", "tower2/"}) {
    BuiltNetwork net("alexnet_2dev");
    auto shape = [&](const char* layer) { return net.ShapeOf(absl::StrCat(tower, layer)); };
    EXPECT_EQ(shape("conv1"), "[?,55,55,48]");
    EXPECT_EQ(shape("pool1"), "[?,27,27,48]");
    EXPECT_EQ(shape("conv2"), "[?,27,27,128]");
    EXPECT_EQ(shape("pool2"), "[?,13,13,128]");
    EXPECT_EQ(shape("pool2_both"), "[?,13,13,256]");
    EXPECT_EQ(shape("conv3"), "[?,13,13,192]");
    EXPECT_EQ(shape("conv4"), "[?,13,13,192]");
    EXPECT_EQ(shape("conv5"), "[?,13,13,128]");
    EXPECT_EQ(shape("pool5_both"), "[?,6,6,256]");
    EXPECT_EQ(shape("fc6"), "[?,2048]");
    EXPECT_EQ(shape("fc7"), "[?,2048]");
    EXPECT_EQ(shape("fc8"), "[?,500]");
    EXPECT_EQ(net.ShapeOf("logits"), "[?,1000]");
  }
}

TEST(LayerShapes, Nin) {
  ExpectShapes("nin", {},
               {{"conv1", "[?,54,54,96]"},
                {"cccp1", "[?,54,54,96]"},
                {"cccp2", "[?,54,54,96]"},
                {"pool1", "[?,27,27,96]"},
                {"conv2", "[?,27,27,256]"},
                {"cccp4", "[?,27,27,256]"},
                {"pool2", "[?,13,13,256]"},
                {"conv3", "[?,13,13,384]"},
                {"cccp6", "[?,13,13,384]"},
                {"pool3", "[?,6,6,384]"},
                {"conv4-1024", "[?,6,6,1024]"},
                {"cccp7-1024", "[?,6,6,1024]"},
                {"cccp8-1024", "[?,6,6,1000]"},
                {"pool4", "[?,1000]"}});
  ExpectShapes("cifar_nin", {},
               {{"conv1", "[?,32,32,192]"},
                {"cccp1", "[?,32,32,160]"},
                {"cccp2", "[?,32,32,96]"},
                {"pool1", "[?,16,16,96]"},
                {"conv2", "[?,16,16,192]"},
                {"pool2", "[?,8,8,192]"},
                {"cccp5", "[?,8,8,192]"},
                {"cccp6", "[?,8,8,10]"},
                {"logits", "[?,10]"}});
}

// Table 1 of the paper.
TEST(LayerShapes, GoogLeNet) {
  ExpectShapes("googlenet", {.aux = true},
               {{"conv1/7x7_s2", "[?,112,112,64]"},
                {"pool1/3x3_s2", "[?,56,56,64]"},
                {"conv2/3x3", "[?,56,56,192]"},
                {"pool2/3x3_s2", "[?,28,28,192]"},
                {"inception_3a/output", "[?,28,28,256]"},
                {"inception_3b/output", "[?,28,28,480]"},
                {"pool3/3x3_s2", "[?,14,14,480]"},
                {"inception_4a/output", "[?,14,14,512]"},
                {"inception_4b/output", "[?,14,14,512]"},
                {"inception_4c/output", "[?,14,14,512]"},
                {"inception_4d/output", "[?,14,14,528]"},
                {"inception_4e/output", "[?,14,14,832]"},
                {"pool4/3x3_s2", "[?,7,7,832]"},
                {"inception_5a/output", "[?,7,7,832]"},
                {"inception_5b/output", "[?,7,7,1024]"},
                {"pool5/7x7_s1", "[?,1024]"},
                {"logits", "[?,1000]"},
                {"loss1/ave_pool", "[?,4,4,512]"},
                {"loss2/ave_pool", "[?,4,4,528]"},
                {"loss1/conv", "[?,4,4,128]"},
                {"loss1/fc", "[?,1024]"},
                {"loss2/logits", "[?,1000]"}});
  // Without reduction a module passes all of its input on: 64 + 128 + 32 + 192 and so on.
  ExpectShapes("googlenet_naive", {},
               {{"inception_3a/output", "[?,28,28,416]"},
                {"inception_3b/output", "[?,28,28,832]"},
                {"inception_4a/output", "[?,14,14,1280]"},
                {"logits", "[?,1000]"}});
}

TEST(LayerShapes, Vgg) {
  ExpectShapes("vgg16", {},
               {{"conv1_2", "[?,224,224,64]"},
                {"pool1", "[?,112,112,64]"},
                {"conv2_2", "[?,112,112,128]"},
                {"pool2", "[?,56,56,128]"},
                {"conv3_3", "[?,56,56,256]"},
                {"pool3", "[?,28,28,256]"},
                {"conv4_3", "[?,28,28,512]"},
                {"pool4", "[?,14,14,512]"},
                {"conv5_3", "[?,14,14,512]"},
                {"pool5", "[?,7,7,512]"},
                {"fc6", "[?,4096]"},
                {"fc7", "[?,4096]"},
                {"fc8", "[?,1000]"}});
  // Each stage's convolutions are as many as table 1 has, and its last one is before the pool.
  const struct {
    const char* network;
    int convolutions[5];
  } rows[] = {{"vgg_a", {1, 1, 2, 2, 2}}, {"vgg_a_lrn", {1, 1, 2, 2, 2}}, {"vgg_b", {2, 2, 2, 2, 2}},
              {"vgg_c", {2, 2, 3, 3, 3}}, {"vgg16", {2, 2, 3, 3, 3}},     {"vgg19", {2, 2, 4, 4, 4}}};
  for (const auto& row : rows) {
    BuiltNetwork net(row.network);
    for (int stage = 0; stage < 5; ++stage) {
      const std::string shape =
          absl::StrCat("[?,", 224 >> stage, ",", 224 >> stage, ",", std::min(64 << stage, 512), "]");
      for (int i = 1; i <= row.convolutions[stage] + 1; ++i) {
        const std::string layer = absl::StrCat("conv", stage + 1, "_", i);
        EXPECT_EQ(net.ShapeOf(layer), i <= row.convolutions[stage] ? shape : "no layer " + layer) << row.network;
      }
    }
    EXPECT_EQ(net.ShapeOf("fc7"), "[?,4096]");
    EXPECT_EQ(net.ShapeOf("fc8"), "[?,1000]");
  }
  ExpectShapes("vgg_a_lrn", {}, {{"lrn1", "[?,224,224,64]"}, {"conv5_2", "[?,14,14,512]"}});
  ExpectShapes("vgg_c", {}, {{"conv3_3", "[?,56,56,256]"}});
  ExpectShapes("vgg19", {}, {{"conv5_4", "[?,14,14,512]"}});
  ExpectShapes("vgg16", {.classes = 17, .input = {64, 64}}, {{"pool5", "[?,2,2,512]"}, {"logits", "[?,17]"}});
}

// Table 1 and section 4.2 of the paper.
TEST(LayerShapes, ResNet) {
  ExpectShapes("resnet34", {},
               {{"conv1", "[?,112,112,64]"},
                {"pool1", "[?,56,56,64]"},
                {"conv2_3/add", "[?,56,56,64]"},
                {"conv3_4/add", "[?,28,28,128]"},
                {"conv4_6/add", "[?,14,14,256]"},
                {"conv5_3/add", "[?,7,7,512]"},
                {"pool5", "[?,512]"}});
  ExpectShapes("resnet50", {},
               {{"conv2_3/add", "[?,56,56,256]"},
                {"conv3_1/conv1", "[?,28,28,128]"},
                {"conv3_1/conv_shortcut", "[?,28,28,512]"},
                {"conv3_4/add", "[?,28,28,512]"},
                {"conv4_6/add", "[?,14,14,1024]"},
                {"conv5_3/add", "[?,7,7,2048]"},
                {"logits", "[?,1000]"}});
  // Blocks of each stage: table 1.
  const struct {
    const char* network;
    int blocks[4];
    int64_t expansion;
  } rows[] = {{"resnet18", {2, 2, 2, 2}, 1},
              {"resnet34", {3, 4, 6, 3}, 1},
              {"resnet50", {3, 4, 6, 3}, 4},
              {"resnet101", {3, 4, 23, 3}, 4},
              {"resnet152", {3, 8, 36, 3}, 4}};
  for (const auto& row : rows) {
    BuiltNetwork net(row.network);
    for (int stage = 0; stage < 4; ++stage) {
      const int64_t side = 56 >> stage, channels = (int64_t{64} << stage) * row.expansion;
      for (int i = 1; i <= row.blocks[stage] + 1; ++i) {
        const std::string layer = absl::StrCat("conv", stage + 2, "_", i, "/add");
        EXPECT_EQ(net.ShapeOf(layer), i <= row.blocks[stage] ? absl::StrCat("[?,", side, ",", side, ",", channels, "]")
                                                             : "no layer " + layer)
            << row.network;
      }
    }
    EXPECT_EQ(net.ShapeOf("pool5"), absl::StrCat("[?,", 512 * row.expansion, "]"));
    EXPECT_EQ(net.ShapeOf("logits"), "[?,1000]");
  }
  // 6n + 2 layers: stages of n blocks.
  for (const auto& [network, n] : std::vector<std::pair<std::string, int>>{
           {"20", 3}, {"32", 5}, {"44", 7}, {"56", 9}, {"110", 18}, {"1202", 200}}) {
    for (const char* kind : {"cifar_resnet", "cifar_plain"}) {
      BuiltNetwork net(kind + network);
      const char* last = kind == std::string("cifar_resnet") ? "/add" : "/relu";
      for (int stage = 1; stage <= 3; ++stage) {
        const int side = 64 >> stage, channels = 8 << stage;
        EXPECT_EQ(net.ShapeOf(absl::StrCat("stage", stage, "_", n, last)),
                  absl::StrCat("[?,", side, ",", side, ",", channels, "]"));
        const std::string beyond = absl::StrCat("stage", stage, "_", n + 1, last);
        EXPECT_EQ(net.ShapeOf(beyond), "no layer " + beyond);
      }
    }
  }
  ExpectShapes("cifar_resnet20", {},
               {{"conv1", "[?,32,32,16]"},
                {"stage1_3/add", "[?,32,32,16]"},
                {"stage2_1/shortcut", "[?,16,16,32]"},
                {"stage2_3/add", "[?,16,16,32]"},
                {"stage3_3/add", "[?,8,8,64]"},
                {"pool", "[?,64]"}});
  ExpectShapes("cifar_plain20", {},
               {{"stage3_3/relu", "[?,8,8,64]"}, {"stage2_1/shortcut", "no layer stage2_1/shortcut"}});
}

TEST(LayerShapes, SmallOnes) {
  ExpectShapes("lenet", {}, {{"conv1", "[?,24,24,20]"}, {"pool2", "[?,4,4,50]"}, {"fc1", "[?,500]"}});
  ExpectShapes("cifar10_quick", {},
               {{"pool1", "[?,16,16,32]"}, {"pool2", "[?,8,8,32]"}, {"pool3", "[?,4,4,64]"}, {"ip1", "[?,64]"}});
  ExpectShapes("cifar_cnn4_tanh", {}, {{"pool3", "[?,4,4,64]"}, {"fc4", "[?,10]"}});
  ExpectShapes("squeezenet1_1", {},
               {{"conv1", "[?,111,111,64]"},
                {"pool1", "[?,55,55,64]"},
                {"fire3/concat", "[?,55,55,128]"},
                {"pool3", "[?,27,27,128]"},
                {"pool5", "[?,13,13,256]"},
                {"fire9/concat", "[?,13,13,512]"},
                {"conv10", "[?,13,13,1000]"}});
  ExpectShapes("mobilenet_v2", {},
               {{"conv1", "[?,112,112,32]"},
                {"block1/project", "[?,112,112,16]"},
                {"block3/add", "[?,56,56,24]"},
                {"block7/add", "no layer block7/add"},
                {"block17/project", "[?,7,7,320]"},
                {"conv_last", "[?,7,7,1280]"}});
  ExpectShapes("transform_net", {.input = {64, 48}},
               {{"conv1", "[?,64,48,32]"},
                {"conv3", "[?,16,12,128]"},
                {"residual5/add", "[?,16,12,128]"},
                {"deconv1", "[?,32,24,64]"},
                {"deconv2", "[?,64,48,32]"},
                {"picture", "[?,64,48,3]"}});
  ExpectShapes("transform_net", {}, {{"conv3", "[?,?,?,128]"}, {"conv4", "[?,?,?,3]"}});
}

// Sandler 2018, table 4: the width multiplier of the authors gives 1.4 the 6.06 M parameters of their release.
TEST(Options, WidthMultipliesChannels) {
  EXPECT_EQ(BuiltNetwork("mobilenet_v2", {.width = 1.4}).ShapeOf("conv_last"), "[?,7,7,1792]");
  EXPECT_EQ(BuiltNetwork("mobilenet_v2", {.width = 0.35}).ShapeOf("conv_last"), "[?,7,7,1280]");
  BuiltNetwork net("alexnet", {.classes = 10, .width = 0.125});
  EXPECT_EQ(net.ShapeOf("conv1"), "[?,55,55,12]");
  EXPECT_EQ(net.ShapeOf("fc7"), "[?,512]");
  EXPECT_EQ(net.ShapeOf("logits"), "[?,10]");
  EXPECT_EQ(BuiltNetwork("vgg16", {.input = {32, 32}, .width = 1e-3}).ShapeOf("conv5_3"), "[?,2,2,1]");
}

TEST(Options, WhatANetworkLacksIsSaid) {
  struct Case {
    const char* network;
    NetworkOptions options;
    const char* message;
  };
  const Case cases[] = {
      {"lenet", {.aux = true}, "no option 'aux'"},
      {"vgg16", {.batch_norm = true}, "no option 'batch_norm'"},
      {"nin", {.lrn = "caffe"}, "no option 'lrn'"},
      {"alexnet", {.lrn = "none"}, "expected 'caffe'"},
      {"alexnet", {.devices = {"/cpu:0", "/cpu:1"}}, "no option 'devices'"},
      {"alexnet_2dev", {.devices = {"/cpu:0"}}, "expected 2"},
      {"transform_net", {.classes = 3}, "no classes"},
      {"lenet", {.classes = -1}, "classes"},
      {"lenet", {.width = 0}, "width"},
      {"lenet", {.width = NAN}, "width"},
      {"lenet", {.input = {28}}, "expected height and width"},
      {"lenet", {.input = {28, 0}}, "expected height and width"},
      {"alexnet", {.input = {8, 8}}, "conv1"},
      {"lenet", {.input = {4, 4}}, "conv1"},
  };
  for (const Case& wrong : cases) {
    Graph graph(testing::SharedRuntime().ops());
    Network network(graph);
    FindNetwork(wrong.network)->Build(network, wrong.options);
    EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument) << wrong.network << wrong.message;
    EXPECT_THAT(std::string(network.status().message()), HasSubstr(wrong.message));
  }
}

// What --published takes. "When the error stops falling" is a plateau.
TEST(Catalog, RecipesAreThePapers) {
  const struct {
    const char* network;
    TrainingRecipe recipe;
  } rows[] = {
      {"alexnet", {.rate = 0.01, .weight_decay = 5e-4, .batch = 128, .epochs = 90, .schedule = "plateau"}},
      {"alexnet_2dev", {.rate = 0.01, .weight_decay = 5e-4, .batch = 128, .epochs = 90, .schedule = "plateau"}},
      {"vgg16", {.rate = 0.01, .weight_decay = 5e-4, .batch = 256, .epochs = 74, .schedule = "plateau"}},
      {"googlenet", {.rate = 0.01, .weight_decay = 2e-4, .batch = 32, .epochs = 0, .schedule = "step:every=8e:0.96"}},
      // 600,000 iterations of 1.28 M pictures.
      {"resnet152", {.rate = 0.1, .weight_decay = 1e-4, .batch = 256, .epochs = 120, .schedule = "plateau"}},
      // 64,000 iterations of 50,000 pictures; divided at 32,000 and 48,000.
      {"cifar_resnet110", {.rate = 0.1, .weight_decay = 1e-4, .batch = 128, .epochs = 164, .schedule = "step"}},
      {"cifar_plain20", {.rate = 0.1, .weight_decay = 1e-4, .batch = 128, .epochs = 164, .schedule = "step"}},
      {"mobilenet_v2",
       {.optimizer = "rmsprop", .rate = 0.045, .weight_decay = 4e-5, .batch = 96, .schedule = "exponential:0.98"}},
      {"transform_net", {.optimizer = "adam", .rate = 1e-3, .batch = 4, .epochs = 2, .schedule = "constant"}},
  };
  for (const auto& row : rows) {
    const TrainingRecipe& recipe = FindNetwork(row.network)->recipe;
    EXPECT_EQ(recipe.optimizer, row.recipe.optimizer) << row.network;
    EXPECT_EQ(recipe.rate, row.recipe.rate) << row.network;
    EXPECT_EQ(recipe.momentum, 0.9) << row.network;
    EXPECT_EQ(recipe.weight_decay, row.recipe.weight_decay) << row.network;
    EXPECT_EQ(recipe.batch, row.recipe.batch) << row.network;
    EXPECT_EQ(recipe.epochs, row.recipe.epochs) << row.network;
    EXPECT_EQ(recipe.schedule, row.recipe.schedule) << row.network;
  }
  const TrainingLength length{.total_steps = 164 * 390, .steps_per_epoch = 390};
  auto schedule = Schedule::Parse(FindNetwork("cifar_resnet20")->recipe.schedule);
  ASSERT_TRUE(schedule.ok());
  EXPECT_NEAR(schedule->At(31900, 0.1, length).rate, 0.1, 1e-9);
  EXPECT_NEAR(schedule->At(32100, 0.1, length).rate, 0.01, 1e-9);
  EXPECT_NEAR(schedule->At(48100, 0.1, length).rate, 0.001, 1e-9);
}

TEST(Catalog, NamesAreDifferentAndEveryNetworkSaysHowItTrains) {
  std::vector<std::string> names;
  for (const CatalogNetwork& network : Catalog()) {
    names.push_back(network.name);
    EXPECT_FALSE(network.description.empty()) << network.name;
    EXPECT_EQ(network.input.size(), 3u) << network.name;
    EXPECT_GT(network.recipe.rate, 0) << network.name;
    EXPECT_GT(network.recipe.batch, 0) << network.name;
    EXPECT_TRUE(Schedule::Parse(network.recipe.schedule).ok()) << network.name;
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_EQ(names.size(), 36u);
  EXPECT_EQ(FindNetwork("lenet5"), nullptr);
}

}  // namespace
}  // namespace sluice
