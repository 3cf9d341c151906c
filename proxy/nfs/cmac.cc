#include "proxy/nfs/cmac.h"

#include <openssl/crypto.h>

#include <cstring>

namespace gatehouse::nfs {
namespace {

// RFC 4493 section 2.3: times x in GF(2^128).
AesBlock doubled(const AesBlock& b) {
  AesBlock out;
  for (std::size_t i = 0; i < b.size(); ++i)
    out[i] = static_cast<std::uint8_t>(b[i] << 1 | (i + 1 < b.size() ? b[i + 1] >> 7 : 0));
  if ((b[0] & 0x80U) != 0) out[15] ^= 0x87U;
  return out;
}

void mix(AesBlock& into, const std::uint8_t* from, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) into[i] ^= from[i];
}

}  // namespace

Cmac::~Cmac() {
  OPENSSL_cleanse(whole_.data(), whole_.size());
  OPENSSL_cleanse(padded_.data(), padded_.size());
}

bool Cmac::set_key(rpc::Bytes key, AesCode code) {
  if (!aes_.set_key(key, code)) return false;
  whole_ = doubled(aes_.encrypt({}));
  padded_ = doubled(whole_);
  return true;
}

AesBlock Cmac::of(rpc::Bytes message) const {
  AesBlock state{};
  for (; message.size() > state.size(); message = message.subspan(state.size())) {
    mix(state, message.data(), state.size());
    state = aes_.encrypt(state);
  }
  mix(state, message.data(), message.size());
  if (message.size() < state.size()) state[message.size()] ^= 0x80U;
  const AesBlock& last = message.size() == state.size() ? whole_ : padded_;
  mix(state, last.data(), last.size());
  return aes_.encrypt(state);
}

}  // namespace gatehouse::nfs
