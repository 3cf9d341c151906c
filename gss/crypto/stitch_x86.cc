// Nothing here branches or indexes by a secret. The instructions of the two halves are written one group after the
// other; the processor, which looks some hundred instructions ahead, runs them side by side.
#include "gss/crypto/stitch_x86.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#define GATEHOUSE_INLINE __attribute__((target("aes,sha,sse4.1"), always_inline)) inline
#define GATEHOUSE_TARGET __attribute__((target("aes,sha,sse4.1")))

namespace gatehouse::gss::x86 {

namespace {

constexpr std::size_t kHashBlock = 64;
constexpr int kAesPerHash = kHashBlock / kBlock;

GATEHOUSE_INLINE __m128i load(const void* p) {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}

GATEHOUSE_INLINE void store(void* p, __m128i v) {
  _mm_storeu_si128(static_cast<__m128i*>(p), v);
}

// One block of CBC; `chain` is the ciphertext before it.
template <int kRounds>
GATEHOUSE_INLINE void encrypt_block(const std::uint8_t* keys, std::uint8_t* block, __m128i& chain) {
  __m128i x = _mm_xor_si128(_mm_xor_si128(load(block), load(keys)), chain);
  for (int round = 1; round < kRounds; ++round) x = _mm_aesenc_si128(x, load(keys + round * 16));
  chain = _mm_aesenclast_si128(x, load(keys + kRounds * 16));
  store(block, chain);
}

// SHA-1 of one block, four rounds a step, 20 steps.
struct Sha1 {
  __m128i abcd, e;      // between blocks
  __m128i before, run;  // `run` is abcd in the making, `before` what it was a step ago
  __m128i w[4];         // the message schedule, the last 16 words

  GATEHOUSE_INLINE void begin(const std::uint8_t* message) {
    const __m128i swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    for (int i = 0; i < 4; ++i) w[i] = _mm_shuffle_epi8(load(message + i * 16), swap);
    run = abcd;
  }
  template <int kStep>
  GATEHOUSE_INLINE void step() {
    __m128i& now = w[kStep % 4];
    if constexpr (kStep >= 4) {
      now = _mm_xor_si128(_mm_sha1msg1_epu32(now, w[(kStep + 1) % 4]), w[(kStep + 2) % 4]);
      now = _mm_sha1msg2_epu32(now, w[(kStep + 3) % 4]);
    }
    const __m128i in = kStep == 0 ? _mm_add_epi32(e, now) : _mm_sha1nexte_epu32(before, now);
    before = run;
    run = _mm_sha1rnds4_epu32(run, in, kStep / 5);
  }
  GATEHOUSE_INLINE void end() {
    e = _mm_sha1nexte_epu32(before, e);
    abcd = _mm_add_epi32(abcd, run);
  }
  static constexpr int kSteps = 20;
};

alignas(16) constexpr std::array<std::uint32_t, 64> kSha256{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// SHA-256 of one block, four rounds a step, 16 steps. The instructions want the state as words A B E F and C D G H.
struct Sha256 {
  __m128i abef, cdgh;  // between blocks
  __m128i run0, run1;  // the same in the making
  __m128i w[4];        // the message schedule, the last 16 words

  GATEHOUSE_INLINE void begin(const std::uint8_t* message) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (int i = 0; i < 4; ++i) w[i] = _mm_shuffle_epi8(load(message + i * 16), swap);
    run0 = abef;
    run1 = cdgh;
  }
  template <int kStep>
  GATEHOUSE_INLINE void step() {
    __m128i& now = w[kStep % 4];
    if constexpr (kStep >= 4) {
      const __m128i last = w[(kStep + 3) % 4];
      now = _mm_sha256msg1_epu32(now, w[(kStep + 1) % 4]);
      now = _mm_add_epi32(now, _mm_alignr_epi8(last, w[(kStep + 2) % 4], 4));
      now = _mm_sha256msg2_epu32(now, last);
    }
    const __m128i in = _mm_add_epi32(now, load(kSha256.data() + kStep * 4));
    run1 = _mm_sha256rnds2_epu32(run1, run0, in);
    run0 = _mm_sha256rnds2_epu32(run0, run1, _mm_shuffle_epi32(in, 0x0e));
  }
  GATEHOUSE_INLINE void end() {
    abef = _mm_add_epi32(abef, run0);
    cdgh = _mm_add_epi32(cdgh, run1);
  }
  static constexpr int kSteps = 16;
};

template <int kFrom, class Sha, int... kStep>
GATEHOUSE_INLINE void steps(Sha& sha, std::integer_sequence<int, kStep...> /*unused*/) {
  (sha.template step<kFrom + kStep>(), ...);
}

// A quarter of a hash block's steps, then a block of AES.
template <int kRounds, int kQuarter, class Sha>
GATEHOUSE_INLINE void quarter(const std::uint8_t* keys, std::uint8_t* text, __m128i& chain, Sha& sha) {
  constexpr int kSteps = Sha::kSteps / kAesPerHash;
  steps<kQuarter * kSteps>(sha, std::make_integer_sequence<int, kSteps>{});
  encrypt_block<kRounds>(keys, text + kQuarter * 16, chain);
}

// Encrypts 64 bytes while it hashes 64 bytes, which are read before anything is written.
template <int kRounds, class Sha>
GATEHOUSE_INLINE void both(const std::uint8_t* keys, std::uint8_t* text, __m128i& chain, const std::uint8_t* hashed,
                           Sha& sha) {
  sha.begin(hashed);
  quarter<kRounds, 0>(keys, text, chain, sha);
  quarter<kRounds, 1>(keys, text, chain, sha);
  quarter<kRounds, 2>(keys, text, chain, sha);
  quarter<kRounds, 3>(keys, text, chain, sha);
  sha.end();
}

template <int kRounds>
GATEHOUSE_TARGET void and_sha1(const Pass& pass, Sha1& out) {
  Sha1 sha = out;
  __m128i chain = load(pass.iv.data());
  for (std::size_t at = 0; at < pass.text.size(); at += kHashBlock) {
    std::uint8_t* const text = pass.text.data() + at;
    both<kRounds>(pass.round_keys.data(), text, chain, text, sha);
  }
  store(pass.iv.data(), chain);
  out = sha;
}

// The hash is one block behind the cipher.
template <int kRounds>
GATEHOUSE_TARGET void then_sha256(const Pass& pass, Sha256& out) {
  Sha256 sha = out;
  __m128i chain = load(pass.iv.data());
  std::uint8_t* text = pass.text.data();
  for (std::size_t at = 0; at < kHashBlock; at += kBlock)
    encrypt_block<kRounds>(pass.round_keys.data(), text + at, chain);
  for (std::size_t at = kHashBlock; at < pass.text.size(); at += kHashBlock) {
    text = pass.text.data() + at;
    both<kRounds>(pass.round_keys.data(), text, chain, text - kHashBlock, sha);
  }
  sha.begin(text);
  steps<0>(sha, std::make_integer_sequence<int, Sha256::kSteps>{});
  sha.end();
  store(pass.iv.data(), chain);
  out = sha;
}

// The S-box of AES on the four bytes of a word, and the same rotated by a byte.
GATEHOUSE_TARGET std::uint32_t sub_word(std::uint32_t w) {
  return static_cast<std::uint32_t>(
      _mm_cvtsi128_si32(_mm_aeskeygenassist_si128(_mm_set1_epi32(std::bit_cast<std::int32_t>(w)), 0)));
}

}  // namespace

bool possible() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kSha = 1U << 29;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & kSha) == 0) return false;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_AES) != 0 && (c & bit_SSE4_1) != 0 && (c & bit_SSSE3) != 0;
}

