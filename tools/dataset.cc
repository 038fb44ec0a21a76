// sluice dataset: pictures of a data set as files, and the other way round.
#include <algorithm>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

#include "io/png.h"
#include "tools/command.h"
#include "tools/common_options.h"
#include "tools/data_spec.h"
#include "tools/dataset_actions.h"
#include "tools/exit_code.h"
#include "tools/output_spec.h"

namespace sluice::tools {
namespace {

// "T-shirt/top" as a part of a file name.
std::string FileNamePart(std::string label) {
  std::replace_if(
      label.begin(), label.end(), [](unsigned char c) { return !absl::ascii_isalnum(c) && c != '-'; }, '_');
  return label;
}

class DatasetCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    line.Argument("ACTION", &action_,
                  "pack writes a folder of pictures (a folder a class) as TFRecords, show lists a TFRecord file and "
                  "checks it, extract writes pictures as PNG files, INDEX-LABEL.png");
    line.Argument("WHAT", &what_, "pack: the folder; show: the file; extract: as sluice train --data takes it");
    line.Option("-o,--out", &pack_.out, "PATH", "pack: the file; extract: the folder");
    line.Option("--count", &count_, "N", "show, extract: how many, from the first on (default 10)");
    line.Flag("--training", &training_, "extract: from the training part instead of the test part");
    line.Option("--shards", &pack_.shards, "N", "pack: so many files, PATH-00000-of-0000N and so on (default 1)");
    line.Option("--labels", &pack_.labels, "FILE", "pack: the classes in this order (default: the folders, sorted)");
    line.Flag("--in-order", &pack_.in_order, "pack: by class and name, instead of shuffled");
    line.Option("--seed", &pack_.seed, "N", "pack: of the order (default 1)");
    line.Option("--on-bad", &pack_.on_bad, "fail|skip", "pack: what to do about files that are no pictures");
    output_.DeclareOverwrite(line);
    output_.DeclareJson(line);
  }

  absl::Status Run(const CommandLine&) override {
    if (count_ < 0) return UsageError("--count: expected at least 0");
    if (action_ == "show") return ShowRecords(what_, count_, output_.json);
    if (action_ == "pack") {
      pack_.folder = what_;
      pack_.output = output_;
      return PackDataset(pack_);
    }
    if (action_ == "extract") return Extract();
    return UsageError(absl::StrCat("expected pack, show or extract, got '", action_, "'"));
  }

 private:
  absl::Status Extract() {
    if (pack_.out.empty()) return UsageError("-o DIR is missing");
    if (count_ < 1) return UsageError("--count: expected at least 1");
    SLUICE_ASSIGN_OR_RETURN(DataSet data, LoadData(what_, training_ ? Split::kTrain : Split::kTest));
    const Tensor& images = data.images.images;
    int64_t n = std::min(count_, images.dim(0));
    std::vector<std::string> paths;
    for (int64_t i = 0; i < n; ++i) paths.push_back(PathOf(data, i));
    SLUICE_RETURN_IF_ERROR(CheckNew(paths, output_.overwrite));
    SLUICE_RETURN_IF_ERROR(PosixFileSystem().MakeDirectory(pack_.out));
    Dims dims = images.shape().dims();
    dims.erase(dims.begin());
    Shape one(dims);
    for (int64_t i = 0; i < n; ++i) {
      auto offset = static_cast<size_t>(i * one.num_elements());
      Tensor picture(DataType::kUint8, one);
      std::copy_n(images.data<uint8_t>() + offset, one.num_elements(), picture.data<uint8_t>());
      SLUICE_RETURN_IF_ERROR(WriteOutput(picture, paths[static_cast<size_t>(i)], output_.overwrite));
    }
    printf("%s: %d pictures\n", pack_.out.c_str(), static_cast<int>(n));
    return absl::OkStatus();
  }

  std::string PathOf(const DataSet& data, int64_t i) const {
    auto label = static_cast<size_t>(data.images.labels.data<int32_t>()[i]);
    std::string name = label < data.labels.size() ? data.labels[label] : absl::StrCat(label);
    return JoinPath(pack_.out, absl::StrFormat("%05d-%s.png", i, FileNamePart(name)));
  }

  std::string action_, what_;
  PackOptions pack_;
  int64_t count_ = 10;
  bool training_ = false;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> NewDatasetCommand() { return std::make_unique<DatasetCommand>(); }

}  // namespace sluice::tools
