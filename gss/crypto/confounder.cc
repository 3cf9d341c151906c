#include "gss/crypto/confounder.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cstring>

namespace gatehouse::gss {

namespace {

struct Pool {
  std::array<std::uint8_t, 4096> bytes;
  std::size_t at = sizeof bytes;
  ~Pool() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

}  // namespace

bool fresh_confounder(std::span<std::uint8_t, kBlock> out) {
  static_assert(sizeof(Pool::bytes) % kBlock == 0);
  thread_local Pool pool;
  if (pool.at == pool.bytes.size()) {
    if (RAND_bytes(pool.bytes.data(), static_cast<int>(pool.bytes.size())) != 1) return false;
    pool.at = 0;
  }
  std::memcpy(out.data(), pool.bytes.data() + pool.at, kBlock);
  OPENSSL_cleanse(pool.bytes.data() + pool.at, kBlock);
  pool.at += kBlock;
  return true;
}

}  // namespace gatehouse::gss
