// What a GPU has kernels for, and what kernels/gpu/missing_ops.h says that it has not.
#include "kernels/gpu/missing_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "kernels/gpu/libraries.h"
#include "kernels/gpu/register_all.h"
#include "ops/register_all.h"

namespace sluice::gpu {
namespace {

TEST(MissingOps, TableAndRegistryAreAllOps) {
  OpRegistry ops;
  RegisterAllOps(ops);
  KernelRegistry kernels;
  RegisterAllKernels(kernels);
  const Libraries libraries;
  LibraryRegistrar registrar{kernels, libraries};
  RegisterAllLibraryKernels(registrar);

  std::set<std::string> missing;
  for (const MissingOp& row : kMissingOps) {
    EXPECT_TRUE(missing.insert(row.op).second) << row.op << " is there twice";
    EXPECT_FALSE(kernels.Has(row.op)) << row.op << " has a kernel";
    EXPECT_STRNE(row.why, "");
  }
  for (const OpSchema* schema : ops.All()) {
    const std::string& op = schema->name;
    EXPECT_TRUE(kernels.Has(op) || missing.count(op) > 0) << op << " has no kernel, and the table does not say so";
    missing.erase(op);
  }
  EXPECT_THAT(missing, ::testing::IsEmpty()) << "no such ops";
}

}  // namespace
}  // namespace sluice::gpu
