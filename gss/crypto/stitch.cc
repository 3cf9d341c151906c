#include "gss/crypto/stitch.h"

#include <openssl/crypto.h>

#include "gss/crypto/stitch_x86.h"

namespace gatehouse::gss {

namespace {

// Adds to the count of bits that OpenSSL keeps in two words.
template <class Context>
void count(Context& c, std::size_t bytes) {
  const std::uint64_t bits = (std::uint64_t{c.Nh} << 32 | c.Nl) + bytes * 8;
  c.Nl = static_cast<std::uint32_t>(bits);
  c.Nh = static_cast<std::uint32_t>(bits >> 32);
}

}  // namespace

Stitch::~Stitch() {
  OPENSSL_cleanse(round_keys_.data(), round_keys_.size());
}

bool Stitch::possible(const Suite& suite) {
  static const bool kProcessor = x86::possible();
  return kProcessor && suite.hash != Hash::sha384;
}

void Stitch::set_key(const Suite& suite, rpc::Bytes key) {
  x86::expand_key(key, round_keys_);
  suite_ = &suite;
}

std::size_t Stitch::encrypt(std::span<std::uint8_t> text, Block& iv, Hmac::State& state) const {
  const std::size_t bytes = text.size() / SHA_CBLOCK * SHA_CBLOCK;
  if (bytes == 0) return 0;
  const x86::Pass pass{round_keys_, suite_->key, text.first(bytes), iv};
  if (suite_->hash == Hash::sha1) {
    SHA_CTX& c = state.sha1;
    std::array<std::uint32_t, 5> h{c.h0, c.h1, c.h2, c.h3, c.h4};
    x86::encrypt_and_sha1(pass, h);
    c.h0 = h[0], c.h1 = h[1], c.h2 = h[2], c.h3 = h[3], c.h4 = h[4];
    count(c, bytes);
  } else {
    x86::encrypt_then_sha256(pass, std::span<std::uint32_t, 8>(state.sha256.h));
    count(state.sha256, bytes);
  }
  return bytes;
}

}  // namespace gatehouse::gss
