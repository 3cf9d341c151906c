// What the fuzz targets share: a check that stops the run, and cut positions that depend on the input alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "rpc/xdr.h"

namespace gatehouse::fuzz {

/// expect: stops the process, so that the fuzzer keeps the input, when a property does not hold.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property does not hold: %s\n", property);
  std::abort();
}

/// Dice: numbers that look random and depend on nothing but the input, so that a finding happens again. Xorshift
/// seeded with an FNV-1a hash.
class Dice {
 public:
  explicit Dice(rpc::Bytes input) {
    for (const std::uint8_t b : input) state_ = (state_ ^ b) * 0x100000001b3U;
    if (state_ == 0) state_ = 1;
  }

  /// below: a number of 0 .. n-1; n is not 0.
  std::size_t below(std::size_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::size_t>(state_ % n);
  }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

/// inside: whether `view` lies within `whole`, or is empty.
inline bool inside(rpc::Bytes view, rpc::Bytes whole) {
  return view.empty() || (view.data() >= whole.data() && view.data() + view.size() <= whole.data() + whole.size());
}

}  // namespace gatehouse::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
