// Per-message tokens of RFC 4121 from a context's key, on OpenSSL.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string_view>

#include "gss/crypto/session_key.h"

namespace gatehouse::gss {

/// TokenFault: why a token of the peer is not taken.
enum class TokenFault : std::uint8_t {
  defective,        ///< not a token of RFC 4121: id, filler, lengths, EC, or the inner header differs from the outer
  wrong_direction,  ///< made by our own side: a reflected token
  not_sealed,       ///< a wrap token without confidentiality
  bad_mic,          ///< the checksum does not match
};
std::string_view token_fault_word(TokenFault f);

/// Protection: makes and checks the tokens of one context (RFC 4121 section 4.2; keys of RFC 3962 and RFC 8009) with
/// ciphers and MACs that are keyed once. Belongs to one thread; several of one context may work side by side, each on
/// its thread. Keys are wiped when it dies. Per message nothing is fetched and nothing is allocated here.
class Protection {
 public:
  /// Role: which side of the context this is. The gateway is the acceptor; tests and load generators initiate.
  enum class Role : std::uint8_t { acceptor, initiator };

  /// make: derives the keys; null when OpenSSL refuses (no memory, an algorithm disabled by the host's policy).
  static std::unique_ptr<Protection> make(const SessionKey& key, Role role);
  ~Protection();
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;

  /// kTokenHeader: bytes of a token's header. kMaxMic, kMaxWrapHead, kMaxWrapTail: the largest of all enctypes.
  static constexpr std::size_t kTokenHeader = 16;
  static constexpr std::size_t kMaxMic = 16 + 24;
  static constexpr std::size_t kMaxWrapHead = 16 + 16;
  static constexpr std::size_t kMaxWrapTail = 16 + 24;

  /// mic_size: bytes of a MIC token: 28, 28, 32 or 40.
  [[nodiscard]] std::size_t mic_size() const;
  /// wrap_head: bytes of a sealed wrap token before the plaintext's place: header and confounder.
  [[nodiscard]] std::size_t wrap_head() const { return kMaxWrapHead; }
  /// wrap_tail: bytes after it: the encrypted copy of the header and the checksum.
  [[nodiscard]] std::size_t wrap_tail() const;

  /// get_mic: writes the MIC token of `message` with sequence number `seq` to `out`, exactly mic_size() bytes. False:
  /// OpenSSL failed.
  [[nodiscard]] bool get_mic(rpc::Bytes message, std::uint64_t seq, std::span<std::uint8_t> out);

  /// verify_mic: checks the peer's MIC token of `message`; compares in constant time. Its sequence number is not looked
  /// at: RPCSEC_GSS has a window of its own.
  [[nodiscard]] std::expected<void, TokenFault> verify_mic(rpc::Bytes message, rpc::Bytes token);

  /// wrap: seals in place. `buffer` is wrap_head() bytes of room, the plaintext, and exactly wrap_tail() bytes of room;
  /// afterwards it is the token (EC = 0, RRC = 0). False: OpenSSL failed, and the buffer must not be sent.
  [[nodiscard]] bool wrap(std::span<std::uint8_t> buffer, std::uint64_t seq);

  /// unwrap: opens the peer's sealed token in place and returns the plaintext's place in it. EC and RRC are taken for
  /// hostile; nothing of the plaintext may be used when it fails, and the token's bytes are then destroyed.
  [[nodiscard]] std::expected<std::span<std::uint8_t>, TokenFault> unwrap(std::span<std::uint8_t> token);

 private:
  struct Keys;
  explicit Protection(std::unique_ptr<Keys> keys);
  std::unique_ptr<Keys> keys_;
};

}  // namespace gatehouse::gss
