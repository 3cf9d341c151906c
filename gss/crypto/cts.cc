#include "gss/crypto/cts.h"

#include <algorithm>
#include <climits>
#include <cstring>

namespace gatehouse::gss {

namespace {

// Fetched once and kept: a fetch takes a lock and a hash table look-up.
const EVP_CIPHER* cipher_of(std::size_t key_size) {
  static const EVP_CIPHER* const kAes128 = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
  static const EVP_CIPHER* const kAes256 = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  switch (key_size) {
    case 16: return kAes128;
    case 32: return kAes256;
    default: return nullptr;
  }
}

void xor_into(std::uint8_t* to, const Block& with) {
  for (std::size_t i = 0; i < kBlock; ++i) to[i] ^= with[i];
}

Block block_at(std::span<const std::uint8_t> from, std::size_t at) {
  Block b;
  std::memcpy(b.data(), from.data() + at, kBlock);
  return b;
}

Block last_block(std::span<const std::uint8_t> blocks) {
  return block_at(blocks, blocks.size() - kBlock);
}

void swap_last_two(std::span<std::uint8_t> blocks) {
  std::uint8_t* const last = blocks.data() + blocks.size() - kBlock;
  std::swap_ranges(last - kBlock, last, last);
}

}  // namespace

bool Cbc::set_key(rpc::Bytes key, Direction direction) {
  const EVP_CIPHER* const cipher = cipher_of(key.size());
  if (cipher == nullptr) return false;
  cipher_.reset(EVP_CIPHER_CTX_new());
  chain_ = {};
  return cipher_ != nullptr &&
         EVP_CipherInit_ex2(cipher_.get(), cipher, key.data(), chain_.data(), direction == Direction::encrypt ? 1 : 0,
                            nullptr) == 1 &&
         EVP_CIPHER_CTX_set_padding(cipher_.get(), 0) == 1;
}

bool Cbc::update(std::span<std::uint8_t> blocks) {
  int written = 0;
  if (blocks.size() <= INT_MAX &&
      EVP_CipherUpdate(cipher_.get(), blocks.data(), &written, blocks.data(), static_cast<int>(blocks.size())) == 1)
    return true;
  // Where the cipher stands is not known any more.
  chain_ = {};
  static_cast<void>(EVP_CipherInit_ex2(cipher_.get(), nullptr, nullptr, chain_.data(), -1, nullptr));
  return false;
}

bool Cbc::encrypt(std::span<std::uint8_t> blocks, Block& iv) {
  xor_into(iv.data(), chain_);
  xor_into(blocks.data(), iv);
  if (!update(blocks)) return false;
  iv = chain_ = last_block(blocks);
  return true;
}

bool Cbc::decrypt(std::span<std::uint8_t> blocks, Block& iv) {
  xor_into(iv.data(), chain_);
  const Block last = last_block(blocks);
  if (!update(blocks)) return false;
  xor_into(blocks.data(), iv);
  iv = chain_ = last;
  return true;
}

//= rfc3962#5
//# the last two blocks of ciphertext change places, whatever the length, and the last is cut to the length of the plaintext
bool CtsEncryptor::finish(std::span<std::uint8_t> rest) {
  if (rest.size() < kBlock) return false;
  const std::size_t odd = rest.size() % kBlock;
  const std::span<std::uint8_t> whole = rest.first(rest.size() - odd);
  if (!more(whole)) return false;
  if (odd == 0) {
    if (whole.size() > kBlock) swap_last_two(whole);
    return true;
  }
  // The last piece is padded with zeros and becomes the block before; what was there is cut and becomes the last.
  const std::size_t at = whole.size() - kBlock;
  Block stolen{};
  std::memcpy(stolen.data(), rest.data() + whole.size(), odd);
  if (!more(stolen)) return false;
  std::memcpy(rest.data() + whole.size(), rest.data() + at, odd);
  std::memcpy(rest.data() + at, stolen.data(), kBlock);
  return true;
}

bool CtsDecryptor::finish(std::span<std::uint8_t> rest) {
  if (rest.size() < kBlock) return false;
  const std::size_t odd = rest.size() % kBlock;
  const std::span<std::uint8_t> whole = rest.first(rest.size() - odd);
  if (odd == 0) {
    if (whole.size() > kBlock) swap_last_two(whole);
    return more(whole);
  }
  // The block before the last is the last one's ciphertext; its plaintext holds the end of the cut block.
  const std::size_t at = whole.size() - kBlock;
  Block stolen = block_at(rest, at);
  Block zero{};
  if (!cbc_.decrypt(stolen, zero)) return false;
  std::uint8_t* const tail = rest.data() + whole.size();
  for (std::size_t i = 0; i < odd; ++i) {
    const std::uint8_t cut = tail[i];
    tail[i] = cut ^ stolen[i];
    stolen[i] = cut;
  }
  std::memcpy(rest.data() + at, stolen.data(), kBlock);
  return more(whole);
}

}  // namespace gatehouse::gss
