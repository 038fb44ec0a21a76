// sluice draw: pictures of networks, and of where the time of a run went.
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

#include "io/atomic_file.h"
#include "models/training.h"
#include "tools/command.h"
#include "tools/drawing.h"
#include "tools/exit_code.h"
#include "tools/graphviz.h"
#include "tools/model_interface.h"
#include "tools/network_options.h"
#include "tools/output_spec.h"
#include "tools/timeline_picture.h"

namespace sluice::tools {
namespace {

constexpr size_t kMaxTraceBytes = size_t{1} << 30;

class DrawCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    line.Argument("MODEL", &what_, "A model, a built-in network (sluice models), or a trace that --trace wrote");
    line.Option("-o,--out", &path_, "FILE", "The picture: .svg, .png or .pdf, or .dot for Graphviz; .svg of a trace");
    line.Option("--depth", &depth_, "N", "Scopes deeper than N are one box each (default: a box for each layer)");
    line.Option("--direction", &direction_, "DIR", "Where data flows: TB (down, default), BT, LR or RL");
    line.Flag("--training", &training_, "Constants, variables, gradients and updates too");
    line.Option("--fetch", &fetches_, "TENSOR", "Draws what leads to this tensor; repeated");
    output_.DeclareOverwrite(line);
    network_.Declare(line);
  }

  absl::Status Run(const CommandLine&) override {
    if (path_.empty()) return UsageError("-o FILE is missing");
    if (depth_ < 0) return UsageError("--depth: expected 0 or more");
    if (direction_ != "TB" && direction_ != "BT" && direction_ != "LR" && direction_ != "RL") {
      return UsageError(absl::StrCat("--direction: '", direction_, "', expected TB, BT, LR or RL"));
    }
    size_t dot = path_.rfind('.');
    format_ = dot == std::string::npos ? "" : path_.substr(dot + 1);
    if (format_ != "svg" && format_ != "png" && format_ != "pdf" && format_ != "dot") {
      return UsageError(absl::StrCat("-o ", path_, ": expected a name that ends in .svg, .png, .pdf or .dot"));
    }
    SLUICE_RETURN_IF_ERROR(CheckNew({path_}, output_.overwrite));
    if (absl::EndsWith(what_, ".json")) return DrawTrace();
    SLUICE_ASSIGN_OR_RETURN(Model model, Load());
    DrawingOptions options{.depth = depth_, .everything = training_};
    if (!training_) {
      SLUICE_ASSIGN_OR_RETURN(options.results, Results(model));
    }
    Drawing drawing = DrawGraph(model.graph, options);
    if (drawing.boxes.empty()) return absl::InvalidArgumentError(absl::StrCat(what_, ": there is nothing to draw"));
    std::string picture = DrawingToDot(drawing, {.direction = direction_});
    if (format_ != "dot") {
      SLUICE_ASSIGN_OR_RETURN(picture, RenderDot(picture, format_));
    }
    SLUICE_RETURN_IF_ERROR(Write(picture));
    printf("%s: %d boxes, %d arrows\n", path_.c_str(), static_cast<int>(drawing.boxes.size()),
           static_cast<int>(drawing.arrows.size()));
    return absl::OkStatus();
  }

 private:
  absl::Status Write(const std::string& picture) const {
    return WriteFile(path_, picture, output_.overwrite ? IfExists::kReplace : IfExists::kFail);
  }

  absl::Status DrawTrace() {
    if (format_ != "svg") return UsageError(absl::StrCat("-o ", path_, ": the picture of a trace is an .svg file"));
    SLUICE_ASSIGN_OR_RETURN(std::string trace, PosixFileSystem().ReadFile(what_, kMaxTraceBytes));
    SLUICE_ASSIGN_OR_RETURN(std::string picture, TimelinePicture(trace));
    SLUICE_RETURN_IF_ERROR(Write(picture));
    printf("%s\n", path_.c_str());
    return absl::OkStatus();
  }

  // A file, or a built-in network under its name.
  absl::StatusOr<Model> Load() {
    if (PosixFileSystem().KindOf(what_) != FileSystem::Kind::kNone) {
      SLUICE_ASSIGN_OR_RETURN(int64_t limit, ImportLimit(""));
      return LoadModel({.model = what_}, runtime_.ops(), limit);
    }
    SLUICE_ASSIGN_OR_RETURN(const CatalogNetwork* entry, network_.Find(what_));
    SLUICE_ASSIGN_OR_RETURN(NetworkOptions options, network_.Options());
    Model model{.graph = Graph(runtime_.ops()), .path = what_};
    Network network(model.graph);
    Layer result = entry->Build(network, options);
    if (absl::IsInvalidArgument(network.status())) return UsageError(network.status().message());
    SLUICE_RETURN_IF_ERROR(network.status());
    std::vector<Endpoint> ends = {result.output};
    for (const AuxiliaryLoss& head : network.auxiliary_losses()) ends.push_back(head.logits);
    if (training_ && entry->classes > 0) {
      SLUICE_RETURN_IF_ERROR(AddTraining(result, {}, runtime_.gradients()));
    }
    for (Endpoint end : ends) model.signature_outputs.emplace_back("", model.graph.NameOf(end));
    return model;
  }

  absl::StatusOr<std::vector<Endpoint>> Results(const Model& model) const {
    std::vector<std::string> names = fetches_;
    // What a training graph is drawn for is the network in it.
    if (names.empty() && CheckTrainingGraph(model.graph).ok()) names = {training::kLogits};
    SLUICE_ASSIGN_OR_RETURN(names, ResolveFetches(model, names));
    std::vector<Endpoint> results;
    for (const std::string& name : names) {
      SLUICE_ASSIGN_OR_RETURN(results.emplace_back(), model.graph.ParseEndpoint(name));
    }
    return results;
  }

  std::string what_, path_, format_, direction_ = "TB";
  int64_t depth_ = 0;
  bool training_ = false;
  std::vector<std::string> fetches_;
  OutputOptions output_;
  NetworkArguments network_;
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<Command> NewDrawCommand() { return std::make_unique<DrawCommand>(); }

}  // namespace sluice::tools
