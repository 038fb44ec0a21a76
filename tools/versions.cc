#include "tools/versions.h"

#include <cstdio>
#include <jpeglib.h>
#include <png.h>

#include "absl/base/config.h"
#include "absl/base/options.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/common.h"
#include "leveldb/db.h"

#include "oneapi/dnnl/dnnl.h"

#define SLUICE_STRINGIFY_TOKENS(...) #__VA_ARGS__
#define SLUICE_STRINGIFY(x) SLUICE_STRINGIFY_TOKENS(x)

namespace sluice::tools {

std::vector<std::pair<std::string, std::string>> Versions() {
  const dnnl_version_t* onednn = dnnl_version();
  return {
      {"sluice", SLUICE_VERSION},
      {"onednn", absl::StrCat(onednn->major, ".", onednn->minor, ".", onednn->patch)},
      {"protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)},
      {"abseil", absl::StrCat(ABSL_LTS_RELEASE_VERSION, ".", ABSL_LTS_RELEASE_PATCH_LEVEL)},
      {"leveldb", absl::StrCat(leveldb::kMajorVersion, ".", leveldb::kMinorVersion)},
      {"libjpeg-turbo", SLUICE_STRINGIFY(LIBJPEG_TURBO_VERSION)},
      {"libpng", png_get_libpng_ver(nullptr)},
  };
}

std::string VersionText() {
  std::string text;
  for (const auto& [name, version] : Versions()) absl::StrAppend(&text, name, " ", version, "\n");
  return text;
}

}  // namespace sluice::tools
