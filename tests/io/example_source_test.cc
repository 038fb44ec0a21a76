#include "io/example_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/io/picture_files.h"
#include "tests/io/temporary_folder.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(TFRecordSourceTest, ReadsSeveralFiles) {
  TemporaryFolder folder;
  WriteTestBytes(folder / "a", TFRecordsOf(4));
  WriteTestBytes(folder / "b", "");
  WriteTestBytes(folder / "c", TFRecordsOf(2));
  auto source = OpenTFRecordSource({folder / "a", folder / "b", folder / "c"}, {.classes = 3});
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->size(), 6);
  ExampleScratch scratch;
  std::vector<int> labels;
  for (int64_t i = 0; i < 6; ++i) {
    auto example = (*source)->Read(i, {}, scratch);
    ASSERT_TRUE(example.ok()) << example.status();
    labels.push_back(example->label);
    EXPECT_EQ(example->picture.shape(), (Shape{8, 8, 3}));
  }
  EXPECT_THAT(labels, ElementsAre(0, 1, 2, 0, 0, 1));
  EXPECT_THAT((*source)->Describe(4), HasSubstr("c: record 0 at byte 0"));
}

TEST(TFRecordSourceTest, NamesFileAndRecordOfWhatIsWrong) {
  TemporaryFolder folder;
  const std::string good = LabelledRecord(SmallJpeg(1), 2);
  struct Case {
    std::string record, message;
  };
  const std::vector<Case> cases = {
      {LabelledRecord(SmallJpeg(1), 3), "label 3, expected 0 to 2"},
      {LabelledRecord(SmallJpeg(1), -1), "label -1, expected 0 to 2"},
      {LabelledRecord("GIF89a", 1), "neither a JPEG nor a PNG picture"},
      {LabelledRecord(SmallJpeg(1).substr(0, 300), 1), "jpeg"},
      {ExampleBuilder().AddInt("image/class/label", 1).Finish(), "no feature 'image/encoded'; there are: image/class"},
      {ExampleBuilder().AddBytes("image/encoded", "x").Finish(), "no feature 'image/class/label'"},
      {ExampleBuilder().AddBytes("image/encoded", "x").AddBytes("image/class/label", "1").Finish(), "of bytes"},
      {"no example", "not a tf.train.Example"},
  };
  for (const Case& c : cases) {
    std::string bytes;
    AppendTFRecord(good, bytes);
    const size_t offset = bytes.size();
    AppendTFRecord(c.record, bytes);
    WriteTestBytes(folder / "f", bytes);
    auto source = OpenTFRecordSource({folder / "f"}, {.classes = 3});
    ASSERT_TRUE(source.ok());
    ExampleScratch scratch;
    EXPECT_TRUE((*source)->Read(0, {}, scratch).ok());
    EXPECT_THAT(Message((*source)->Read(1, {}, scratch).status()),
                AllOf(HasSubstr(absl::StrCat("f: record 1 at byte ", offset)), HasSubstr(c.message)));
  }
}

TEST(TFRecordSourceTest, DamagedFilesAreRefusedOrReported) {
  TemporaryFolder folder;
  std::string bytes = TFRecordsOf(3);
  bytes[3] ^= 1;  // in the first length
  WriteTestBytes(folder / "f", bytes);
  EXPECT_THAT(Message(OpenTFRecordSource({folder / "f"}, {.classes = 3}).status()), HasSubstr("f: at byte 0: "));
  BadExamples bad;
  auto source = OpenTFRecordSource({folder / "f"}, {.classes = 3, .on_bad = OnBad::kSkip, .bad = &bad});
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->size(), 2);
  EXPECT_EQ(bad.count(), 1);
}

