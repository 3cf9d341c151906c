// Arguments and results under integrity and privacy (RFC 2203 sections 5.3.2.2, 5.3.2.3 and 5.3.3.4), and verifiers.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "gss/crypto/protection.h"
#include "rpc/constants.h"
#include "rpc/gss_cred.h"

namespace gatehouse::gss {

/// BodyFault: why arguments are not taken; the answer to each is GARBAGE_ARGS with a valid verifier.
enum class BodyFault : std::uint8_t {
  malformed,       ///< XDR: lengths, padding, bytes left over, a databody without a sequence number
  bad_token,       ///< the checksum or the wrap token is not the peer's
  wrong_sequence,  ///< the number inside differs from the credential's
};
/// body_fault_word: for logs, e.g. "bad-token".
std::string_view body_fault_word(BodyFault f);

/// decode_args: checks and opens, in place, the arguments of a call: `body` is everything behind the call header.
/// Returns the procedure's arguments as a view of `body`. For service none it is `body` itself.
std::expected<std::span<std::uint8_t>, BodyFault> decode_args(rpc::GssService service, std::uint32_t seq,
                                                              std::span<std::uint8_t> body, Protection& protection);

/// ResultRoom: bytes that protect_results needs around the results: all of the body of a reply behind its accept_stat.
struct ResultRoom {
  std::size_t head = 0;
  std::size_t tail = 0;  ///< the most; depends on the results' length only through padding
};
/// kMaxResultHead, kMaxResultTail: the largest of all services and enctypes.
inline constexpr std::size_t kMaxResultHead = 4 + Protection::kMaxWrapHead + 4;
inline constexpr std::size_t kMaxResultTail = 4 + Protection::kMaxWrapTail + 3;

/// result_room: for `results` bytes (a multiple of four) under `service`, which is integrity or privacy.
ResultRoom result_room(rpc::GssService service, std::size_t results, const Protection& protection);

/// protect_results: makes the body of a reply in place: `buffer` is room.head bytes of room, the results, room.tail
/// bytes of room, with result_room()'s numbers; afterwards all of it is the body. `seq` is the request's, `token_seq`
/// the token's. False: OpenSSL failed, or the buffer is no such thing (results not in whole words): nothing may be
/// sent.
[[nodiscard]] bool protect_results(rpc::GssService service, std::uint32_t seq, std::uint64_t token_seq,
                                   std::span<std::uint8_t> buffer, Protection& protection);

/// Verifier: the body of a reply's verifier: a MIC token.
struct Verifier {
  std::array<std::uint8_t, Protection::kMaxMic> bytes;
  std::size_t size = 0;
  [[nodiscard]] rpc::Bytes view() const { return {bytes.data(), size}; }
};
/// kNoVerifier: the denial of a request when the verifier of its reply cannot be made.
//= rfc2203#5.3.3.4.1
//# a reply whose verifier cannot be made is denied with RPCSEC_GSS_CTXPROBLEM
inline constexpr rpc::AuthStat kNoVerifier = rpc::AuthStat::gss_ctxproblem;
/// make_verifier: the MIC over `number` as four bytes: the sequence number of a request, or the window of an INIT
/// reply. False: OpenSSL failed.
[[nodiscard]] bool make_verifier(std::uint32_t number, std::uint64_t token_seq, Protection& protection, Verifier& out);

}  // namespace gatehouse::gss
