#include <cstdio>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"

#include "io/example.h"
#include "io/tfrecord_file.h"
#include "tools/dataset_actions.h"
#include "tools/json_report.h"
#include "tools/progress_bar.h"
#include "tools/table.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

constexpr char kLabel[] = "image/class/label";
constexpr size_t kShownText = 40;

struct FeatureCount {
  Feature::Kind kind = Feature::Kind::kNone;
  int64_t records = 0;
};

absl::string_view NameOf(Feature::Kind kind) {
  constexpr absl::string_view kNames[] = {"none", "bytes", "float", "int64"};
  return kNames[static_cast<int>(kind)];
}

// "label=3", "encoded=<679 bytes>".
std::string ValueOf(const Feature& feature) {
  if (feature.kind == Feature::Kind::kInts) {
    auto ints = IntsOf(feature);
    return ints.ok()
               ? absl::StrJoin(ints->begin(), ints->begin() + static_cast<long>(std::min<size_t>(ints->size(), 8)), " ")
               : "?";
  }
  if (feature.kind == Feature::Kind::kFloats) {
    auto floats = FloatsOf(feature);
    return floats.ok() ? absl::StrCat("<", floats->size(), " floats>") : "?";
  }
  auto bytes = SingleBytesOf(feature);
  if (!bytes.ok()) return "?";
  bool is_text = bytes->size() <= kShownText;
  for (char c : *bytes) is_text = is_text && c >= ' ' && c <= '~';
  return is_text ? absl::StrCat("'", *bytes, "'") : absl::StrCat("<", bytes->size(), " bytes>");
}

class Shower {
 public:
  Shower(const TFRecordFile& file, int64_t count) : file_(file), count_(count) {}

  // Goes through all records.
  void Read() {
    ProgressBar bar("records", file_.size());
    std::string data;
    for (int64_t i = 0; i < file_.size(); ++i) {
      absl::Status status = file_.Read(i, &data);
      if (status.ok()) {
        Add(i, data);
      } else {
        errors_.emplace_back(status.message());
      }
      bar.Set(i + 1);
    }
    for (const TFRecordFile::Damage& damage : file_.damages()) {
      errors_.push_back(absl::StrCat(file_.path(), ": at byte ", damage.offset, ": ", damage.reason, "; ", damage.bytes,
                                     " bytes lost"));
    }
  }

  void Print() const {
    if (!features_.empty()) {
      Table table({{"feature"}, {"kind"}, {"records", Table::kRight}});
      for (const auto& [name, feature] : features_) {
        table.AddRow({name, std::string(NameOf(feature.kind)), FormatCount(feature.records)});
      }
      printf("%s\n", table.ToString().c_str());
    }
    if (!labels_.empty()) {
      Table table({{"label", Table::kRight}, {"records", Table::kRight}});
      for (const auto& [label, records] : labels_) table.AddRow({absl::StrCat(label), FormatCount(records)});
      printf("%s\n", table.ToString().c_str());
    }
    for (const std::string& line : first_) printf("%s\n", line.c_str());
    printf("%s: %s records, %s, %s\n", file_.path().c_str(), FormatCount(file_.size()).c_str(),
           FormatBytes(static_cast<int64_t>(file_.bytes())).c_str(),
           errors_.empty() ? "all checksums right" : absl::StrCat(errors_.size(), " damaged").c_str());
  }

  void PrintJson() const {
    Json report = NewReport("dataset");
    report["file"] = file_.path();
    report["records"] = file_.size();
    report["bytes"] = file_.bytes();
    report["examples"] = examples_;
    report["features"] = Json::array();
    for (const auto& [name, feature] : features_) {
      report["features"].push_back(
          {{"name", name}, {"kind", std::string(NameOf(feature.kind))}, {"records", feature.records}});
    }
    report["labels"] = Json::object();
    for (const auto& [label, records] : labels_) report["labels"][absl::StrCat(label)] = records;
    report["damages"] = errors_;
    PrintReport(report);
  }

  absl::Status Result() const {
    if (errors_.empty()) return absl::OkStatus();
    return absl::DataLossError(absl::StrJoin(errors_, "\n"));
  }

 private:
  void Add(int64_t i, const std::string& data) {
    auto features = ParseExample(data);
    const bool is_example = features.ok() && !features->empty();
    std::vector<std::string> values;
    if (is_example) {
      ++examples_;
      for (const Feature& feature : *features) {
        FeatureCount& known = features_[absl::CHexEscape(feature.name)];
        known.kind = feature.kind;
        ++known.records;
        if (i < count_) values.push_back(absl::StrCat(absl::CHexEscape(feature.name), "=", ValueOf(feature)));
      }
      const Feature* label = FindFeature(*features, kLabel);
      if (label != nullptr) {
        if (auto value = SingleIntOf(*label); value.ok()) ++labels_[*value];
      }
    }
    if (i >= count_) return;
    first_.push_back(absl::StrCat("record ", i, ", ", data.size(),
                                  " bytes: ", is_example ? absl::StrJoin(values, "  ") : "no tf.train.Example"));
  }

  const TFRecordFile& file_;
  const int64_t count_;
  int64_t examples_ = 0;
  std::map<std::string, FeatureCount> features_;
  std::map<int64_t, int64_t> labels_;
  std::vector<std::string> first_, errors_;
};

}  // namespace

absl::Status ShowRecords(const std::string& path, int64_t count, bool json) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<TFRecordFile> file, TFRecordFile::Open(path));
  Shower shower(*file, count);
  shower.Read();
  if (json) {
    shower.PrintJson();
  } else {
    shower.Print();
  }
  return shower.Result();
}

}  // namespace sluice::tools
