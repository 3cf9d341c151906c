#include "gss/crypto/protection.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "gss/crypto/confounder.h"
#include "gss/crypto/derive.h"
#include "gss/crypto/hmac.h"
#include "gss/crypto/seal.h"
#include "gss/crypto/token.h"

namespace gatehouse::gss {

namespace {

//= rfc4121#2
//# key usage numbers: 22 and 23 seal and sign what the acceptor makes, 24 and 25 what the initiator makes
struct Usages {
  std::uint32_t seal;
  std::uint32_t sign;
};
constexpr Usages kAcceptorMakes{22, 23};
constexpr Usages kInitiatorMakes{24, 25};

struct Secret {
  std::array<std::uint8_t, SessionKey::kMaxBytes> bytes;
  std::span<std::uint8_t> of(const Suite& suite, KeyKind kind) {
    return std::span(bytes).first(derived_size(suite, kind));
  }
  ~Secret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

//= rfc4121#4.2.4
//# the header sealed in a wrap token is compared with the open one, RRC apart, before the plaintext is used
//= rfc4121#4.2.3
//# EC is the number of filler bytes behind the plaintext: the open one, which anybody can change, is never relied on
std::expected<void, TokenFault> check_sealed_copy(std::span<const std::uint8_t, Protection::kTokenHeader> open,
                                                  std::span<const std::uint8_t> text) {
  const std::size_t most = text.size() - kBlock - Protection::kTokenHeader;
  if (!same_header(open, text.last<Protection::kTokenHeader>()) || extra_count(open) > most)
    return std::unexpected(TokenFault::defective);
  return {};
}

}  // namespace

struct Protection::Keys {
  const Suite* suite = nullptr;
  std::uint8_t own_flags = 0;
  std::uint8_t peer_direction = 0;
  Hmac sign, verify;
  Sealer sealer;
  Opener opener;

  bool set(const SessionKey& key, Role role);
};

std::string_view token_fault_word(TokenFault f) {
  switch (f) {
    case TokenFault::defective: return "defective";
    case TokenFault::wrong_direction: return "wrong_direction";
    case TokenFault::not_sealed: return "not_sealed";
    case TokenFault::bad_mic: return "bad_mic";
  }
  return "?";
}

bool Protection::Keys::set(const SessionKey& key, Role role) {
  suite = suite_of(std::to_underlying(key.enctype));
  if (suite == nullptr || key.size != suite->key) return false;
  const bool acceptor = role == Role::acceptor;
  const Usages own = acceptor ? kAcceptorMakes : kInitiatorMakes;
  const Usages peer = acceptor ? kInitiatorMakes : kAcceptorMakes;
  own_flags = static_cast<std::uint8_t>((acceptor ? kSentByAcceptor : 0) | (key.acceptor_subkey ? kAcceptorSubkey : 0));
  peer_direction = acceptor ? 0 : kSentByAcceptor;

  KeyDerivation derivation;
  if (!derivation.set_key(*suite, key.view())) return false;
  const auto sign_key = [&](std::uint32_t usage, Hmac& hmac) {
    Secret kc;
    const auto bytes = kc.of(*suite, KeyKind::checksum);
    return derivation.derive(usage, KeyKind::checksum, bytes) && hmac.set_key(suite->hash, bytes);
  };
  const auto seal_keys = [&](std::uint32_t usage, auto& side) {
    Secret ke, ki;
    const auto encryption = ke.of(*suite, KeyKind::encryption), integrity = ki.of(*suite, KeyKind::integrity);
    return derivation.derive(usage, KeyKind::encryption, encryption) &&
           derivation.derive(usage, KeyKind::integrity, integrity) && side.set_keys(*suite, {encryption, integrity});
  };
  return sign_key(own.sign, sign) && sign_key(peer.sign, verify) && seal_keys(own.seal, sealer) &&
         seal_keys(peer.seal, opener);
}

Protection::Protection(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {}
Protection::~Protection() = default;

std::unique_ptr<Protection> Protection::make(const SessionKey& key, Role role) {
  auto keys = std::make_unique<Keys>();
  if (!keys->set(key, role)) return nullptr;
  return std::unique_ptr<Protection>(new Protection(std::move(keys)));
}

std::size_t Protection::mic_size() const {
  return kTokenHeader + keys_->suite->mac;
}

std::size_t Protection::wrap_tail() const {
  return kTokenHeader + keys_->suite->mac;
}

//= rfc4121#4.2.4
//# a MIC's checksum is of the message followed by the token's header
bool Protection::get_mic(rpc::Bytes message, std::uint64_t seq, std::span<std::uint8_t> out) {
  if (out.size() != mic_size()) return false;
  const TokenHeader header = make_header(TokenKind::mic, keys_->own_flags, seq);
  Hmac::State state = keys_->sign.begin();
  keys_->sign.add(state, message);
  rpc::copy_bytes(header, out);
  keys_->sign.finish(state, out.subspan(kTokenHeader), header);
  return true;
}

std::expected<void, TokenFault> Protection::verify_mic(rpc::Bytes message, rpc::Bytes token) {
  if (const auto header = check_header(token, TokenKind::mic, keys_->peer_direction); !header) return header;
  if (token.size() != mic_size()) return std::unexpected(TokenFault::defective);
  Hmac::State state = keys_->verify.begin();
  keys_->verify.add(state, message);
  if (!keys_->verify.matches(state, token.subspan(kTokenHeader), token.first(kTokenHeader)))
    return std::unexpected(TokenFault::bad_mic);
  return {};
}

//= rfc4121#4.2.1
//# SND_SEQ is a 64-bit number in network order
//= rfc4121#4.2.4
//# a sealed wrap token is its header and the encryption of the plaintext followed by a copy of the header whose RRC is 0
bool Protection::wrap(std::span<std::uint8_t> buffer, std::uint64_t seq) {
  if (buffer.size() < wrap_head() + wrap_tail()) return false;
  const TokenHeader header = make_header(TokenKind::wrap, static_cast<std::uint8_t>(keys_->own_flags | kSealed), seq);
  const auto text = buffer.subspan(kTokenHeader, buffer.size() - mic_size());
  rpc::copy_bytes(header, buffer);
  rpc::copy_bytes(header, text.last<kTokenHeader>());
  return fresh_confounder(text.first<kBlock>()) && keys_->sealer.seal(text, buffer.last(keys_->suite->mac));
}

std::expected<std::span<std::uint8_t>, TokenFault> Protection::unwrap(std::span<std::uint8_t> token) {
  if (const auto header = check_header(token, TokenKind::wrap, keys_->peer_direction); !header)
    return std::unexpected(header.error());
  const auto header = token.first<kTokenHeader>();
  if (!sealed(header)) return std::unexpected(TokenFault::not_sealed);
  if (token.size() < wrap_head() + wrap_tail()) return std::unexpected(TokenFault::defective);

  const auto body = token.subspan(kTokenHeader);
  rotate_left(body, rotation(header));
  const auto text = body.first(body.size() - keys_->suite->mac);
  if (!keys_->opener.open(text, body.last(keys_->suite->mac))) return std::unexpected(TokenFault::bad_mic);
  if (const auto copy = check_sealed_copy(header, text); !copy) {
    OPENSSL_cleanse(text.data(), text.size());
    return std::unexpected(copy.error());
  }
  return text.subspan(kBlock, text.size() - kBlock - kTokenHeader - extra_count(header));
}

}  // namespace gatehouse::gss
