// Data sets of small pictures, for tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

#include "io/example.h"
#include "io/file.h"
#include "io/jpeg.h"
#include "io/tfrecord.h"

namespace sluice {

// A JPEG of one colour, which tells the pictures apart.
inline std::string SmallJpeg(int number, int64_t height = 8, int64_t width = 8) {
  Tensor image(DataType::kUint8, Shape{height, width, 3});
  for (int64_t i = 0; i < image.num_elements(); ++i) {
    image.data<uint8_t>()[i] = static_cast<uint8_t>(i % 3 == 0 ? number * 2 : i * 7 % 256);
  }
  return *EncodeJpeg(image);
}

inline std::string LabelledRecord(const std::string& picture, int64_t label) {
  return ExampleBuilder().AddBytes("image/encoded", picture).AddInt("image/class/label", label).Finish();
}

// A file of `n` records, whose labels go 0, 1, 2, 0 ….
inline std::string TFRecordsOf(int n) {
  std::string bytes;
  for (int i = 0; i < n; ++i) AppendTFRecord(LabelledRecord(SmallJpeg(i), i % 3), bytes);
  return bytes;
}

inline void WriteTestBytes(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace sluice
