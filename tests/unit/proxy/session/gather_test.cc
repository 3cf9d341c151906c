#include "proxy/session/gather.h"

#include <numeric>
#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse;
using session::Buffer;
using session::BufferPool;
using session::Gather;

namespace {

std::vector<std::uint8_t> numbered(std::size_t n) {
  std::vector<std::uint8_t> out(n);
  std::iota(out.begin(), out.end(), std::uint8_t{1});
  return out;
}

}  // namespace

TEST_CASE("a record that nobody vouches for takes memory as its bytes arrive, not by its declared length [G13]") {
  BufferPool pool;
  Gather g;
  g.open(pool, std::size_t{1} << 30, 0, 0, Gather::Memory::by_bytes);
  CHECK(g.all().empty());
  const auto bytes = numbered(100000);
  g.append(bytes);
  g.append(bytes);
  CHECK(g.unreserved() == 200000);
  CHECK(g.all().size() == 200000);
  CHECK_FALSE(g.complete());
  CHECK(std::equal(bytes.begin(), bytes.end(), g.bytes().begin() + 100000));
  g.close();
  CHECK_FALSE(g.active());
}

TEST_CASE("what is collected has its room before and behind, and the rest can be read straight into its place") {
  BufferPool pool;
  Gather g;
  g.open(pool, 1000, 100, 50, Gather::Memory::at_once);
  const auto bytes = numbered(1000);
  g.append(rpc::Bytes(bytes).first(300));
  CHECK(g.left() == 700);
  CHECK(g.unreserved() == 0);
  REQUIRE(g.free_part().size() == 700);
  std::copy(bytes.begin() + 300, bytes.end(), g.free_part().begin());
  g.advance(700);
  REQUIRE(g.complete());
  CHECK(std::equal(bytes.begin(), bytes.end(), g.bytes().begin()));
  CHECK(g.all().size() == 1150);
  CHECK(g.bytes().data() == g.all().data() + 100);
}

TEST_CASE("buffers that were used lately serve again, and a second without use gives them back") {
  BufferPool pool;
  Buffer b = pool.get(100000);
  CHECK(b.capacity >= 100000);
  const std::uint8_t* const memory = b.memory.get();
  pool.put(std::move(b));
  b = pool.get(50000);
  CHECK(b.memory.get() == memory);
  pool.put(std::move(b));
  pool.trim();  // it was used since the last time
  b = pool.get(50000);
  CHECK(b.memory.get() == memory);
  pool.put(std::move(b));
  pool.trim();
  pool.trim();
  // Nobody asked for it in between: this one is new, whatever its address.
  CHECK(pool.idle() == 0);
}
