#include "kernels/cpu/strided_copy.h"

#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/elements.h"
#include "kernels/cpu/transpose_block.h"

namespace sluice::cpu {
namespace {

// Elements that are worth a thread of their own.
constexpr int64_t kGrain = 1 << 14;

// Walks the leading `rank` dimensions of a copy in row-major order, keeping both positions.
class Odometer {
 public:
  Odometer(const StridedCopy& copy, int rank, int64_t start)
      : copy_(copy), rank_(rank), from(copy.from_offset), to(copy.to_offset) {
    for (int d = rank - 1; d >= 0; --d) {
      index_[d] = start % copy.dims[d];
      start /= copy.dims[d];
      from += index_[d] * copy.from_strides[d];
      to += index_[d] * copy.to_strides[d];
    }
  }
  void Next() {
    for (int d = rank_ - 1; d >= 0; --d) {
      from += copy_.from_strides[d];
      to += copy_.to_strides[d];
      if (++index_[d] < copy_.dims[d]) return;
      from -= copy_.dims[d] * copy_.from_strides[d];
      to -= copy_.dims[d] * copy_.to_strides[d];
      index_[d] = 0;
    }
  }

 private:
  const StridedCopy& copy_;
  const int rank_;
  int64_t index_[kMaxRank];

 public:
  int64_t from;
  int64_t to;
};

int64_t Product(const Dims& dims, size_t count) {
  int64_t product = 1;
  for (size_t i = 0; i < count; ++i) product *= dims[i];
  return product;
}

// Row by row. `kContiguous`: both rows are dense.
template <class T, bool kContiguous>
void CopyRows(const StridedCopy& copy, const T* from, T* to, int threads) {
  const int outer_rank = static_cast<int>(copy.dims.size()) - 1;
  const int64_t length = copy.dims.back();
  const int64_t from_stride = copy.from_strides.back(), to_stride = copy.to_strides.back();
  const int64_t total = Product(copy.dims, copy.dims.size());
  ParallelFor(threads, total, kGrain, [&](int64_t begin, int64_t end) {
    Odometer at(copy, outer_rank, begin / length);
    int64_t first = begin % length;
    for (int64_t done = begin; done < end; at.Next(), first = 0) {
      const int64_t n = std::min(length - first, end - done);
      const T* source = from + at.from + first * from_stride;
      T* target = to + at.to + first * to_stride;
      if (kContiguous) {
        CopyElements(source, target, n);
      } else {
        for (int64_t i = 0; i < n; ++i) target[i * to_stride] = source[i * from_stride];
      }
      done += n;
    }
  });
}

// The last two dimensions are a matrix that lies the other way round in `from`: in tiles of a cache line by a
// few.
template <class T>
void CopyTransposed(const StridedCopy& copy, const T* from, T* to, int threads) {
  const int outer_rank = static_cast<int>(copy.dims.size()) - 2;
  const int64_t rows = copy.dims[outer_rank], columns = copy.dims[outer_rank + 1];
  const int64_t from_pitch = copy.from_strides[outer_rank + 1], to_pitch = copy.to_strides[outer_rank];
  // Reading goes along rows (a cache line of `from`), writing along columns; where one of the two is short,
  // the other takes all the room.
  const int64_t row_tile = columns < 8 ? 2048 : std::max<int64_t>(64 / sizeof(T), 1);
  const int64_t column_tile = rows < 8 ? 2048 : 256;
  const int64_t row_tiles = (rows + row_tile - 1) / row_tile;
  const int64_t column_tiles = (columns + column_tile - 1) / column_tile;
  const int64_t tiles = row_tiles * column_tiles;
  const int64_t outer = Product(copy.dims, outer_rank);
  const int64_t tile_elements = std::min(rows, row_tile) * std::min(columns, column_tile);
  ParallelFor(threads, outer * tiles, std::max<int64_t>(kGrain / tile_elements, 1), [&](int64_t begin, int64_t end) {
    Odometer at(copy, outer_rank, begin / tiles);
    int64_t tile = begin % tiles;
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t row = tile / column_tiles * row_tile, column = tile % column_tiles * column_tile;
      TransposeBlock(from + at.from + row + column * from_pitch, from_pitch, to + at.to + row * to_pitch + column,
                     to_pitch, std::min(row_tile, rows - row), std::min(column_tile, columns - column));
      if (++tile == tiles) {
        tile = 0;
        at.Next();
      }
    }
  });
}

// Drops dimensions of size 1 and merges neighbours that are one run on both sides.
StridedCopy Simplify(const StridedCopy& copy) {
  StridedCopy simple;
  simple.from_offset = copy.from_offset;
  simple.to_offset = copy.to_offset;
  for (size_t i = 0; i < copy.dims.size(); ++i) {
    if (copy.dims[i] == 1) continue;
    if (!simple.dims.empty() && simple.from_strides.back() == copy.from_strides[i] * copy.dims[i] &&
        simple.to_strides.back() == copy.to_strides[i] * copy.dims[i]) {
      simple.dims.back() *= copy.dims[i];
      simple.from_strides.back() = copy.from_strides[i];
      simple.to_strides.back() = copy.to_strides[i];
      continue;
    }
    simple.dims.push_back(copy.dims[i]);
    simple.from_strides.push_back(copy.from_strides[i]);
    simple.to_strides.push_back(copy.to_strides[i]);
  }
  return simple;
}

// Moves dimension `d` to just before the last one.
void MakeSecondToLast(StridedCopy& copy, int d) {
  for (Dims* list : {&copy.dims, &copy.from_strides, &copy.to_strides})
    std::rotate(list->begin() + d, list->begin() + d + 1, list->end() - 1);
}

}  // namespace

