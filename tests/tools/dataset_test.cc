// sluice dataset, and what --data means.
#include <cmath>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/jpeg.h"
#include "io/png.h"
#include "tests/tools/run_binary.h"
#include "tools/data_spec.h"
#include "tools/exit_code.h"

namespace sluice::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tensor Picture(int number) {
  Tensor image(DataType::kUint8, Shape{12, 10, 3});
  for (int64_t i = 0; i < image.num_elements(); ++i)
    image.data<uint8_t>()[i] = static_cast<uint8_t>(number * 9 + i % 3);
  return image;
}

// A folder of two classes, "cat" and "dog", with `n` pictures each.
std::string WritePictures(int n) {
  const std::string folder = TestFolder() + "/pictures";
  for (const char* name : {"cat", "dog"}) {
    std::filesystem::create_directories(folder + "/" + name);
    for (int i = 0; i < n; ++i) {
      const std::string path = absl::StrCat(folder, "/", name, "/", i);
      if (i % 2 == 0) {
        WriteTestFile(path + ".jpg", *EncodeJpeg(Picture(i)));
      } else {
        WriteTestFile(path + ".png", *EncodePng(Picture(i)));
      }
    }
  }
  return folder;
}

TEST(Dataset, PacksAFolderAndShowsIt) {
  const std::string folder = WritePictures(3), out = TestFolder() + "/all.tfrecord";
  BinaryResult result = RunBinary({"dataset", "pack", folder, "-o", out, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ParsedOutput(result)["records"], 6);
  EXPECT_EQ(ReadTestFile(TestFolder() + "/labels.txt"), "cat\ndog\n");
  result = RunBinary({"dataset", "show", out, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  nlohmann::json shown = ParsedOutput(result);
  EXPECT_EQ(shown["records"], 6);
  EXPECT_EQ(shown["labels"]["1"], 3);
  EXPECT_EQ(shown["features"].size(), 7u);
  // The bytes of the files are in it as they were.
  EXPECT_THAT(ReadTestFile(out), HasSubstr(ReadTestFile(folder + "/dog/1.png")));
  EXPECT_THAT(RunBinary({"dataset", "show", out}).out, HasSubstr("image/class/text='dog'"));
  EXPECT_EQ(RunBinary({"dataset", "pack", folder, "-o", out}).exit_code, 5) << "never over a file that is there";

  result = RunBinary({"dataset", "pack", folder, "-o", TestFolder() + "/part", "--shards", "4"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ParsedOutput(RunBinary({"dataset", "show", TestFolder() + "/part-00001-of-00004", "--json"}))["records"],
            2);

  std::string bytes = ReadTestFile(out);
  bytes[bytes.size() / 2] ^= 1;
  WriteTestFile(TestFolder() + "/damaged.tfrecord", bytes);
  result = RunBinary({"dataset", "show", TestFolder() + "/damaged.tfrecord"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("damaged.tfrecord: record "));
  EXPECT_THAT(result.out, HasSubstr("1 damaged"));
}

TEST(Dataset, PackSaysWhichFileIsNoPicture) {
  const std::string folder = WritePictures(2), out = TestFolder() + "/all.tfrecord";
  WriteTestFile(folder + "/dog/broken.jpg", EncodeJpeg(Picture(1))->substr(0, 300));
  BinaryResult result = RunBinary({"dataset", "pack", folder, "-o", out});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("dog/broken.jpg: "));
  EXPECT_FALSE(std::filesystem::exists(out));
  result = RunBinary({"dataset", "pack", folder, "-o", out, "--on-bad", "skip"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("4 records of 2 classes"));
  EXPECT_THAT(result.out, HasSubstr("1 skipped"));
  std::filesystem::create_directories(folder + "/emu");
  result = RunBinary({"dataset", "pack", folder, "-o", out, "--overwrite"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("/emu: a class without pictures"));
  EXPECT_EQ(RunBinary({"dataset", "pack", folder, "-o", out, "--shards", "0"}).exit_code, 2);
  EXPECT_EQ(RunBinary({"dataset", "unpack", folder, "-o", out}).exit_code, 2);
}

TEST(Dataset, PackShowsABarOnATerminal) {
  const std::string folder = WritePictures(1), out = TestFolder() + "/all.tfrecord";
  // Enough of them that it takes longer than the bar waits, in little room.
  Tensor large(DataType::kUint8, Shape{1200, 1200, 3});
  for (int64_t i = 0; i < large.num_elements(); ++i) large.data<uint8_t>()[i] = static_cast<uint8_t>(i * i % 251);
  WriteTestFile(folder + "/cat/large.jpg", *EncodeJpeg(large));
  for (int i = 0; i < 60; ++i) {
    std::filesystem::create_hard_link(folder + "/cat/large.jpg", absl::StrCat(folder, "/cat/large", i, ".jpg"));
  }
  BinaryResult result = RunBinaryOnTerminal({"dataset", "pack", folder, "-o", out});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("\r\033[K[="));
  EXPECT_THAT(result.err, HasSubstr("/63 pictures"));
  EXPECT_THAT(result.err, HasSubstr(" left"));
  EXPECT_THAT(result.err, ::testing::EndsWith("\r\033[K")) << "the bar is taken away";
  result = RunBinary({"dataset", "pack", folder, "-o", out, "--overwrite"});
  EXPECT_EQ(result.err, "") << "no bar in a file";
}

std::unique_ptr<OpenedData> OpenOrDie(const std::string& spec) {
  auto data = OpenedData::Open(spec, nullptr);
  EXPECT_TRUE(data.ok()) << data.status();
  return *std::move(data);
}

std::vector<int> TestLabels(const OpenedData& data) {
  auto batches = data.Test({.batch = 3});
  EXPECT_TRUE(batches.ok()) << batches.status();
  std::vector<int> labels;
  std::vector<Tensor> feeds;
  EXPECT_TRUE((*batches)->StartEpoch(0, 0).ok());
  while (*(*batches)->Next(&feeds)) {
    for (int label : feeds[1].values<int32_t>()) labels.push_back(label);
  }
  return labels;
}

TEST(DataSpec, AFolderAndTheRecordsMadeOfIt) {
  const std::string folder = WritePictures(10), out = TestFolder() + "/all.tfrecord";
  ASSERT_EQ(RunBinary({"dataset", "pack", folder, "-o", out, "--in-order"}).exit_code, 0);
  for (const std::string& spec : {"folder:" + folder, "tfrecord:" + out, "tfrecord:" + TestFolder() + "/*.tfrecord"}) {
    SCOPED_TRACE(spec);
    auto data = OpenOrDie(spec + ":size=8x8:crop=6x5:pad=1:flip:pca=0.1:mean=pixel:std=dataset:shuffle=4");
    EXPECT_EQ(data->classes(), 2);
    EXPECT_THAT(data->labels(), ElementsAre("cat", "dog"));
    EXPECT_EQ(data->picture_shape(), (Shape{6, 5, 3}));
    EXPECT_THAT(TestLabels(*data), ElementsAre(0, 1));
    auto training = data->Training({.batch = 6, .seed = 5});
    ASSERT_TRUE(training.ok()) << training.status();
    EXPECT_EQ((*training)->num_examples(), 18);
    EXPECT_EQ((*training)->num_batches(), 3);
    EXPECT_EQ((*training)->seed(), 5u);
  }
  auto ten = OpenOrDie("folder:" + folder + ":crop=6:ten-crop");
  EXPECT_EQ(ten->test_views(), 10);
  EXPECT_EQ(TestLabels(*ten).size(), 20u);
}

// Krizhevsky 2012, section 4.1: along the principal components of the data's own colours, and as far as they vary.
TEST(DataSpec, ColoursShiftAlongTheDatasPrincipalComponents) {
  const std::string folder = TestFolder() + "/pictures";
  for (int i = 0; i < 20; ++i) {
    Tensor image(DataType::kUint8, Shape{2, 2, 3});
    for (int p = 0; p < 4; ++p) {
      image.data<uint8_t>()[3 * p] = static_cast<uint8_t>(50 + 3 * i);
      image.data<uint8_t>()[3 * p + 1] = 80;
      image.data<uint8_t>()[3 * p + 2] = static_cast<uint8_t>(60 + 6 * i);
    }
    WriteTestFile(absl::StrCat(folder, "/only/", i, ".png"), *EncodePng(image));
  }
  auto first_batch = [&](const std::string& more) {
    auto data = OpenOrDie("folder:" + folder + more);
    auto batches = data->Training({.batch = 16, .seed = 4});
    EXPECT_TRUE(batches.ok() && (*batches)->StartEpoch(0, 0).ok());
    std::vector<Tensor> feeds;
    EXPECT_TRUE(*(*batches)->Next(&feeds));
    return *feeds[0].Clone();
  };
  const Tensor plain = first_batch(""), shifted = first_batch(":pca=0.1");
  double squares = 0;
  for (int64_t i = 0; i < 16; ++i) {
    double shift[3];
    for (int c = 0; c < 3; ++c) shift[c] = shifted.data<float>()[12 * i + c] - plain.data<float>()[12 * i + c];
    EXPECT_NEAR(shift[1], 0, 1e-5);
    EXPECT_NEAR(shift[2], 2 * shift[0], 1e-5) << "the colours lie on a line";
    squares += shift[0] * shift[0] / 16;
    for (int p = 1; p < 4; ++p) {
      EXPECT_NEAR(shifted.data<float>()[12 * i + 3 * p] - plain.data<float>()[12 * i + 3 * p], shift[0], 1e-5);
    }
  }
  // 0.1 times the eigenvalue, which is five times the variance of red, along (1, 0, 2) / sqrt(5).
  const double variance = 9 * (20 * 20 - 1) / 12.0 / (255 * 255), expected = 0.1 * 5 * variance / std::sqrt(5);
  EXPECT_GT(std::sqrt(squares), 0.5 * expected);
  EXPECT_LT(std::sqrt(squares), 2 * expected);
}

// The mean over ten crops: that of the centre where all crops are alike, another where they are not.
TEST(Eval, TenCropsAreOneAnswer) {
  const std::string alike = TestFolder() + "/alike", different = TestFolder() + "/different";
  for (int i = 0; i < 40; ++i) {
    Tensor flat(DataType::kUint8, Shape{32, 32, 1}), rough(DataType::kUint8, Shape{32, 32, 1});
    for (int p = 0; p < 32 * 32; ++p) {
      flat.data<uint8_t>()[p] = static_cast<uint8_t>(i % 2 == 0 ? 200 - i : 20 + i);
      rough.data<uint8_t>()[p] = static_cast<uint8_t>((i % 2 == 0 ? 150 : 20) + (p * (i + 3)) % 97);
    }
    const std::string file = absl::StrCat(i % 2 == 0 ? "/cat/" : "/dog/", i, ".png");
    WriteTestFile(alike + file, *EncodePng(flat));
    WriteTestFile(different + file, *EncodePng(rough));
  }
  const std::string view = ":channels=1:crop=28:holdout=2", out = TestFolder() + "/out";
  BinaryResult result = RunBinary({"train", "lenet", "--data", "folder:" + alike + view, "--classes", "2", "--epochs",
                                   "3", "--batch", "5", "--rate", "0.01", "--out", out});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  auto evaluate = [&](const std::string& data, std::vector<std::string> more = {}) {
    std::vector<std::string> command = {"eval", out + "/frozen.pb", "--data", "folder:" + data, "--json"};
    command.insert(command.end(), more.begin(), more.end());
    BinaryResult result = RunBinary(command);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return ParsedOutput(result);
  };
  const nlohmann::json centre = evaluate(alike + view), ten = evaluate(alike + view + ":ten-crop");
  EXPECT_EQ(ten["examples"], 20);
  EXPECT_EQ(ten["top1"], centre["top1"]);
  EXPECT_NEAR(ten["loss"].get<double>(), centre["loss"].get<double>(), 1e-5);
  EXPECT_GT(std::abs(evaluate(different + view + ":ten-crop")["loss"].get<double>() -
                     evaluate(different + view)["loss"].get<double>()),
            1e-6);
  EXPECT_EQ(evaluate(alike + view, {"--top", "2"})["top2"], 1) << "of two classes";
  EXPECT_EQ(RunBinary({"eval", out + "/frozen.pb", "--data", "folder:" + alike + view, "--top", "0"}).exit_code, 2);
  result = RunBinary({"train", "lenet", "--data", "folder:" + alike + view + ":ten-crop", "--classes", "2", "--out",
                      TestFolder() + "/no"});
  EXPECT_EQ(result.exit_code, 2);
}

TEST(DataSpec, TrainAndTestFolders) {
  const std::string folder = WritePictures(2);
  std::filesystem::create_directories(folder + "/data/test");
  std::filesystem::create_directories(folder + "/data/train");
  std::filesystem::copy(folder + "/cat", folder + "/data/train/cat", std::filesystem::copy_options::recursive);
  std::filesystem::copy(folder + "/dog", folder + "/data/train/dog", std::filesystem::copy_options::recursive);
  std::filesystem::copy(folder + "/dog", folder + "/data/test/dog", std::filesystem::copy_options::recursive);
  EXPECT_THAT(TestLabels(*OpenOrDie("folder:" + folder + "/data")), ElementsAre(1, 1));
  EXPECT_EQ(LoadData("folder:" + folder + "/data", Split::kTrain)->images.images.shape(), (Shape{4, 12, 10, 3}));
}

TEST(DataSpec, WrongSpecs) {
  const std::string folder = WritePictures(2);
  for (const std::string& spec :
       {std::string("imagenet"), std::string("folder"), std::string("cifar10:"), "folder:" + folder + ":sise=3",
        "folder:" + folder + ":size=-1", "folder:" + folder + ":crop=3x", "folder:" + folder + ":mean=a",
        "folder:" + folder + ":std=0", "folder:" + folder + ":pca=99", "folder:" + folder + ":flip=maybe",
        "folder:" + folder + ":cache=lots", "folder:" + folder + ":classes=3", "folder:" + folder + ":on-bad=hide"}) {
    auto data = OpenedData::Open(spec, nullptr);
    EXPECT_EQ(ExitCodeOf(data.status()), ExitCode::kUsage) << spec << ": " << data.status();
  }
  EXPECT_EQ(ExitCodeOf(OpenedData::Open("tfrecord:/none/*:classes=2", nullptr).status()), ExitCode::kInputOutput);
  WriteTestFile(TestFolder() + "/x.tfrecord", "");
  EXPECT_THAT(std::string(OpenedData::Open("tfrecord:" + TestFolder() + "/x.tfrecord", nullptr).status().message()),
              HasSubstr("how many classes?"));
  EXPECT_EQ(ExitCodeOf(OpenOrDie("folder:" + folder + ":mean=dataset:holdout=2")
                           ->Training({.batch = 1, .dtype = DataType::kUint8})
                           .status()),
            ExitCode::kUsage);
}

TEST(DataSpec, Cifar10) {
  const char* root = std::getenv("SLUICE_TEST_DATA");
  if (root == nullptr) GTEST_SKIP() << "SLUICE_TEST_DATA is not set: no CIFAR-10";
  auto data = OpenOrDie(absl::StrCat("cifar10:", root, "/cifar10"));
  EXPECT_EQ(data->labels().size(), 10u);
  EXPECT_EQ(data->labels()[9], "truck");
  EXPECT_EQ(data->picture_shape(), (Shape{32, 32, 3}));
  auto test = data->Test({.batch = 1000});
  ASSERT_TRUE(test.ok()) << test.status();
  std::vector<Tensor> feeds;
  ASSERT_TRUE(*(*test)->Next(&feeds));
  double sum = 0, squares = 0;
  for (float value : feeds[0].values<float>()) {
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(feeds[0].num_elements());
  EXPECT_NEAR(sum / n, 0, 0.05);
  EXPECT_NEAR(squares / n, 1, 0.1);
}

}  // namespace
}  // namespace sluice::tools
