// Shapes of tensors: fully known (Shape) and partially known (PartialShape).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"

#include "core/api.h"
#include "core/status.h"

namespace SLUICE_API sluice {

using Dims = absl::InlinedVector<int64_t, 6>;

// The largest rank that any tensor may have (TensorFlow's limit).
inline constexpr int kMaxRank = 254;

// A fully known shape: every dimension is at least 0 and the number of elements fits into int64.
class Shape {
 public:
  Shape() = default;  // a scalar
  // REQUIRES: valid dimensions whose product does not overflow; use Create for what comes from outside.
  Shape(std::initializer_list<int64_t> dims) : Shape(absl::MakeConstSpan(dims.begin(), dims.size())) {}
  explicit Shape(absl::Span<const int64_t> dims);

  // InvalidArgument for a negative dimension, a rank over kMaxRank, or a product over 2^63 - 1.
  static absl::StatusOr<Shape> Create(absl::Span<const int64_t> dims);

  int rank() const { return static_cast<int>(dims_.size()); }
  int64_t dim(int i) const { return dims_[i]; }
  const Dims& dims() const { return dims_; }
  int64_t num_elements() const { return num_elements_; }
  std::string ToString() const;  // "[2,3]"
  bool operator==(const Shape& other) const { return dims_ == other.dims_; }

  template <typename H>
  friend H AbslHashValue(H h, const Shape& shape) {
    return H::combine(std::move(h), shape.dims_);
  }

 private:
  Dims dims_;
  int64_t num_elements_ = 1;
};

// A shape of which the rank, or some dimensions (kUnknown), may not be known.
class PartialShape {
 public:
  static constexpr int64_t kUnknown = -1;

  PartialShape() = default;                                                     // unknown rank
  PartialShape(const Shape& shape) : known_rank_(true), dims_(shape.dims()) {}  // NOLINT: a Shape is one
  // REQUIRES: every dimension is at least 0 or kUnknown.
  explicit PartialShape(absl::Span<const int64_t> dims) : known_rank_(true), dims_(dims.begin(), dims.end()) {}
  PartialShape(std::initializer_list<int64_t> dims) : PartialShape(absl::MakeConstSpan(dims.begin(), dims.size())) {}

  static PartialShape UnknownRank() { return PartialShape(); }
  static PartialShape OfRank(int rank) { return PartialShape(Dims(rank, kUnknown)); }
  // InvalidArgument for a dimension under -1, a rank over kMaxRank, or a product of the known ones over 2^63
  // - 1.
  static absl::StatusOr<PartialShape> Create(absl::Span<const int64_t> dims);

  bool has_rank() const { return known_rank_; }
  // REQUIRES: has_rank().
  int rank() const { return static_cast<int>(dims_.size()); }
  // kUnknown where it is not known. REQUIRES: has_rank() and 0 <= i < rank().
  int64_t dim(int i) const { return dims_[i]; }
  void set_dim(int i, int64_t value) { dims_[i] = value; }
  const Dims& dims() const { return dims_; }

  bool IsFullyKnown() const;
  // REQUIRES: IsFullyKnown(). InvalidArgument where the product overflows.
  absl::StatusOr<Shape> ToShape() const;
  // True where some fully known shape fits both.
  bool IsCompatibleWith(const PartialShape& other) const;
  // What both say together; InvalidArgument naming both where they contradict each other.
  absl::StatusOr<PartialShape> MergedWith(const PartialShape& other) const;
  std::string ToString() const;  // "[?,28,28,1]", "<unknown>"
  bool operator==(const PartialShape&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const PartialShape& shape) {
    return H::combine(std::move(h), shape.known_rank_, shape.dims_);
  }

 private:
  bool known_rank_ = false;
  Dims dims_;
};

inline constexpr int64_t kUnknownDim = PartialShape::kUnknown;

// a * b into *result; false on overflow of int64. Both at least 0.
inline bool MultiplySafely(int64_t a, int64_t b, int64_t* result) { return !__builtin_mul_overflow(a, b, result); }

// axis + rank where axis is negative; InvalidArgument ("`what` is 3, expected -2 to 1") where out of range.
absl::StatusOr<int> NormalizeAxis(int64_t axis, int rank, absl::string_view what = "axis");

// NumPy's broadcasting of two fully known shapes; InvalidArgument where they do not fit.
absl::StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b);
// The same for partial shapes.
absl::StatusOr<PartialShape> BroadcastShapes(const PartialShape& a, const PartialShape& b);

}  // namespace sluice