void expand_key(rpc::Bytes key, std::span<std::uint8_t> round_keys) {
  const std::size_t words = key.size() / 4, total = (words + 7) * 4;
  std::array<std::uint32_t, 8> last{};  // the words of one key length before
  std::memcpy(last.data(), key.data(), key.size());
  std::memcpy(round_keys.data(), key.data(), key.size());
  std::uint32_t constant = 1, w = last[words - 1];
  for (std::size_t i = words; i < total; ++i) {
    if (i % words == 0) {
      w = std::rotr(sub_word(w), 8) ^ constant;
      constant = (constant << 1) ^ ((constant & 0x80) != 0 ? 0x11bU : 0U);
    } else if (words == 8 && i % words == 4) {
      w = sub_word(w);
    }
    w = last[i % words] ^= w;
    std::memcpy(round_keys.data() + i * 4, &w, 4);
  }
  explicit_bzero(last.data(), sizeof last);
}

GATEHOUSE_TARGET void encrypt_and_sha1(const Pass& pass, std::span<std::uint32_t, 5> h) {
  Sha1 sha{};
  sha.abcd = _mm_shuffle_epi32(load(h.data()), 0x1b);
  sha.e = _mm_set_epi32(std::bit_cast<std::int32_t>(h[4]), 0, 0, 0);
  pass.key_size == 16 ? and_sha1<10>(pass, sha) : and_sha1<14>(pass, sha);
  store(h.data(), _mm_shuffle_epi32(sha.abcd, 0x1b));
  h[4] = static_cast<std::uint32_t>(_mm_extract_epi32(sha.e, 3));
}

GATEHOUSE_TARGET void encrypt_then_sha256(const Pass& pass, std::span<std::uint32_t, 8> h) {
  Sha256 sha{};
  const __m128i cdab = _mm_shuffle_epi32(load(h.data()), 0xb1), efgh = _mm_shuffle_epi32(load(h.data() + 4), 0x1b);
  sha.abef = _mm_alignr_epi8(cdab, efgh, 8);
  sha.cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  pass.key_size == 16 ? then_sha256<10>(pass, sha) : then_sha256<14>(pass, sha);
  const __m128i feba = _mm_shuffle_epi32(sha.abef, 0x1b), dchg = _mm_shuffle_epi32(sha.cdgh, 0xb1);
  store(h.data(), _mm_blend_epi16(feba, dchg, 0xf0));
  store(h.data() + 4, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace gatehouse::gss::x86

#else

namespace gatehouse::gss::x86 {

bool possible() {
  return false;
}
void expand_key(rpc::Bytes /*key*/, std::span<std::uint8_t> /*round_keys*/) {}
void encrypt_and_sha1(const Pass& /*pass*/, std::span<std::uint32_t, 5> /*h*/) {}
void encrypt_then_sha256(const Pass& /*pass*/, std::span<std::uint32_t, 8> /*h*/) {}

}  // namespace gatehouse::gss::x86
#endif
