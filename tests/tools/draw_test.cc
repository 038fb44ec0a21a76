// Pictures: of networks, of traces, of learning curves.
#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "io/event_writer.h"
#include "tests/tools/run_binary.h"
#include "tests/tools/test_models.h"
#include "tests/tools/xml_check.h"
#include "tools/plot_picture.h"

namespace sluice::tools {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Draw(std::vector<std::string> arguments, const std::string& ending = ".dot") {
  static int count = 0;
  std::string path = TestFolder() + "/picture" + std::to_string(count++) + ending;
  arguments.insert(arguments.begin(), "draw");
  arguments.insert(arguments.end(), {"-o", path});
  BinaryResult result = RunBinary(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.exit_code == 0 ? ReadTestFile(path) : "";
}

bool HasGraphviz() { return std::system("dot -V >/dev/null 2>&1") == 0; }

TEST(DrawTest, EveryLayerIsOneBox) {
  std::string dot = Draw({"googlenet"});
  for (const char* layer : {"conv1/7x7_s2", "pool2/3x3_s2", "inception_3a/1x1", "inception_5b/pool_proj",
                            "loss3/classifier", "logits", "images"}) {
    EXPECT_EQ(CountOf(dot, "tooltip=\"" + std::string(layer) + "\""), 1) << layer;
  }
  EXPECT_EQ(CountOf(dot, "Conv2D "), 57);
  EXPECT_THAT(dot, AllOf(HasSubstr("Conv2D 7×7 / 2"), HasSubstr("112×112×64"), HasSubstr("cluster_inception_3a")));
  EXPECT_THAT(dot, AllOf(Not(HasSubstr("Initializer")), Not(HasSubstr("VarHandleOp"))));
}

TEST(DrawTest, DepthAndDirection) {
  std::string dot = Draw({"resnet152", "--depth", "1", "--direction", "LR"});
  EXPECT_THAT(dot, HasSubstr("rankdir=LR"));
  for (const char* block : {"conv2_1", "conv4_36", "conv5_3"}) {
    EXPECT_EQ(CountOf(dot, "tooltip=\"" + std::string(block) + "\""), 1) << block;
  }
  EXPECT_LT(CountOf(dot, "tooltip="), 70);
}

TEST(DrawTest, TrainingShowsTheRest) {
  std::string path = TestFolder() + "/lenet.pb";
  ASSERT_EQ(RunBinary({"export", "lenet", "--training", "-o", path}).exit_code, 0);
  std::string without = Draw({path}), with = Draw({path, "--training", "--depth", "2"});
  EXPECT_THAT(without, Not(HasSubstr("gradients")));
  EXPECT_THAT(with, AllOf(HasSubstr("gradients"), HasSubstr("style=dashed")));
  EXPECT_LT(CountOf(without, "tooltip="), CountOf(with, "tooltip="));
}

TEST(DrawTest, SvgIsWellFormed) {
  if (!HasGraphviz()) GTEST_SKIP() << "Graphviz' dot is not there (Debian's package graphviz)";
  for (const char* net : {"lenet", "googlenet", "resnet152"}) {
    std::string svg = Draw({net}, ".svg");
    EXPECT_EQ(XmlComplaint(svg), "") << net;
    EXPECT_EQ(CountOf(svg, ">images</text>"), 1) << net;
  }
  EXPECT_EQ(Draw({"lenet"}, ".png").substr(1, 3), "PNG");
}

TEST(DrawTest, WithoutGraphvizSaysWhatToInstall) {
  std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  BinaryResult result = RunBinary({"draw", "lenet", "-o", TestFolder() + "/a.svg"});
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, AllOf(HasSubstr("package graphviz"), HasSubstr(".dot")));
}

TEST(DrawTest, WrongUsage) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"draw", "lenet"},
                                             {"draw", "lenet", "-o", "a.bmp"},
                                             {"draw", "lenet", "-o", "a.svg", "--direction", "up"},
                                             {"draw", "lenett", "-o", "a.svg"},
                                             {"draw", "lenet", "-o", "a.dot", "--depth", "-1"},
                                             {"plot", "run", "-o", "a.png"},
                                             {"plot", "run", "-o", "a.svg", "--smooth", "1"}}) {
    EXPECT_EQ(RunBinary(command).exit_code, 2) << command[1];
  }
}

