#include "gss/crypto/session_key.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "tests/support/catch.h"
#include "tests/unit/gss/crypto/hex.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

template <class T>
void put(Buffer& to, T value) {
  std::uint8_t raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  to.insert(to.end(), raw, raw + sizeof value);
}

// As gssproxy packs it: this host's byte order.
Buffer lucid(std::uint32_t flags, std::uint32_t enctype, std::size_t key) {
  Buffer out;
  put<std::uint32_t>(out, flags);
  put<std::uint32_t>(out, 0xfffffffeU);
  put<std::uint64_t>(out, 0x0102030405060708U);
  put<std::uint32_t>(out, enctype);
  const Buffer bytes = counting(key);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

struct Kind {
  std::uint32_t enctype;
  std::size_t key;
};
constexpr Kind kKinds[] = {{17, 16}, {18, 32}, {19, 16}, {20, 32}};

}  // namespace

TEST_CASE("a linux_lucid_v1 blob of each enctype is read as gssproxy packs it [G4, G11]") {
  for (const Kind& kind : kKinds) {
    const auto context = parse_lucid(lucid(2 | 4, kind.enctype, kind.key));
    REQUIRE(context);
    CHECK(context->key.enctype == static_cast<Enctype>(kind.enctype));
    CHECK(std::ranges::equal(context->key.view(), counting(kind.key)));
    CHECK(context->key.acceptor_subkey);
    CHECK_FALSE(context->initiator);
    CHECK(context->endtime == 0xfffffffeU);
    CHECK(context->key.send_seq == 0x0102030405060708U);
  }
  CHECK(parse_lucid(lucid(2 | 1, 18, 32))->initiator);
  CHECK_FALSE(parse_lucid(lucid(2, 18, 32))->key.acceptor_subkey);
}

TEST_CASE("a linux_lucid_v1 blob that is cut anywhere is refused [G4]") {
  for (const Kind& kind : kKinds) {
    const Buffer whole = lucid(2, kind.enctype, kind.key);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
      const auto context = parse_lucid(cut);
      REQUIRE_FALSE(context);
      CHECK(context.error() == (n < 20 ? LucidFault::truncated : LucidFault::bad_key_size));
    }
    CHECK(parse_lucid(lucid(2, kind.enctype, kind.key + 1)).error() == LucidFault::bad_key_size);
    CHECK(parse_lucid(lucid(2, kind.enctype, 48 - kind.key)).error() == LucidFault::bad_key_size);
  }
}

TEST_CASE("contexts of DES, 3DES, RC4 and Camellia, and flags that are not defined, are refused [G11]") {
  for (const std::uint32_t enctype : {0U, 1U, 3U, 16U, 21U, 23U, 24U, 25U, 26U, 0x80000012U, 0xffffffffU})
    CHECK(parse_lucid(lucid(2, enctype, 16)).error() == LucidFault::bad_enctype);
  CHECK(parse_lucid(lucid(0, 18, 32)).error() == LucidFault::not_rfc4121);
  CHECK(parse_lucid(lucid(1 | 4, 16, 24)).error() == LucidFault::not_rfc4121);
  for (std::uint32_t bit = 8; bit != 0; bit <<= 1)
    CHECK(parse_lucid(lucid(2 | bit, 18, 32)).error() == LucidFault::truncated);
}

TEST_CASE("each fault of a blob has words of its own [G4]") {
  const std::string_view cut = lucid_fault_text(LucidFault::truncated), old = lucid_fault_text(LucidFault::not_rfc4121),
                         enctype = lucid_fault_text(LucidFault::bad_enctype),
                         size = lucid_fault_text(LucidFault::bad_key_size);
  CHECK(cut != old);
  CHECK(enctype != size);
  for (const std::string_view words : {cut, old, enctype, size}) CHECK(words.size() > 10);
}

TEST_CASE("a key is wiped from memory when it dies [G4]") {
  alignas(SessionKey) std::uint8_t memory[sizeof(SessionKey)];
  auto* const key = new (memory) SessionKey;
  key->bytes.fill(0x5a);
  const std::size_t at = static_cast<std::size_t>(key->bytes.data() - memory);
  REQUIRE(memory[at] == 0x5a);
  key->~SessionKey();
  CHECK(
      std::ranges::all_of(std::span(memory).subspan(at, SessionKey::kMaxBytes), [](std::uint8_t b) { return b == 0; }));
}
