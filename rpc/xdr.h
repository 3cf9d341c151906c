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
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | std::uint32_t{b[3]};
  }

  /// opaque: variable-length opaque of at most `max` bytes (RFC 4506 section 4.10), without its padding. The declared
  /// length is compared with `max` and with what is there before anything is taken.
  Bytes opaque(std::uint32_t max) {
    const std::uint32_t n = u32();
    if (n > max) {
      fail();
      return {};
    }
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
  Bytes take(std::size_t n) {
    if (!ok_ || n > rest_.size()) {
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
    if constexpr (std::endian::native == std::endian::little) v = __builtin_bswap32(v);
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