TEST(ImageFolderTest, ClassesAreSortedFolders) {
  TemporaryFolder folder;
  WriteTestBytes(folder / "dog/2.png", "");
  WriteTestBytes(folder / "dog/1.JPG", SmallJpeg(7));
  WriteTestBytes(folder / "cat/3.jpeg", SmallJpeg(9));
  WriteTestBytes(folder / "cat/.hidden", "x");
  WriteTestBytes(folder / "readme.txt", "x");
  auto listed = ListImageFolder(folder.path(), {});
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_THAT(listed->labels, ElementsAre("cat", "dog"));
  ASSERT_EQ(listed->files.size(), 3u);
  EXPECT_THAT(listed->files[1].path, HasSubstr("dog/1.JPG"));
  EXPECT_EQ(listed->files[1].label, 1);
  auto source = NewImageFolderSource(*listed);
  ExampleScratch scratch;
  EXPECT_EQ((*source)->Read(1, {}, scratch)->picture.shape(), (Shape{8, 8, 3}));
  // Empty, and so no picture.
  EXPECT_THAT(Message((*source)->Read(2, {}, scratch).status()),
              AllOf(HasSubstr("dog/2.png"), HasSubstr("neither a JPEG nor a PNG")));
  listed = ListImageFolder(folder.path(), {.labels = {"dog", "emu", "cat"}});
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->files[0].label, 2);
}

TEST(ImageFolderTest, SaysWhatIsWrong) {
  TemporaryFolder folder;
  EXPECT_EQ(ListImageFolder(folder / "none", {}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(ListImageFolder(folder.path(), {}).status()), HasSubstr("no folders there"));
  WriteTestBytes(folder / "cat/1.jpg", SmallJpeg(1));
  std::filesystem::create_directories(folder / "dog");
  EXPECT_THAT(Message(ListImageFolder(folder.path(), {}).status()),
              AllOf(HasSubstr("/dog: "), HasSubstr("a class without pictures")));
  WriteTestBytes(folder / "dog/1.jpg", SmallJpeg(1));
  WriteTestBytes(folder / "dog/notes.txt", "x");
  EXPECT_THAT(Message(ListImageFolder(folder.path(), {}).status()), HasSubstr("dog/notes.txt: not a .jpg"));
  BadExamples bad;
  EXPECT_EQ(ListImageFolder(folder.path(), {.on_bad = OnBad::kSkip, .bad = &bad})->files.size(), 2u);
  EXPECT_EQ(bad.count(), 1);
  EXPECT_THAT(Message(ListImageFolder(folder.path(), {.labels = {"cat"}, .on_bad = OnBad::kSkip}).status()),
              HasSubstr("/dog: not one of the known classes"));
}

TEST(ImageFolderTest, UnreadableFilesAreErrors) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  TemporaryFolder folder;
  WriteTestBytes(folder / "cat/1.jpg", SmallJpeg(1));
  std::filesystem::permissions(folder / "cat/1.jpg", std::filesystem::perms::none);
  ExampleScratch scratch;
  auto source = NewImageFolderSource(*ListImageFolder(folder.path(), {}));
  EXPECT_EQ((*source)->Read(0, {}, scratch).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST(SplitSourceTest, PartsAreDisjointAndComplete) {
  ImageDataset data{.images = Tensor(DataType::kUint8, Shape{11, 1, 1, 1}),
                    .labels = Tensor(DataType::kInt32, Shape{11}),
                    .classes = 11};
  for (int i = 0; i < 11; ++i) data.labels.data<int32_t>()[i] = i;
  std::shared_ptr<const ExampleSource> all = *NewMemorySource(data, {}, "memory");
  auto labels = [&](Split split) {
    auto part = *NewSplitSource(all, split, 4);
    std::vector<int> labels;
    ExampleScratch scratch;
    for (int64_t i = 0; i < part->size(); ++i) labels.push_back(part->Read(i, {}, scratch)->label);
    return labels;
  };
  EXPECT_THAT(labels(Split::kTrain), ElementsAre(0, 1, 2, 4, 5, 6, 8, 9, 10));
  EXPECT_THAT(labels(Split::kTest), ElementsAre(3, 7));
  data.labels.data<int32_t>()[5] = 11;
  EXPECT_THAT(Message(NewMemorySource(data, {}, "memory").status()), HasSubstr("memory: picture 5: label 11"));
}

}  // namespace
}  // namespace sluice
