// Headers of RFC 4121 tokens (section 4.2.6) and how they are checked.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "gss/crypto/protection.h"

namespace gatehouse::gss {

/// TokenKind: TOK_ID of the tokens that carry messages.
enum class TokenKind : std::uint16_t { mic = 0x0404, wrap = 0x0504 };

/// Flags of RFC 4121 section 4.2.2.
inline constexpr std::uint8_t kSentByAcceptor = 1;
inline constexpr std::uint8_t kSealed = 2;
inline constexpr std::uint8_t kAcceptorSubkey = 4;

using TokenHeader = std::array<std::uint8_t, Protection::kTokenHeader>;

/// make_header: a MIC's header, or a wrap token's with EC = 0 and RRC = 0.
TokenHeader make_header(TokenKind kind, std::uint8_t flags, std::uint64_t seq);

/// check_header: id, filler and direction of a token of any length. `peer` is kSentByAcceptor or 0: what the peer's
/// tokens say. Flags that RFC 4121 does not define, and AcceptorSubkey, are not looked at.
std::expected<void, TokenFault> check_header(rpc::Bytes token, TokenKind kind, std::uint8_t peer);

/// sealed: whether a wrap token says that it is confidential.
bool sealed(std::span<const std::uint8_t, Protection::kTokenHeader> header);

/// extra_count, rotation: EC and RRC of a wrap token's header.
std::uint16_t extra_count(std::span<const std::uint8_t, Protection::kTokenHeader> header);
std::uint16_t rotation(std::span<const std::uint8_t, Protection::kTokenHeader> header);

/// same_header: whether the sealed copy of a wrap token's header says what the open one says; RRC is not part of it.
bool same_header(std::span<const std::uint8_t, Protection::kTokenHeader> open,
                 std::span<const std::uint8_t, Protection::kTokenHeader> sealed);

/// rotate_left: undoes RRC in place. Any `count`; linear in `bytes`, no memory but a scratch of fixed size.
void rotate_left(std::span<std::uint8_t> bytes, std::size_t count);

}  // namespace gatehouse::gss
