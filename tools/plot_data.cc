#include "tools/plot_data.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "io/event_reader.h"
#include "tools/nearest.h"

namespace sluice::tools {
namespace {

constexpr size_t kMaxTableBytes = size_t{1} << 28;
constexpr const char* kEpochTag = "epoch";

const char* NameOf(PlotX x) { return x == PlotX::kStep ? "step" : x == PlotX::kEpoch ? kEpochTag : "minutes"; }

absl::Status Missing(const std::string& run, const std::string& what, const std::vector<std::string>& names) {
  return absl::NotFoundError(absl::StrCat(run, ": there is no '", what, "'", DidYouMean(what, names), "; there are ",
                                          absl::StrJoin(names, ", ")));
}

absl::StatusOr<Curve> ReadTable(const std::string& path, const std::string& tag, PlotX x) {
  SLUICE_ASSIGN_OR_RETURN(std::string text, PosixFileSystem().ReadFile(path, kMaxTableBytes));
  std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipWhitespace());
  if (lines.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
  auto cells = [](absl::string_view line) {
    std::vector<std::string> cells = absl::StrSplit(line, ',');
    for (std::string& cell : cells) absl::StripAsciiWhitespace(&cell);
    return cells;
  };
  const std::vector<std::string> header = cells(lines[0]);
  const auto x_column = std::find(header.begin(), header.end(), NameOf(x)) - header.begin();
  const auto y_column = std::find(header.begin(), header.end(), tag) - header.begin();
  if (x_column == std::ssize(header)) return Missing(path, NameOf(x), header);
  if (y_column == std::ssize(header)) return Missing(path, tag, header);
  Curve curve;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> row = cells(lines[i]);
    double x_value = 0, y_value = 0;
    if (row.size() != header.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ", line ", i + 1, ": ", row.size(), " cells, expected ", header.size()));
    }
    if (row[static_cast<size_t>(y_column)].empty()) continue;
    if (!absl::SimpleAtod(row[static_cast<size_t>(x_column)], &x_value) ||
        !absl::SimpleAtod(row[static_cast<size_t>(y_column)], &y_value)) {
      return absl::InvalidArgumentError(absl::StrCat(path, ", line ", i + 1, ": not a number"));
    }
    curve.points.emplace_back(x_value, y_value);
  }
  return curve;
}

absl::StatusOr<Curve> ReadRun(const std::string& folder, const std::string& tag, PlotX x) {
  SLUICE_ASSIGN_OR_RETURN(auto scalars, ReadScalars(folder));
  std::vector<std::string> tags;
  for (const auto& [name, points] : scalars) tags.push_back(name);
  auto found = scalars.find(tag);
  if (found == scalars.end() || found->second.empty()) return Missing(folder, tag, tags);
  double epochs_a_step = 0;
  if (x == PlotX::kEpoch) {
    auto epochs = scalars.find(kEpochTag);
    if (epochs == scalars.end() || epochs->second.empty()) return Missing(folder, kEpochTag, tags);
    const ScalarPoint& last = epochs->second.back();
    epochs_a_step = last.value / static_cast<double>(std::max<int64_t>(last.step, 1));
  }
  Curve curve;
  for (const ScalarPoint& point : found->second) {
    const auto step = static_cast<double>(point.step);
    const double at = x == PlotX::kStep ? step : x == PlotX::kEpoch ? step * epochs_a_step : point.seconds / 60;
    curve.points.emplace_back(at, point.value);
  }
  return curve;
}

}  // namespace

absl::StatusOr<Curve> ReadCurve(const std::string& run, const std::string& tag, PlotX x) {
  std::string path = run;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  SLUICE_ASSIGN_OR_RETURN(Curve curve, absl::EndsWith(path, ".csv") ? ReadTable(path, tag, x) : ReadRun(path, tag, x));
  curve.label = BaseName(path);
  return curve;
}

std::string CurvesToTable(const std::vector<Curve>& curves, const std::string& x_name) {
  std::string header = x_name;
  std::map<double, std::vector<std::string>> rows;
  for (size_t c = 0; c < curves.size(); ++c) {
    absl::StrAppend(&header, ",", absl::StrReplaceAll(curves[c].label, {{",", " "}, {"\n", " "}}));
    for (auto [x, value] : curves[c].points) {
      std::vector<std::string>& cells = rows[x];
      cells.resize(curves.size());
      cells[c] = absl::StrFormat("%.6g", value);  // events hold floats
    }
  }
  std::string text = header + "\n";
  for (const auto& [x, cells] : rows) absl::StrAppendFormat(&text, "%.9g,%s\n", x, absl::StrJoin(cells, ","));
  return text;
}

}  // namespace sluice::tools
