#include "kernels/cpu/strided_copy.h"

#include <gtest/gtest.h>
#include <numeric>
#include <random>

#include "core/tensor.h"
#include "kernels/cpu/elements.h"

namespace sluice::cpu {
namespace {

// Element by element.
template <class T>
void Naive(const StridedCopy& copy, const T* from, T* to) {
  int64_t n = 1;
  for (int64_t d : copy.dims) n *= d;
  for (int64_t k = 0; k < n; ++k) {
    int64_t a = copy.from_offset, b = copy.to_offset, rest = k;
    for (int d = static_cast<int>(copy.dims.size()) - 1; d >= 0; --d) {
      a += rest % copy.dims[d] * copy.from_strides[d];
      b += rest % copy.dims[d] * copy.to_strides[d];
      rest /= copy.dims[d];
    }
    to[b] = from[a];
  }
}

template <class T>
T Make(int64_t i) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::to_string(i);
  } else if constexpr (std::is_same_v<T, Bytes16>) {
    return Bytes16{{static_cast<uint64_t>(i), static_cast<uint64_t>(~i)}};
  } else {
    return static_cast<T>(i);
  }
}
template <class T>
bool Same(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, Bytes16>) {
    return a.words[0] == b.words[0] && a.words[1] == b.words[1];
  } else {
    return a == b;
  }
}

// Random permutations with some strides negated or made 0, larger pitches on the output's side, by 1 and 2
// threads.
template <class T>
void CheckRandomCopies(DataType dtype, int repetitions) {
  std::mt19937 random(7);
  auto draw = [&](int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random); };
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    const int rank = static_cast<int>(draw(0, 5));
    StridedCopy copy;
    Dims from_dims, to_pitch;
    std::vector<int> order(rank);
    std::iota(order.begin(), order.end(), 0);
    if (repetition % 3 != 0) std::shuffle(order.begin(), order.end(), random);
    for (int i = 0; i < rank; ++i) from_dims.push_back(draw(0, 40) == 0 ? 0 : draw(1, rank > 3 ? 9 : 45));
    const Dims strides = RowMajorStrides(from_dims);
    int64_t from_size = 1, to_size = 1;
    for (int64_t d : from_dims) from_size *= std::max<int64_t>(d, 1);
    for (int i : order) {
      copy.dims.push_back(from_dims[i]);
      int64_t stride = strides[i];
      if (from_dims[i] > 0 && draw(0, 7) == 0) {
        copy.from_offset += (from_dims[i] - 1) * stride;
        stride = -stride;
      } else if (draw(0, 9) == 0) {
        stride = 0;
      }
      copy.from_strides.push_back(stride);
      to_pitch.push_back(std::max<int64_t>(from_dims[i], 1) + (draw(0, 3) == 0 ? draw(0, 3) : 0));
      to_size *= to_pitch.back();
    }
    copy.to_strides = RowMajorStrides(to_pitch);
    std::vector<T> from(from_size), expected(to_size), actual(to_size);
    for (int64_t i = 0; i < from_size; ++i) from[i] = Make<T>(i + 1);
    Naive(copy, from.data(), expected.data());
    RunContext ctx;
    ASSERT_TRUE(Copier(dtype, copy).Run(ctx, from.data(), actual.data(), 1 + repetition % 2).ok());
    for (int64_t i = 0; i < to_size; ++i) {
      ASSERT_TRUE(Same(actual[i], expected[i]))
          << DataTypeName(dtype) << " repetition " << repetition << " element " << i;
    }
  }
}

TEST(StridedCopyTest, EqualsTheNaiveCopy) {
  CheckRandomCopies<uint8_t>(DataType::kBool, 300);
  CheckRandomCopies<uint16_t>(DataType::kHalf, 300);
  CheckRandomCopies<uint32_t>(DataType::kFloat, 1000);
  CheckRandomCopies<uint64_t>(DataType::kDouble, 300);
  CheckRandomCopies<Bytes16>(DataType::kComplex128, 300);
  CheckRandomCopies<std::string>(DataType::kString, 100);
}

TEST(StridedCopyTest, TransposesMatricesOfEveryShape) {
  for (int64_t rows : {1, 3, 7, 8, 17, 64, 300, 2500}) {
    for (int64_t columns : {1, 3, 8, 9, 31, 257, 600}) {
      std::vector<uint32_t> from(rows * columns), expected(from.size()), actual(from.size());
      std::iota(from.begin(), from.end(), 0u);
      StridedCopy copy{{columns, rows}, {1, columns}, {rows, 1}, 0, 0};
      Naive(copy, from.data(), expected.data());
      RunContext ctx;
      ASSERT_TRUE(Copier(DataType::kInt32, copy).Run(ctx, from.data(), actual.data(), 2).ok());
      ASSERT_EQ(actual, expected) << rows << " x " << columns;
    }
  }
}

TEST(StridedCopyTest, KnowsAWholeCopy) {
  EXPECT_TRUE(Copier(DataType::kFloat, {{2, 1, 3}, {3, 3, 1}, {3, 7, 1}, 0, 0}).IsWhole());
  EXPECT_FALSE(Copier(DataType::kFloat, {{2, 1, 3}, {3, 3, 1}, {3, 7, 1}, 1, 0}).IsWhole());
  EXPECT_FALSE(Copier(DataType::kFloat, {{2, 3}, {4, 1}, {3, 1}, 0, 0}).IsWhole());
}

}  // namespace
}  // namespace sluice::cpu
