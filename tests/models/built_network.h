// A network of the catalog, built and ready to be asked or run.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "models/catalog.h"
#include "runtime/session.h"
#include "tests/models/fixed_values.h"

namespace sluice::testing {

inline const Runtime& SharedRuntime() {
  static const Runtime& runtime = *new Runtime;
  return runtime;
}

class BuiltNetwork {
 public:
  explicit BuiltNetwork(const std::string& name, NetworkOptions options = {}) {
    const CatalogNetwork* entry = FindNetwork(name);
    EXPECT_NE(entry, nullptr) << name;
    options.dtype = DataType::kFloat;
    options.scale = 1;
    if (entry != nullptr) result = entry->Build(network, options);
    EXPECT_TRUE(network.status().ok()) << name << ": " << network.status();
  }

  // "[?,55,55,96]" of a layer; its name where there is none.
  std::string ShapeOf(const std::string& layer) {
    for (const NamedLayer& named : network.layers()) {
      if (named.name == layer) return network.ShapeOf(named.output).ToString();
    }
    return "no layer " + layer;
  }

  // Elements of all variables, averages included.
  int64_t NumElements() const {
    int64_t elements = 0;
    for (const NetworkVariable& variable : network.variables()) elements += variable.shape.num_elements();
    return elements;
  }

  std::unique_ptr<Session> Open(const SessionOptions& options = {.threads = 1}) const {
    auto session = NewSession(SharedRuntime(), options);
    EXPECT_TRUE(session.ok()) << session.status();
    absl::Status created = (*session)->Create(graph);
    EXPECT_TRUE(created.ok()) << created;
    return *std::move(session);
  }

  // The same with FixedVariable as every variable's value.
  std::unique_ptr<Session> OpenWithFixedValues(const SessionOptions& options = {.threads = 1}) const {
    auto session = Open(options);
    for (const NetworkVariable& variable : network.variables()) {
      absl::Status written = session->WriteVariable(variable.name, FixedVariable(variable.name, variable.shape));
      EXPECT_TRUE(written.ok()) << written;
    }
    return session;
  }

  Graph graph{SharedRuntime().ops()};
  Network network{graph, 7};
  Layer result;
};

// The only fetch of a run; an empty tensor where it fails.
inline Tensor Fetch(Session& session, const Session::Feeds& feeds, const std::string& fetch) {
  std::vector<Tensor> outputs;
  absl::Status status = session.Run(feeds, {fetch}, {}, &outputs);
  EXPECT_TRUE(status.ok()) << status;
  return status.ok() ? outputs[0] : Tensor();
}

}  // namespace sluice::testing
