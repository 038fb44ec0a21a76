// NumPy's basic slicing as TensorFlow encodes it (tf.strided_slice).
#include <algorithm>

#include "ops/shape_context.h"
#include "ops/slice.h"

namespace sluice {
namespace {

bool Bit(int64_t mask, size_t i) { return i < 64 && ((static_cast<uint64_t>(mask) >> i) & 1) != 0; }

// One dimension of the input and what the specification says of it.
struct Item {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t stride = 1;
  bool begin_masked = true;  // a whole dimension, unless told otherwise
  bool end_masked = true;
  bool shrink = false;
};

// The index in the direction of the stride's sign, clamped to where a walk may begin or end.
int64_t Clamp(int64_t index, int64_t dim, bool forward) {
  if (index < 0) index += dim;
  return forward ? std::clamp<int64_t>(index, 0, dim) : std::clamp<int64_t>(index, -1, dim - 1);
}

// Appends dimension `d` of the input to the box.
absl::Status Resolve(const Item& item, int d, int64_t dim, StridedSliceBox& box) {
  if (item.stride == 0) return absl::InvalidArgumentError(absl::StrCat("the stride of dimension ", d, " is 0"));
  if (item.shrink && item.stride < 0 && item.stride != kUnknownValue) {
    return absl::InvalidArgumentError(
        absl::StrCat("the stride of dimension ", d, " is ", item.stride, ", expected 1 where one index is taken"));
  }
  auto append = [&](int64_t begin, bool known, int64_t stride, int64_t size) {
    box.begin.push_back(begin);
    box.begin_known.push_back(known);
    box.strides.push_back(stride);
    box.sizes.push_back(size);
  };
  if (item.shrink) {
    if (item.begin == kUnknownValue || dim == kUnknownDim) {
      // A negative index counts from an end that is not known.
      append(item.begin, item.begin != kUnknownValue && item.begin >= 0, 1, 1);
      return absl::OkStatus();
    }
    const int64_t index = item.begin < 0 ? item.begin + dim : item.begin;
    if (index < 0 || index >= dim) {
      return absl::InvalidArgumentError(absl::StrCat("index ", item.begin, " of dimension ", d,
                                                     " is out of bounds, expected ", -dim, " to ", dim - 1));
    }
    append(index, true, 1, 1);
    return absl::OkStatus();
  }
  if (item.stride == kUnknownValue || dim == kUnknownDim) {
    const bool is_whole = item.begin_masked && item.end_masked && item.stride == 1;
    append(0, is_whole, item.stride == kUnknownValue ? 1 : item.stride, kUnknownDim);
    return absl::OkStatus();
  }
  const bool forward = item.stride > 0;
  const bool begin_known = item.begin_masked || item.begin != kUnknownValue;
  const bool end_known = item.end_masked || item.end != kUnknownValue;
  const int64_t begin = item.begin_masked ? (forward ? 0 : dim - 1) : begin_known ? Clamp(item.begin, dim, forward) : 0;
  if (!begin_known || !end_known) {
    append(begin, begin_known, item.stride, dim == 0 ? 0 : kUnknownDim);
    return absl::OkStatus();
  }
  const int64_t end = item.end_masked ? (forward ? dim : -1) : Clamp(item.end, dim, forward);
  const int64_t length = end - begin;
  int64_t size = 0;
  if (length != 0 && (length > 0) == forward) size = length / item.stride + (length % item.stride != 0 ? 1 : 0);
  append(begin, true, item.stride, size);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StridedSliceBox> ResolveStridedSlice(const PartialShape& in, absl::Span<const int64_t> begin,
                                                    absl::Span<const int64_t> end, absl::Span<const int64_t> strides,
                                                    const StridedSliceAttrs& attrs) {
  const size_t n = begin.size();
  if (n > 32) {  // TensorFlow's masks have 32 bits
    return absl::InvalidArgumentError(
        absl::StrCat("begin, end and strides have ", n, " elements, expected at most 32"));
  }
  // Which elements of the specification take a dimension of the input, and how many those are.
  size_t ellipsis = n;  // without one, it is at the end
  size_t consumed = 0;
  for (size_t i = 0; i < n; ++i) {
    if (Bit(attrs.ellipsis_mask, i)) {
      if (ellipsis != n) return absl::InvalidArgumentError("ellipsis_mask has more than one bit");
      ellipsis = i;
    } else if (!Bit(attrs.new_axis_mask, i)) {
      ++consumed;
    }
  }
  const size_t rank = static_cast<size_t>(in.rank());
  if (consumed > rank) {
    return absl::InvalidArgumentError(absl::StrCat("begin, end and strides are about ", consumed,
                                                   " dimensions, the input has shape ", in.ToString()));
  }
  StridedSliceBox box;
  Dims out;
  int d = 0;
  auto take = [&](const Item& item) -> absl::Status {
    SLUICE_RETURN_IF_ERROR(Resolve(item, d, in.dim(d), box));
    if (!item.shrink) out.push_back(box.sizes.back());
    ++d;
    return absl::OkStatus();
  };
  for (size_t i = 0; i <= n; ++i) {
    if (i == ellipsis) {
      for (size_t whole = rank - consumed; whole > 0; --whole) SLUICE_RETURN_IF_ERROR(take(Item{}));
      continue;
    }
    if (i == n) break;
    if (Bit(attrs.new_axis_mask, i)) {
      out.push_back(1);
      continue;
    }
    SLUICE_RETURN_IF_ERROR(take({begin[i], end[i], strides[i], Bit(attrs.begin_mask, i), Bit(attrs.end_mask, i),
                                 Bit(attrs.shrink_axis_mask, i)}));
  }
  SLUICE_ASSIGN_OR_RETURN(box.out, PartialShape::Create(out));
  return box;
}

}  // namespace sluice
