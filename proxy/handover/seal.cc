#include "proxy/handover/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace gatehouse::handover {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'g', 'h', 's', 'a', 'v', 'e', 'd', '\n'};
constexpr std::size_t kNonce = 12;
// Encrypted at a time: what is written to the sink at once.
constexpr std::size_t kPiece = 64U << 10;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

}  // namespace

Key::~Key() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

bool Key::fill() {
  return RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
}

struct Sealer::Cipher {
  Context context{EVP_CIPHER_CTX_new()};
  std::array<std::uint8_t, kPiece> piece;
};

Sealer::Sealer(const Key& key, std::uint64_t size, Sink sink)
    : cipher_(std::make_unique<Cipher>()), sink_(std::move(sink)), left_(size) {
  std::array<std::uint8_t, kNonce> nonce;
  std::array<std::uint8_t, kSealedHeader> header;
  EVP_CIPHER_CTX* const c = cipher_->context.get();
  good_ = c != nullptr && RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) == 1;
  rpc::XdrWriter w(header);
  w.raw(kMagic);
  w.u32(kVersion);
  w.raw(nonce);
  w.u32(static_cast<std::uint32_t>(size >> 32));
  w.u32(static_cast<std::uint32_t>(size));
  int n = 0;
  good_ = good_ && EVP_EncryptInit_ex2(c, EVP_aes_256_gcm(), key.bytes.data(), nonce.data(), nullptr) == 1 &&
          EVP_EncryptUpdate(c, nullptr, &n, header.data(), static_cast<int>(header.size())) == 1 && sink_(header);
}

Sealer::~Sealer() = default;

bool Sealer::put(rpc::Bytes plain) {
  good_ = good_ && plain.size() <= left_;
  while (good_ && !plain.empty()) {
    const rpc::Bytes part = plain.first(std::min(plain.size(), kPiece));
    int n = 0;
    good_ = EVP_EncryptUpdate(cipher_->context.get(), cipher_->piece.data(), &n, part.data(),
                              static_cast<int>(part.size())) == 1 &&
            sink_({cipher_->piece.data(), static_cast<std::size_t>(n)});
    left_ -= part.size();
    plain = plain.subspan(part.size());
  }
  return good_;
}

bool Sealer::finish() {
  EVP_CIPHER_CTX* const c = cipher_->context.get();
  std::array<std::uint8_t, kSealedTag> tag;
  int n = 0;
  good_ = good_ && left_ == 0 && EVP_EncryptFinal_ex(c, cipher_->piece.data(), &n) == 1 &&
          EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) == 1 && sink_(tag);
  return good_;
}

std::string_view open_fault_text(OpenFault f) {
  switch (f) {
    case OpenFault::not_a_save: return "they do not begin as a save does";
    case OpenFault::version: return "they are of another version of gatehoused";
    case OpenFault::size: return "they are not as long as they say";
    case OpenFault::not_genuine: return "their key is another one, or they were changed";
  }
  return "?";
}

std::expected<rpc::Bytes, OpenFault> open(const Key& key, std::span<std::uint8_t> sealed) {
  if (sealed.size() < kSealedHeader || !std::ranges::equal(kMagic, sealed.first(kMagic.size())))
    return std::unexpected(OpenFault::not_a_save);
  const std::span<std::uint8_t> header = sealed.first(kSealedHeader);
  rpc::XdrReader fields(header.subspan(kMagic.size()));
  if (fields.u32() != kVersion) return std::unexpected(OpenFault::version);
  rpc::XdrReader length(fields.rest().subspan(kNonce));
  const std::uint64_t high = length.u32();
  const std::uint64_t size = high << 32 | length.u32();
  if (sealed.size() > kMostSealed || sealed.size() - kSealedHeader < kSealedTag ||
      size != sealed.size() - kSealedHeader - kSealedTag)
    return std::unexpected(OpenFault::size);

  const std::span<std::uint8_t> body = sealed.subspan(kSealedHeader, size);
  const std::span<std::uint8_t> tag = sealed.last(kSealedTag);
  const Context c(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool genuine =
      c != nullptr &&
      EVP_DecryptInit_ex2(c.get(), EVP_aes_256_gcm(), key.bytes.data(), fields.rest().data(), nullptr) == 1 &&
      EVP_DecryptUpdate(c.get(), nullptr, &n, header.data(), static_cast<int>(header.size())) == 1 &&
      EVP_DecryptUpdate(c.get(), body.data(), &n, body.data(), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(c.get(), tag.data(), &n) == 1;
  if (!genuine) return std::unexpected(OpenFault::not_genuine);
  return body;
}

}  // namespace gatehouse::handover
