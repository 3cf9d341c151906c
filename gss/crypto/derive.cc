#include "gss/crypto/derive.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace gatehouse::gss {

namespace {

// The byte at `at` of `in` rotated right by `shift` bits, shift < 8 * in.size().
unsigned rotated_byte(rpc::Bytes in, std::size_t shift, std::size_t at) {
  const std::size_t bits = in.size() * 8;
  std::size_t from = at * 8 + bits - shift;
  if (from >= bits) from -= bits;
  const std::size_t byte = from / 8;
  const unsigned pair = unsigned{in[byte]} << 8 | in[byte + 1 == in.size() ? 0 : byte + 1];
  return pair >> (8 - from % 8) & 0xff;
}

}  // namespace

//= rfc3961#5.1
//# n-fold lays copies of the input end to end, each rotated right by 13 bits more, and adds the pieces with end-around carry
void n_fold(rpc::Bytes in, std::span<std::uint8_t> out) {
  std::ranges::fill(out, std::uint8_t{0});
  std::size_t to = out.size();
  unsigned carry = 0;
  const auto add = [&](unsigned byte) {  // at the place before the last one, going round
    to = (to == 0 ? out.size() : to) - 1;
    carry += out[to] + byte;
    out[to] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  };
  for (std::size_t copy = std::lcm(in.size(), out.size()) / in.size(); copy-- > 0;)
    for (std::size_t at = in.size(); at-- > 0;) add(rotated_byte(in, 13 * copy % (in.size() * 8), at));
  while (carry != 0) add(0);
}

bool KeyDerivation::set_key(const Suite& suite, rpc::Bytes base) {
  if (base.size() != suite.key) return false;
  suite_ = &suite;
  return suite.hash == Hash::sha1 ? cipher_.set_key(base, Cbc::Direction::encrypt) : hmac_.set_key(suite.hash, base);
}

bool KeyDerivation::from_constant(rpc::Bytes constant, std::span<std::uint8_t> out) {
  if (suite_ == nullptr) return false;
  if (suite_->hash == Hash::sha1) return by_folding(constant, out);
  by_hmac(constant, out);
  return true;
}

//= rfc3961#5.3
//# the constant of a derived key is the key usage number and a byte that says what the key is for
bool KeyDerivation::derive(std::uint32_t usage, KeyKind kind, std::span<std::uint8_t> out) {
  if (suite_ == nullptr || out.size() != derived_size(*suite_, kind)) return false;
  std::array<std::uint8_t, 5> constant{};
  rpc::XdrWriter(constant).u32(usage);
  constant.back() = std::to_underlying(kind);
  return from_constant(constant, out);
}

//= rfc3961#5.1
//# the derived key is the encryption of the folded constant, each block of it being the next one's plaintext
bool KeyDerivation::by_folding(rpc::Bytes constant, std::span<std::uint8_t> out) {
  if (out.size() % kBlock != 0) return false;
  rpc::Bytes before;
  for (std::span<std::uint8_t> rest = out; !rest.empty(); rest = rest.subspan(kBlock)) {
    const auto block = rest.first(kBlock);
    if (before.empty()) {
      n_fold(constant, block);
    } else {
      std::ranges::copy(before, block.begin());
    }
    Block iv{};
    if (!cipher_.encrypt(block, iv)) return false;
    before = block;
  }
  return true;
}

//= rfc8009#3
//# the derived key is the HMAC of counter 1, the constant as label, a zero byte and the key's length in bits, truncated
void KeyDerivation::by_hmac(rpc::Bytes constant, std::span<std::uint8_t> out) const {
  std::array<std::uint8_t, 4> counter{}, bits{};
  rpc::XdrWriter(counter).u32(1);
  rpc::XdrWriter(bits).u32(static_cast<std::uint32_t>(out.size() * 8));
  Hmac::State state = hmac_.begin();
  hmac_.add(state, counter);
  hmac_.add(state, constant);
  hmac_.add(state, std::array<std::uint8_t, 1>{});
  hmac_.add(state, bits);
  std::array<std::uint8_t, Hmac::kMaxSize> whole;
  hmac_.finish(state, whole);
  std::ranges::copy(rpc::Bytes(whole).first(out.size()), out.begin());
  OPENSSL_cleanse(whole.data(), whole.size());
}

}  // namespace gatehouse::gss
