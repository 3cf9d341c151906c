// OpenSSL 3.0 calls AES_encrypt and its kin deprecated; they take a constant key, so that threads may share it, where
// an EVP context belongs to one.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "proxy/nfs/aes.h"

#include <openssl/aes.h>
#include <openssl/crypto.h>

#include "gss/crypto/stitch_x86.h"

#if defined(__x86_64__)
#include <wmmintrin.h>
#define GATEHOUSE_AES __attribute__((target("aes,sse2")))
#endif

namespace gatehouse::nfs {
namespace {

static_assert(sizeof(AES_KEY) <= 256);

const AES_KEY* as_key(const std::array<std::uint8_t, 256>& bytes) {
  return static_cast<const AES_KEY*>(static_cast<const void*>(bytes.data()));
}
AES_KEY* as_key(std::array<std::uint8_t, 256>& bytes) {
  return static_cast<AES_KEY*>(static_cast<void*>(bytes.data()));
}

#if defined(__x86_64__)
__m128i load(const std::uint8_t* p) {
  return _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p)));
}
void store(std::uint8_t* p, __m128i v) {
  _mm_storeu_si128(static_cast<__m128i*>(static_cast<void*>(p)), v);
}

// FIPS 197 section 5.3.5: the round keys of the equivalent inverse cipher.
GATEHOUSE_AES void invert(const std::uint8_t* keys, std::uint8_t* inverse) {
  store(inverse, load(keys + 160));
  for (std::size_t i = 1; i < 10; ++i) store(inverse + i * 16, _mm_aesimc_si128(load(keys + 160 - i * 16)));
  store(inverse + 160, load(keys));
}
GATEHOUSE_AES void encrypt_with(const std::uint8_t* keys, const std::uint8_t* in, std::uint8_t* out) {
  __m128i v = _mm_xor_si128(load(in), load(keys));
  for (std::size_t i = 1; i < 10; ++i) v = _mm_aesenc_si128(v, load(keys + i * 16));
  store(out, _mm_aesenclast_si128(v, load(keys + 160)));
}
GATEHOUSE_AES void decrypt_with(const std::uint8_t* keys, const std::uint8_t* in, std::uint8_t* out) {
  __m128i v = _mm_xor_si128(load(in), load(keys));
  for (std::size_t i = 1; i < 10; ++i) v = _mm_aesdec_si128(v, load(keys + i * 16));
  store(out, _mm_aesdeclast_si128(v, load(keys + 160)));
}
#else
void invert(const std::uint8_t* /*keys*/, std::uint8_t* /*inverse*/) {}
void encrypt_with(const std::uint8_t* /*keys*/, const std::uint8_t* /*in*/, std::uint8_t* /*out*/) {}
void decrypt_with(const std::uint8_t* /*keys*/, const std::uint8_t* /*in*/, std::uint8_t* /*out*/) {}
#endif

}  // namespace

Aes::~Aes() {
  OPENSSL_cleanse(encrypting_.data(), encrypting_.size());
  OPENSSL_cleanse(decrypting_.data(), decrypting_.size());
}

bool Aes::set_key(rpc::Bytes key, AesCode code) {
  if (key.size() != 16) return false;
  static const bool kProcessor = gss::x86::possible();
  instructions_ = kProcessor && code == AesCode::best;
  if (instructions_) {
    gss::x86::expand_key(key, std::span(encrypting_).first(kRoundKeys));
    invert(encrypting_.data(), decrypting_.data());
    return true;
  }
  return AES_set_encrypt_key(key.data(), 128, as_key(encrypting_)) == 0 &&
         AES_set_decrypt_key(key.data(), 128, as_key(decrypting_)) == 0;
}

AesBlock Aes::encrypt(const AesBlock& block) const {
  AesBlock out;
  if (instructions_) {
    encrypt_with(encrypting_.data(), block.data(), out.data());
  } else {
    AES_encrypt(block.data(), out.data(), as_key(encrypting_));
  }
  return out;
}

AesBlock Aes::decrypt(const AesBlock& block) const {
  AesBlock out;
  if (instructions_) {
    decrypt_with(decrypting_.data(), block.data(), out.data());
  } else {
    AES_decrypt(block.data(), out.data(), as_key(decrypting_));
  }
  return out;
}

}  // namespace gatehouse::nfs
