// Drawings in Graphviz' language.
#include <map>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "tools/drawing.h"

namespace sluice::tools {
namespace {

// Beyond this many boxes, straight lines and fewer improvements keep Graphviz within seconds.
constexpr size_t kManyBoxes = 600;

const char* ColorOf(Box::Kind kind) {
  switch (kind) {
    case Box::kInput:
      return "#d9e8c9";
    case Box::kShape:
      return "#eeeeee";
    case Box::kActivation:
      return "#fdf0c4";
    case Box::kMerge:
      return "#e4d5ee";
    case Box::kNorm:
      return "#d8efef";
    case Box::kLoss:
      return "#f6c9c9";
    case Box::kPool:
      return "#f9dcb8";
    case Box::kDense:
      return "#c5e0b9";
    case Box::kConv:
      return "#bcd6f0";
    case Box::kVariable:
      return "#f2e6dc";
    case Box::kOther:
      break;
  }
  return "#f7f7f7";
}

std::string Html(absl::string_view text) {
  return absl::StrReplaceAll(std::string(text.data(), text.size()),
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"", absl::StrReplaceAll(std::string(text.data(), text.size()), {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::string BoxToDot(const Box& box, size_t index) {
  std::string title = box.name;
  if (!box.frame.empty()) title = title.substr(box.frame.size() + 1);
  std::string label = absl::StrCat("<b>", Html(title), "</b>");
  for (const std::string& line : box.lines) {
    absl::StrAppend(&label, "<br/><font point-size=\"9\">", Html(line), "</font>");
  }
  if (!box.device.empty()) {
    absl::StrAppend(&label, "<br/><font point-size=\"8\" color=\"#777777\">", Html(box.device), "</font>");
  }
  return absl::StrCat("n", index, " [label=<", label, ">, fillcolor=\"", ColorOf(box.kind),
                      "\", tooltip=", Quoted(box.name), "];\n");
}

}  // namespace

std::string DrawingToDot(const Drawing& drawing, const DotOptions& options) {
  std::string dot = absl::StrCat(
      "digraph net {\n"
      "graph [rankdir=",
      options.direction, ", nodesep=0.2, ranksep=0.25, fontname=\"Helvetica,Arial,sans-serif\", ",
      "fontsize=10, fontcolor=\"#555555\"",
      drawing.boxes.size() > kManyBoxes ? ", splines=line, nslimit=2, mclimit=0.3" : "", "];\n",
      "node [shape=box, style=\"filled,rounded\", color=\"#888888\", fontname=\"Helvetica,Arial,sans-serif\", "
      "fontsize=11, margin=\"0.12,0.05\", height=0.3];\n"
      "edge [color=\"#666666\", arrowsize=0.6];\n");
  std::map<std::string, std::vector<size_t>> frames;
  for (size_t i = 0; i < drawing.boxes.size(); ++i) frames[drawing.boxes[i].frame].push_back(i);
  for (const auto& [frame, boxes] : frames) {
    if (!frame.empty()) {
      absl::StrAppend(&dot, "subgraph ", Quoted("cluster_" + frame), " {\nlabel=", Quoted(frame),
                      "; style=\"rounded\"; color=\"#bbbbbb\"; labeljust=l;\n");
    }
    for (size_t i : boxes) dot += BoxToDot(drawing.boxes[i], i);
    if (!frame.empty()) dot += "}\n";
  }
  for (const Drawing::Arrow& arrow : drawing.arrows) {
    absl::StrAppend(&dot, "n", arrow.from, " -> n", arrow.to, arrow.is_control ? " [style=dashed];\n" : ";\n");
  }
  return dot + "}\n";
}

}  // namespace sluice::tools
