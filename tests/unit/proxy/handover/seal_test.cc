#include "proxy/handover/seal.h"

#include <numeric>

#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse;
using namespace gatehouse::test;
using handover::Key;
using handover::OpenFault;
using handover::Sealer;

namespace {

Buffer numbers(std::size_t n) {
  Buffer out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return out;
}

Buffer sealed(const Key& key, const Buffer& plain, std::size_t at_once = 1000) {
  Buffer out;
  Sealer sealer(key, plain.size(), [&](rpc::Bytes b) {
    out.insert(out.end(), b.begin(), b.end());
    return true;
  });
  for (std::size_t at = 0; at < plain.size(); at += at_once)
    REQUIRE(sealer.put(rpc::Bytes(plain).subspan(at, std::min(at_once, plain.size() - at))));
  REQUIRE(sealer.finish());
  return out;
}

OpenFault fault(const Key& key, Buffer bytes) {
  const auto out = handover::open(key, bytes);
  REQUIRE_FALSE(out);
  return out.error();
}

}  // namespace

TEST_CASE("what is sealed in pieces opens as a whole, and no two saves have a byte of it in common [G12]") {
  for (const std::size_t size : {0U, 1U, 999U, 65536U, 200001U}) {
    INFO("size " << size);
    Key key;
    REQUIRE(key.fill());
    const Buffer plain = numbers(size);
    Buffer one = sealed(key, plain, 70000);
    CHECK(one.size() == handover::kSealedHeader + size + handover::kSealedTag);
    // Another nonce each time, so that even one key twice would show nothing.
    if (size > 100) CHECK(std::ranges::search(one, rpc::Bytes(plain).subspan(32, 32)).empty());
    if (size > 0) CHECK(sealed(key, plain) != one);
    const auto out = handover::open(key, one);
    REQUIRE(out);
    CHECK(std::ranges::equal(*out, plain));
  }
}

TEST_CASE("a changed bit anywhere, another key, a byte more or less: nothing opens [G12]") {
  Key key;
  Key other;
  REQUIRE((key.fill() && other.fill()));
  const Buffer good = sealed(key, numbers(100));
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer bad = good;
    bad[at] ^= 1;
    const OpenFault why = fault(key, bad);
    if (at < 8) CHECK(why == OpenFault::not_a_save);
    if (at >= 8 && at < 12) CHECK(why == OpenFault::version);
    if (at >= 24 && at < 32) CHECK(why == OpenFault::size);
    if ((at >= 12 && at < 24) || at >= 32) CHECK(why == OpenFault::not_genuine);
  }
  CHECK(fault(other, good) == OpenFault::not_genuine);
  for (std::size_t n = 0; n < good.size(); ++n) {
    const OpenFault why = fault(key, Buffer(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)));
    CHECK(why == (n < handover::kSealedHeader ? OpenFault::not_a_save : OpenFault::size));
  }
  CHECK(fault(key, join({good, Buffer{0}})) == OpenFault::size);
}

TEST_CASE("a save of another version is refused by name, however genuine [G12]") {
  Key key;
  REQUIRE(key.fill());
  Buffer old = sealed(key, numbers(10));
  old[11] = handover::kVersion + 1;
  CHECK(fault(key, old) == OpenFault::version);
  CHECK(handover::open_fault_text(OpenFault::version) == "they are of another version of gatehoused");
}

TEST_CASE("a stream that is not as long as was said is never finished [G12]") {
  Key key;
  REQUIRE(key.fill());
  const auto sink = [](rpc::Bytes) { return true; };
  Sealer longer(key, 10, sink);
  CHECK(longer.put(numbers(5)));
  CHECK_FALSE(longer.put(numbers(6)));
  CHECK_FALSE(longer.finish());
  Sealer shorter(key, 10, sink);
  CHECK(shorter.put(numbers(9)));
  CHECK_FALSE(shorter.finish());
}

TEST_CASE("a sink that takes no more fails the save [G12]") {
  Key key;
  REQUIRE(key.fill());
  for (int good = 0; good < 3; ++good) {
    int left = good;
    Sealer sealer(key, 10, [&](rpc::Bytes) { return left-- > 0; });
    const bool put = sealer.put(numbers(10));
    CHECK(put == (good > 1));
    CHECK_FALSE(sealer.finish());
  }
}