TEST(TimelineTest, LanesKernelsAndTransfers) {
  std::string path = TestFolder() + "/trace.json";
  WriteTestFile(path, R"({"traceEvents": [
    {"ph": "M", "tid": 0, "name": "thread_name", "args": {"name": "/job:localhost/task:0/device:CPU:0"}},
    {"ph": "M", "tid": 1, "name": "thread_name", "args": {"name": "/job:localhost/task:0/device:CPU:1"}},
    {"ph": "X", "tid": 0, "ts": 0, "dur": 500, "name": "Conv2D", "args": {"node": "tower1/conv1/Conv2D<&>"}},
    {"ph": "X", "tid": 0, "ts": 500, "dur": 1, "name": "_Send", "args": {"node": "tower1/conv1/Conv2D"}},
    {"ph": "X", "tid": 1, "ts": 100, "dur": 450, "name": "_Recv", "args": {"node": "tower1/conv1/Conv2D"}},
    {"ph": "X", "tid": 1, "ts": 550, "dur": 200, "name": "MatMul", "args": {"node": "fc/MatMul"}},
    {"ph": "X", "tid": 1, "ts": 750, "dur": 250, "name": "Conv2DBackpropInput",
     "args": {"node": "gradients/tower2/conv7/Conv2D_grad/Conv2DBackpropInput"}}]})");
  std::string svg = Draw({path}, ".svg");
  EXPECT_EQ(XmlComplaint(svg), "");
  EXPECT_EQ(CountOf(svg, "marker-end"), 1) << "one transfer";
  EXPECT_THAT(svg, AllOf(HasSubstr(">CPU:0<"), HasSubstr(">CPU:1<"), HasSubstr("busy 50 %"), HasSubstr("convolution"),
                         HasSubstr("matrix product"), HasSubstr(">conv1<"), HasSubstr(">fc<"), HasSubstr(">conv7<")));
}

TEST(TimelineTest, RefusesWhatIsNoTrace) {
  for (const char* text : {"", "{", "[]", "{}", "[1]", R"([{"ph": "X", "ts": 1e999}])"}) {
    std::string path = TestFolder() + "/bad.json";
    WriteTestFile(path, text);
    BinaryResult result = RunBinary({"draw", path, "-o", TestFolder() + "/bad.svg"});
    EXPECT_EQ(result.exit_code, 3) << text;
    EXPECT_THAT(result.err, HasSubstr("not a trace")) << text;
  }
}

TEST(PlotTest, RunsAndTablesInOnePicture) {
  std::string folder = TestFolder() + "/run1";
  auto writer = EventWriter::Open({.directory = folder});
  ASSERT_TRUE(writer.ok());
  for (int epoch = 1; epoch <= 5; ++epoch) {
    ASSERT_TRUE((*writer)->AddScalar(100 * epoch, "epoch", static_cast<float>(epoch)).ok());
    ASSERT_TRUE((*writer)->AddScalar(100 * epoch, "test/accuracy", 1 - 0.5f / static_cast<float>(epoch)).ok());
  }
  ASSERT_TRUE((*writer)->Close().ok());
  std::string table = TestFolder() + "/table.csv";
  WriteTestFile(table, "epoch, test/accuracy\n1, 0.5\n5, 0.9\n");
  std::string path = TestFolder() + "/curves.svg";
  BinaryResult result = RunBinary({"plot", folder, "--run", "other <one>=" + table, "-o", path, "--error", "--log"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::string svg = ReadTestFile(path);
  EXPECT_EQ(XmlComplaint(svg), "");
  EXPECT_EQ(CountOf(svg, "<polyline"), 2);
  EXPECT_THAT(
      svg, AllOf(HasSubstr("run1"), HasSubstr("other &lt;one&gt;"), HasSubstr("test error, %"), HasSubstr(">epochs<")));

  // The same as a table, which plot reads in turn.
  std::string values = TestFolder() + "/values.csv";
  ASSERT_EQ(RunBinary({"plot", folder, "--run", "other=" + table, "-o", values, "--error"}).exit_code, 0);
  EXPECT_EQ(ReadTestFile(values), "epoch,run1,other\n1,50,50\n2,25,\n3,16.6667,\n4,12.5,\n5,10,10\n");
  ASSERT_EQ(RunBinary({"plot", folder, "-o", values, "--overwrite"}).exit_code, 0);
  EXPECT_EQ(RunBinary({"plot", values, "-o", TestFolder() + "/again.svg"}).exit_code, 0);

  result = RunBinary({"plot", folder, "-o", TestFolder() + "/b.svg", "--tag", "test/accuracies"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("test/accuracy"));
  WriteTestFile(table, "epoch,test/accuracy\n1\n");
  EXPECT_EQ(RunBinary({"plot", table, "-o", TestFolder() + "/c.svg"}).exit_code, 3);
}

TEST(PlotTest, AnythingIsDrawn) {
  const double nan = std::nan("");
  for (const std::vector<std::pair<double, double>>& points : std::vector<std::vector<std::pair<double, double>>>{
           {}, {{1, 1}}, {{1, nan}, {2, nan}}, {{0, -1}, {1, 0}}, {{0, 1e-9}, {1e9, 1e9}}}) {
    for (bool log_y : {false, true}) {
      std::string svg = PlotPicture({{"a", points}}, {.log_y = log_y, .smooth = 0.5});
      EXPECT_EQ(XmlComplaint(svg), "");
      EXPECT_THAT(svg, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
    }
  }
}

TEST(PlotTest, SmoothingHasNoBiasTowardsTheBeginning) {
  auto smoothed = Smoothed({{0, 2}, {1, 2}, {2, 5}}, 0.9);
  EXPECT_DOUBLE_EQ(smoothed[0].second, 2);
  EXPECT_DOUBLE_EQ(smoothed[1].second, 2);
  EXPECT_NEAR(smoothed[2].second, (0.81 * 2 + 0.9 * 2 + 5) / 2.71, 1e-12);
}

}  // namespace
}  // namespace sluice::tools
