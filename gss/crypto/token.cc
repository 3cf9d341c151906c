#include "gss/crypto/token.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace gatehouse::gss {

namespace {

constexpr std::size_t kFlagsAt = 2, kEcAt = 4, kRrcAt = 6, kSeqAt = 8;

std::uint16_t be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}

std::uint64_t be64(const std::uint8_t* p) {
  std::uint64_t v = 0;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::little) v = __builtin_bswap64(v);
  return v;
}

void put_be64(std::uint8_t* p, std::uint64_t v) {
  if constexpr (std::endian::native == std::endian::little) v = __builtin_bswap64(v);
  std::memcpy(p, &v, sizeof v);
}

// A header's first eight bytes but for the flags: TOK_ID, and filler up to EC and RRC or, in a MIC, to SND_SEQ.
constexpr std::uint64_t first_word(TokenKind kind) {
  return std::uint64_t{std::to_underlying(kind)} << 48 | (kind == TokenKind::mic ? 0xffffffffff : 0xff00000000);
}

constexpr std::uint64_t fixed_bits(TokenKind kind) {
  return kind == TokenKind::mic ? 0xffff00ffffffffff : 0xffff00ff00000000;
}

}  // namespace

// In two words: what hashes the header next reads it in large pieces, and would wait for bytes that were written
// singly.
TokenHeader make_header(TokenKind kind, std::uint8_t flags, std::uint64_t seq) {
  TokenHeader h;
  put_be64(h.data(), first_word(kind) | std::uint64_t{flags} << 40);
  put_be64(h.data() + kSeqAt, seq);
  return h;
}

//= rfc4121#4.2.6
//# a token begins with its TOK_ID, its flags and filler of 0xFF
//= rfc4121#4.2.2
//# a token whose SentByAcceptor flag is not the peer's role is refused; undefined flags are ignored
std::expected<void, TokenFault> check_header(rpc::Bytes token, TokenKind kind, std::uint8_t peer) {
  if (token.size() < Protection::kTokenHeader || (be64(token.data()) & fixed_bits(kind)) != first_word(kind))
    return std::unexpected(TokenFault::defective);
  if ((token[kFlagsAt] & kSentByAcceptor) != peer) return std::unexpected(TokenFault::wrong_direction);
  return {};
}

bool sealed(std::span<const std::uint8_t, Protection::kTokenHeader> header) {
  return (header[kFlagsAt] & kSealed) != 0;
}

std::uint16_t extra_count(std::span<const std::uint8_t, Protection::kTokenHeader> header) {
  return be16(header.data() + kEcAt);
}

std::uint16_t rotation(std::span<const std::uint8_t, Protection::kTokenHeader> header) {
  return be16(header.data() + kRrcAt);
}

bool same_header(std::span<const std::uint8_t, Protection::kTokenHeader> open,
                 std::span<const std::uint8_t, Protection::kTokenHeader> sealed) {
  return std::memcmp(open.data(), sealed.data(), kRrcAt) == 0 &&
         std::memcmp(open.data() + kSeqAt, sealed.data() + kSeqAt, Protection::kTokenHeader - kSeqAt) == 0;
}

//= rfc4121#4.2.5
//# RRC may be any number: it is taken modulo the length of what follows the header
void rotate_left(std::span<std::uint8_t> bytes, std::size_t count) {
  if (bytes.empty() || count % bytes.size() == 0) return;
  count %= bytes.size();
  std::array<std::uint8_t, 128> scratch;
  // Windows rotates by 28. Such short ways are one move; std::rotate is as linear, and slower.
  if (count <= scratch.size()) {
    std::memcpy(scratch.data(), bytes.data(), count);
    std::memmove(bytes.data(), bytes.data() + count, bytes.size() - count);
    std::memcpy(bytes.data() + bytes.size() - count, scratch.data(), count);
  } else {
    std::ranges::rotate(bytes, bytes.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

}  // namespace gatehouse::gss
