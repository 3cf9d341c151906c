#include "gss/crypto/token.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gatehouse::gss {

namespace {

constexpr std::uint8_t kFiller = 0xff;
constexpr std::size_t kFlagsAt = 2, kFillerAt = 3, kEcAt = 4, kRrcAt = 6, kSeqAt = 8;

std::uint16_t be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}

void put_be16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v);
}

}  // namespace

TokenHeader make_header(TokenKind kind, std::uint8_t flags, std::uint64_t seq) {
  TokenHeader h{};
  put_be16(h.data(), std::to_underlying(kind));
  h[kFlagsAt] = flags;
  const std::size_t filled = kind == TokenKind::mic ? kSeqAt : kEcAt;
  std::fill(h.begin() + kFillerAt, h.begin() + static_cast<std::ptrdiff_t>(filled), kFiller);
  for (std::size_t i = 0; i < 8; ++i) h[kSeqAt + i] = static_cast<std::uint8_t>(seq >> (56 - 8 * i));
  return h;
}

//= rfc4121#4.2.6
//# a token begins with its TOK_ID, its flags and filler of 0xFF
//= rfc4121#4.2.2
//# a token whose SentByAcceptor flag is not the peer's role is refused; undefined flags are ignored
std::expected<void, TokenFault> check_header(rpc::Bytes token, TokenKind kind, std::uint8_t peer) {
  if (token.size() < Protection::kTokenHeader || be16(token.data()) != std::to_underlying(kind))
    return std::unexpected(TokenFault::defective);
  const std::size_t filled = kind == TokenKind::mic ? kSeqAt : kEcAt;
  for (const std::uint8_t b : token.subspan(kFillerAt, filled - kFillerAt))
    if (b != kFiller) return std::unexpected(TokenFault::defective);
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
