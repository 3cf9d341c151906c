// XDR (RFC 4506) over memory: a sticky-error reader and writer.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace gatehouse::rpc {

/// Bytes: a read-only view of wire bytes; never owns.
using Bytes = std::span<const std::uint8_t>;

/// padded: `n` rounded up to XDR's unit of four bytes (RFC 4506 section 3). Valid for n <= 2^32-4.
constexpr std::size_t padded(std::size_t n) {
  return (n + 3) & ~std::size_t{3};
}

/// big_endian: `v` as XDR has it in memory, and back.
constexpr std::uint32_t big_endian(std::uint32_t v) {
  return std::endian::native == std::endian::little ? __builtin_bswap32(v) : v;
}

/// copy_bytes: one memmove, where std::ranges::copy of spans may be a loop over their bytes. `out` has room for `in`,
/// and may overlap it. Returns what of `out` stands behind the copy.
inline std::span<std::uint8_t> copy_bytes(Bytes in, std::span<std::uint8_t> out) {
  if (!in.empty()) std::memmove(out.data(), in.data(), in.size());
  return out.subspan(in.size());
}

/// XdrReader: walks a byte view and never past its end. The first read that does not fit makes the reader bad for
/// good; every later read yields zero or an empty view. Read a whole message, then ask `ok()` once. Allocates
/// nothing; copies of a reader are independent cursors. Not for use by two threads at once.
class XdrReader {
 public:
  explicit XdrReader(Bytes in) : rest_(in) {}

  /// ok: whether everything read so far was there.
  [[nodiscard]] bool ok() const { return ok_; }
  /// rest: what has not been read; empty when the reader is bad.
  [[nodiscard]] Bytes rest() const { return rest_; }
  /// at_end: all was well and nothing is left over.
  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

  /// u32: an unsigned integer (RFC 4506 section 4.2); 0 when bad.
  std::uint32_t u32() {
    const Bytes b = take(4);
    if (b.empty()) return 0;
    std::uint32_t v = 0;
    std::memcpy(&v, b.data(), 4);
    return big_endian(v);
  }

  /// opaque: variable-length opaque of at most `max` bytes (RFC 4506 section 4.10), without its padding. The declared
  /// length is compared with `max` and with what is there before anything is taken.
  Bytes opaque(std::uint32_t max) {
    const std::uint32_t n = u32();
    if (n > max) {
      fail();
      return {};
    }
    return fixed(n);
  }

  /// fixed: fixed-length opaque (RFC 4506 section 4.9), without its padding.
  Bytes fixed(std::uint32_t n) {
    const Bytes whole = take(padded(n));
    return ok_ ? whole.first(n) : Bytes{};
  }

  /// text: as `opaque`, seen as characters. The bytes are the peer's: escape them before they are shown.
  std::string_view text(std::uint32_t max) {
    const Bytes b = opaque(max);
    return {reinterpret_cast<const char*>(b.data()), b.size()};
  }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  // A bad reader has no rest.
  Bytes take(std::size_t n) {
    if (n > rest_.size()) {
      fail();
      return {};
    }
    const Bytes out = rest_.first(n);
    rest_ = rest_.subspan(n);
    return out;
  }

  Bytes rest_;
  bool ok_ = true;
};

/// XdrWriter: encodes into memory of the caller. The first write that does not fit makes the writer bad for good and
/// writes nothing; encode a whole message, then ask `ok()` once. Allocates nothing.
class XdrWriter {
 public:
  explicit XdrWriter(std::span<std::uint8_t> out) : out_(out) {}

  /// ok: whether everything written so far did fit.
  [[nodiscard]] bool ok() const { return ok_; }
  /// size: bytes written.
  [[nodiscard]] std::size_t size() const { return at_; }
  /// written: view of what was written.
  [[nodiscard]] Bytes written() const { return Bytes{out_.data(), at_}; }

  void u32(std::uint32_t v) {
    if (!fits(4)) return;
    v = big_endian(v);
    std::memcpy(out_.data() + at_, &v, 4);
    at_ += 4;
  }

  /// opaque: length, bytes and zero padding.
  void opaque(Bytes b) {
    u32(static_cast<std::uint32_t>(b.size()));
    raw(b);
    const std::size_t pad = padded(b.size()) - b.size();
    static constexpr std::uint8_t kZero[3] = {};
    raw(Bytes{kZero, pad});
  }

  void text(std::string_view s) { opaque(Bytes{reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}); }

  /// raw: bytes as they are, no length, no padding.
  void raw(Bytes b) {
    if (b.empty() || !fits(b.size())) return;
    std::memcpy(out_.data() + at_, b.data(), b.size());
    at_ += b.size();
  }

 private:
  bool fits(std::size_t n) { return ok_ = ok_ && n <= out_.size() - at_; }

  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace gatehouse::rpc