Dims RowMajorStrides(absl::Span<const int64_t> dims) {
  Dims strides(dims.size());
  int64_t stride = 1;
  for (int i = static_cast<int>(dims.size()) - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= std::max<int64_t>(dims[i], 1);
  }
  return strides;
}

template <class T>
Copier::RunFn Copier::Choose(StridedCopy& copy) {
  if (copy.dims.empty()) {
    return [](const Copier& c, const void* from, void* to, int) {
      static_cast<T*>(to)[c.copy_.to_offset] = static_cast<const T*>(from)[c.copy_.from_offset];
    };
  }
  const int last = static_cast<int>(copy.dims.size()) - 1;
  if (copy.to_strides[last] == 1 && copy.from_strides[last] == 1) {
    return [](const Copier& c, const void* from, void* to, int threads) {
      CopyRows<T, true>(c.copy_, static_cast<const T*>(from), static_cast<T*>(to), threads);
    };
  }
  auto dense = std::find(copy.from_strides.begin(), copy.from_strides.end(), 1);
  if (copy.to_strides[last] == 1 && dense != copy.from_strides.end()) {
    MakeSecondToLast(copy, static_cast<int>(dense - copy.from_strides.begin()));
    return [](const Copier& c, const void* from, void* to, int threads) {
      CopyTransposed<T>(c.copy_, static_cast<const T*>(from), static_cast<T*>(to), threads);
    };
  }
  return [](const Copier& c, const void* from, void* to, int threads) {
    CopyRows<T, false>(c.copy_, static_cast<const T*>(from), static_cast<T*>(to), threads);
  };
}

Copier::Copier(DataType dtype, const StridedCopy& copy, const CopyBackend* backend)
    : backend_(backend), element_(DataTypeSize(dtype)) {
  if (std::find(copy.dims.begin(), copy.dims.end(), 0) != copy.dims.end()) {
    copy_.dims = {0};
    copy_.from_strides = copy_.to_strides = {1};
    return;
  }
  copy_ = Simplify(copy);
  is_empty_ = false;
  if (backend_ != nullptr) return;
  VisitStorage(dtype, [&]<class T>(TypeTag<T>) { run_ = Choose<T>(copy_); });
}

}  // namespace sluice::cpu
