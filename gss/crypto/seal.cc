#include "gss/crypto/seal.h"

#include <openssl/crypto.h>

namespace gatehouse::gss {

namespace {

// Ciphertext stealing wants the last two blocks at once.
constexpr std::size_t kEnd = 2 * kBlock;

//= rfc8009#5
//# the checksum of a sealed message is of the cipher state, which is zero, and the ciphertext
constexpr Block kCipherState{};

bool set_mac_key(Hmac& mac, const Suite& suite, rpc::Bytes key) {
  return mac.set_key(suite.hash, key, suite.encrypt_then_mac ? rpc::Bytes(kCipherState) : rpc::Bytes());
}

}  // namespace

bool Sealer::set_keys(const Suite& suite, const SealKeys& keys, bool stitched) {
  suite_ = &suite;
  if (!cipher_.set_key(keys.encryption) || !set_mac_key(mac_, suite, keys.integrity)) return false;
  if (stitched && Stitch::possible(suite)) stitch_.set_key(suite, keys.encryption);
  return true;
}

// Does the front of the text in one pass, where that is possible; `text` is then the rest.
bool Sealer::begin(std::span<std::uint8_t>& text, Hmac::State& state) {
  cipher_.begin();
  // The hash must stand between two of its blocks, and the cipher state that goes first is not a whole one.
  const std::size_t lead = suite_->encrypt_then_mac ? SHA_CBLOCK - kBlock : 0;
  if (!stitch_.keyed() || text.size() < lead + SHA_CBLOCK + kEnd) return true;
  if (lead != 0) {
    if (!cipher_.more(text.first(lead))) return false;
    mac_.add(state, text.first(lead));
    text = text.subspan(lead);
  }
  text = text.subspan(stitch_.encrypt(text.first(text.size() - kEnd), cipher_.iv(), state));
  return true;
}

//= rfc3961#5.3
//# the checksum of a sealed message is of confounder and plaintext, and goes after the ciphertext
bool Sealer::seal(std::span<std::uint8_t> text, std::span<std::uint8_t> mac) {
  if (text.size() < kBlock) return false;
  Hmac::State state = mac_.begin();
  if (!begin(text, state)) return false;
  if (!suite_->encrypt_then_mac) mac_.add(state, text);
  if (!cipher_.finish(text)) return false;
  if (suite_->encrypt_then_mac) mac_.add(state, text);
  mac_.finish(state, mac);
  return true;
}

bool Opener::set_keys(const Suite& suite, const SealKeys& keys) {
  suite_ = &suite;
  return cipher_.set_key(keys.encryption) && set_mac_key(mac_, suite, keys.integrity);
}

bool Opener::open(std::span<std::uint8_t> text, rpc::Bytes mac) {
  if (text.size() < kBlock) return false;
  return suite_->encrypt_then_mac ? verify_then_decrypt(text, mac) : decrypt_then_verify(text, mac);
}

//= rfc3961#5.3
//# a message whose checksum is wrong is an error and nothing of it is shown
bool Opener::decrypt_then_verify(std::span<std::uint8_t> text, rpc::Bytes mac) {
  Hmac::State state = mac_.begin();
  cipher_.begin();
  const bool decrypted = cipher_.finish(text);
  mac_.add(state, text);
  if (decrypted && mac_.matches(state, mac)) return true;
  OPENSSL_cleanse(text.data(), text.size());
  return false;
}

//= rfc8009#5
//# the checksum of a sealed message is verified before anything of it is decrypted
bool Opener::verify_then_decrypt(std::span<std::uint8_t> text, rpc::Bytes mac) {
  Hmac::State state = mac_.begin();
  mac_.add(state, text);
  if (!mac_.matches(state, mac)) return false;
  cipher_.begin();
  return cipher_.finish(text);
}

}  // namespace gatehouse::gss
