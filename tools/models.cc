// sluice models: the built-in networks.
#include <cstdio>

#include "absl/strings/str_join.h"

#include "models/catalog.h"
#include "tools/command.h"
#include "tools/common_options.h"
#include "tools/json_report.h"
#include "tools/table.h"
#include "tools/units.h"

namespace sluice::tools {
namespace {

// "224x224x3"; "?" where a side is not fixed.
std::string InputText(const std::vector<int64_t>& input) {
  return absl::StrJoin(
      input, "x", [](std::string* out, int64_t side) { absl::StrAppend(out, side < 0 ? "?" : absl::StrCat(side)); });
}

class ModelsCommand : public Command {
 public:
  void Declare(CommandLine& line) override { output_.DeclareJson(line); }

  absl::Status Run(const CommandLine&) override {
    if (output_.json) {
      Json report = NewReport("models");
      report["models"] = Json::array();
      for (const CatalogNetwork& network : Catalog()) {
        report["models"].push_back({{"name", network.name},
                                    {"description", network.description},
                                    {"input", network.input},
                                    {"classes", network.classes},
                                    {"options", network.understands},
                                    {"parameters", network.parameters}});
      }
      PrintReport(report);
      return absl::OkStatus();
    }
    Table table({{"name"}, {"input"}, {"parameters", Table::kRight}, {"float32", Table::kRight}, {"what it is"}});
    for (const CatalogNetwork& network : Catalog()) {
      table.AddRow({network.name, InputText(network.input), FormatCount(network.parameters),
                    FormatBytes(4 * network.parameters), network.description});
    }
    printf("%s", table.ToString().c_str());
    return absl::OkStatus();
  }

 private:
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> NewModelsCommand() { return std::make_unique<ModelsCommand>(); }

}  // namespace sluice::tools
