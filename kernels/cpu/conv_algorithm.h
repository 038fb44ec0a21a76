// Which way a convolution is computed on the CPU. A static rule: it looks at the layer and at what oneDNN
// offers on this machine, never at a clock.
//
// There are two ways on plain NHWC and HWIO tensors: a JIT kernel of oneDNN, whose filter is reordered in each step unless it
// is constant (0.002 to 0.16 ms, nothing beside the convolution), and our own im2col + GEMM (conv_gemm.h), which needs no
// reordering and knows every type. Milliseconds with one thread on a Zen 5, AVX-512 and (ONEDNN_MAX_CPU_ISA=AVX2) AVX2; what
// is taken has a star. From tests/bench/conv_bench.cc and docs/spikes.md:
//
//   layer                             direction   brgconv   JIT 512   own 512   JIT AVX2   own AVX2
//   LeNet conv1, 28x28, 1 -> 20, 5x5   forward      0.40      0.29*     0.76      0.40*      0.88
//   batch 64                           filter                 0.36*     0.78      0.45*      0.89
//                                      input                  2.5       0.77*     3.2        0.97*
//   LeNet conv2, 12x12, 20 -> 50, 5x5  forward      1.05*     1.15      1.24      1.95*      1.95
//   batch 64                           filter                 1.05*     1.25      2.35       1.97*
//                                      input                  1.44      1.04*     3.7        1.82*
//   3x3, 56x56, 64 -> 64, batch 1      forward      0.89*     0.96      1.03      1.75*      1.91
//                                      filter                 0.87*     1.04      2.2        1.92*
//                                      input                  0.90*     1.09      1.79*      1.98
//   3x3, 56x56, 256 -> 256, batch 1    forward     14.0*     15.8      15.3      28.4*      29.0
//                                      filter                15.1*     16.2      47         30.7*
//                                      input                 17.0*     15.7      30.5*      29.7
//   3x3, 28x28, 24 -> 40, batch 8      input                  -         0.59*     0.86*      0.97
//   VGG, 3x3, 4x4, 512 -> 512, batch 16  forward      8.2                4.7*
//   AlexNet conv1, 11x11 / 4, 3 -> 96  input                  5.3       1.05*     -          1.82*
//
// oneDNN's own gemm convolution is slower than ours everywhere (by 1.5 to 2), and so are its SSE4.1 and reference kernels.
#pragma once

#include "absl/strings/match.h"

#include "ops/conv.h"

namespace sluice::cpu {

enum class ConvDirection { kForward, kInput, kFilter };

// Whether oneDNN's implementation of this name is to be taken on a machine with or without AVX-512. They are asked in
// oneDNN's order; where none is accepted our own GEMM runs.
inline bool AcceptsImplementation(ConvDirection direction, const Conv2DGeometry& g, absl::string_view name,
                                  bool has_avx512) {
  // With AVX-512 the AVX2 kernels come after those that were turned down, and our GEMM is faster.
  if (!absl::StrContains(name, has_avx512 ? "avx512" : "avx2")) return false;
  switch (direction) {
    case ConvDirection::kForward:
      // With one input channel brgconv multiplies vectors of one element. Rows of few pixels do not fill its registers.
      if (has_avx512 && g.groups == 1 && g.width.output <= 4 && g.window_elements() >= 256) return false;
      return !(g.in_channels == 1 && absl::StartsWith(name, "brg"));
    case ConvDirection::kInput: {
      // These kernels make whole vectors of input channels.
      if (g.groups > 1) return true;
      int64_t rounded = (g.in_channels + 15) / 16 * 16;
      return has_avx512 ? 4 * (rounded - g.in_channels) < rounded : g.in_channels % 8 == 0;
    }
    case ConvDirection::kFilter:
      // The AVX2 kernel is for the first layers, of few input channels.
      return has_avx512 || g.groups > 1 || g.in_channels < 8;
  }
  return false;
}

}  // namespace sluice::cpu
