// sluice devices: what there is, and why something is not.
#include <algorithm>
#include <cstdio>

#include "runtime/plugin.h"
#include "tools/command.h"
#include "tools/json_report.h"
#include "tools/open_session.h"
#include "tools/table.h"

namespace sluice::tools {
namespace {

// What a plug-in could bring, whether the session uses it or not.
struct Offer {
  std::string type;
  std::vector<std::string> devices;
  std::string missing;  // why there are none
};

Offer OfferOf(const Plugin& plugin) {
  Offer offer{std::string(plugin.devices->type()), {}, ""};
  auto list = plugin.devices->ListDevices();
  if (list.ok()) {
    offer.devices = *std::move(list);
  } else {
    offer.missing = std::string(list.status().message());
  }
  return offer;
}

class DevicesCommand : public Command {
 public:
  void Declare(CommandLine& line) override {
    output_.DeclareJson(line);
    runner_.Declare(line);
  }

  absl::Status Run(const CommandLine&) override {
    SLUICE_RETURN_IF_ERROR(runner_.Finish());
    SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, OpenSession(runtime_, runner_));
    SLUICE_ASSIGN_OR_RETURN(std::vector<Plugin> plugins,
                            OpenPlugins(runner_.session().plugins, runtime_.cpu_kernels()));
    std::vector<Offer> offers;
    for (const Plugin& plugin : plugins) offers.push_back(OfferOf(plugin));
    if (std::none_of(offers.begin(), offers.end(), [](const Offer& o) { return o.type == "GPU"; })) {
      offers.push_back({"GPU", {}, "no plug-in for GPUs was loaded (--plugin FILE or SLUICE_PLUGINS)"});
    }
    if (output_.json) {
      Json report = NewReport("devices");
      report["devices"] = DevicesToJson(session->devices());
      report["available"] = Json::object();
      report["missing"] = Json::object();
      for (const Offer& offer : offers) {
        if (offer.missing.empty()) {
          report["available"][offer.type] = offer.devices;
        } else {
          report["missing"][offer.type] = offer.missing;
        }
      }
      PrintReport(report);
      return absl::OkStatus();
    }
    Table table({{"device"}, {"threads", Table::kRight}, {"description"}});
    for (Device* device : session->devices()) {
      table.AddRow({device->name(), absl::StrCat(device->threads()), device->description()});
    }
    printf("%s\n", table.ToString().c_str());
    for (const Offer& offer : offers) {
      if (!offer.missing.empty()) printf("%s: none: %s\n", offer.type.c_str(), offer.missing.c_str());
      for (size_t i = 0; i < offer.devices.size(); ++i) {
        printf("%s:%zu: %s\n", offer.type.c_str(), i, offer.devices[i].c_str());
      }
    }
    return absl::OkStatus();
  }

 private:
  OutputOptions output_;
  RunnerOptions runner_;
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<Command> NewDevicesCommand() { return std::make_unique<DevicesCommand>(); }

}  // namespace sluice::tools
