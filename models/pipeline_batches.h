// An input pipeline as a source of batches.
#pragma once

#include <memory>

#include "io/input_pipeline.h"
#include "models/batches.h"

namespace SLUICE_API sluice {

std::unique_ptr<BatchSource> NewPipelineBatches(std::unique_ptr<InputPipeline> pipeline);

}  // namespace sluice
