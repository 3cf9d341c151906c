#include "proxy/nfs/guest_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace gatehouse::nfs {
namespace {

constexpr std::size_t kKey = 16;
constexpr std::size_t kKeys = 4;

// The label keeps these keys apart from others that the secret may be asked for, and has a version.
std::string info(std::string_view guest) {
  std::string out("gatehouse nfs ids 1");
  out += '\0';
  return out.append(guest);
}

bool hkdf(rpc::Bytes secret, std::string_view guest, std::span<std::uint8_t> out) {
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(kdf);
  std::string text = info(guest), key(secret.begin(), secret.end()), hash("SHA256");
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash.data(), 0),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, text.data(), text.size()),
                                   OSSL_PARAM_construct_end()};
  const bool done = context != nullptr && EVP_KDF_derive(context, out.data(), out.size(), parameters) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return done;
}

bool special(std::span<const std::uint8_t> id) {
  const auto all = [id](std::uint8_t v) { return std::ranges::all_of(id, [v](std::uint8_t b) { return b == v; }); };
  return all(0) || all(0xff);
}

// A Feistel network of ten rounds, as FF1 of NIST SP 800-38G has, over two halves of `id`. Each round's function is AES
// of the round's number and a half.
constexpr int kRounds = 10;

void round(const Aes& aes, int number, std::span<std::uint8_t> changed, std::span<const std::uint8_t> other) {
  AesBlock block{};
  block[0] = static_cast<std::uint8_t>(number);
  std::memcpy(block.data() + 1, other.data(), other.size());
  block = aes.encrypt(block);
  for (std::size_t i = 0; i < changed.size(); ++i) changed[i] ^= block[i];
}

void forward(const Aes& aes, std::span<std::uint8_t> id) {
  const auto left = id.first(id.size() / 2);
  const auto right = id.last(id.size() / 2);
  for (int i = 0; i < kRounds; ++i) i % 2 == 0 ? round(aes, i, left, right) : round(aes, i, right, left);
}

void backward(const Aes& aes, std::span<std::uint8_t> id) {
  const auto left = id.first(id.size() / 2);
  const auto right = id.last(id.size() / 2);
  for (int i = kRounds - 1; i >= 0; --i) i % 2 == 0 ? round(aes, i, left, right) : round(aes, i, right, left);
}

// A permutation of the values that are not special: one that would lead to a special value is applied again.
void permute(const Aes& aes, std::span<std::uint8_t> id, void (*way)(const Aes&, std::span<std::uint8_t>)) {
  if (special(id)) return;
  do {
    way(aes, id);
  } while (special(id));
}

void through(SessionId id, const Aes& aes, AesBlock (Aes::*way)(const AesBlock&) const) {
  AesBlock block;
  std::memcpy(block.data(), id.data(), block.size());
  block = (aes.*way)(block);
  std::memcpy(id.data(), block.data(), block.size());
}

}  // namespace

bool GuestKeys::derive(rpc::Bytes secret, std::string_view guest, AesCode code) {
  std::array<std::uint8_t, kKey * kKeys> out{};
  const rpc::Bytes keys(out);
  const auto key = [&keys](std::size_t number) { return keys.subspan(number * kKey, kKey); };
  const bool done = secret.size() >= kSecretSize && hkdf(secret, guest, out) && sessions_.set_key(key(0), code) &&
                    clients_.set_key(key(1), code) && states_.set_key(key(2), code) && handles_.set_key(key(3), code);
  OPENSSL_cleanse(out.data(), out.size());
  return done;
}

void GuestKeys::session_to_guest(SessionId id) const {
  through(id, sessions_, &Aes::encrypt);
}
void GuestKeys::session_to_server(SessionId id) const {
  through(id, sessions_, &Aes::decrypt);
}
void GuestKeys::client_to_guest(ClientId id) const {
  permute(clients_, id, forward);
}
void GuestKeys::client_to_server(ClientId id) const {
  permute(clients_, id, backward);
}
void GuestKeys::state_to_guest(StateId id) const {
  permute(states_, id.subspan<4>(), forward);
}
void GuestKeys::state_to_server(StateId id) const {
  permute(states_, id.subspan<4>(), backward);
}

}  // namespace gatehouse::nfs
