// Calls by flavor, program and what became of them.
#include "proxy/runtime/call_cells.h"

#include <thread>

#include "rpc/gss_cred.h"
#include "rpc/xdr.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::runtime;

namespace {

CallFlavor of_gss(std::uint32_t service) {
  std::array<std::uint8_t, 64> body{};
  rpc::XdrWriter w(body);
  rpc::write_gss_cred(w, {rpc::kGssVersion1, 0, 5, service, {}});
  return flavor_of({6, w.written()});
}

}  // namespace

TEST_CASE("the flavor of a call is told by its credential") {
  CHECK(flavor_of({0, {}}) == CallFlavor::none);
  CHECK(flavor_of({1, {}}) == CallFlavor::sys);
  CHECK(of_gss(1) == CallFlavor::krb5);
  CHECK(of_gss(2) == CallFlavor::krb5i);
  CHECK(of_gss(3) == CallFlavor::krb5p);
}

TEST_CASE("what is no flavor that can be let in counts as other, however short its credential [P9]") {
  for (const std::uint32_t flavor : {2U, 3U, 4U, 5U, 7U, 390003U, 0xffffffffU})
    CHECK(flavor_of({flavor, {}}) == CallFlavor::other);
  CHECK(of_gss(0) == CallFlavor::other);
  CHECK(of_gss(4) == CallFlavor::other);
  const std::array<std::uint8_t, 16> body{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
  for (std::size_t size = 0; size < body.size(); ++size)
    CHECK(flavor_of({6, rpc::Bytes(body).first(size)}) == CallFlavor::other);
  CHECK(flavor_of({6, body}) == CallFlavor::krb5i);
}

TEST_CASE("programs that are told apart are those granted and rpcbind, each once, and a bounded number of them [L6]") {
  policy::Guest g;
  CHECK(counted_programs(g) == std::vector<std::uint32_t>{100000});
  for (const std::uint32_t program : {100003U, 100003U, 100005U, 100000U}) {
    policy::ProgramGrant grant{};
    grant.program = program;
    g.programs.push_back(grant);
  }
  CHECK(counted_programs(g) == std::vector<std::uint32_t>{100003, 100005, 100000});
  for (std::uint32_t i = 0; i < 100; ++i) {
    policy::ProgramGrant grant{};
    grant.program = 300000 + i;
    g.programs.push_back(grant);
  }
  CHECK(counted_programs(g).size() == kCountedPrograms - 2);
  CHECK(counted_programs(g).front() == 100003);
  g.programs.erase(g.programs.begin() + 3);
  CHECK(counted_programs(g).size() == kCountedPrograms - 1);
  CHECK(counted_programs(g).back() == 100000);
}

TEST_CASE("each kind of call is counted in a cell of its own, and can be read while it is counted") {
  CallCells cells;
  CHECK(cells.get(CallFlavor::sys, 0, CallEnd::forwarded) == 0);
  const auto each = [&](auto visit) {
    for (std::size_t f = 0; f < kCallFlavors; ++f)
      for (std::size_t p = 0; p < kCountedPrograms; ++p)
        for (std::size_t e = 0; e < kCallEnds; ++e)
          visit(static_cast<CallFlavor>(f), p, static_cast<CallEnd>(e), 1 + e + p * kCallEnds + f * 100);
  };
  std::atomic<bool> sane{true};
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      if (cells.get(CallFlavor::other, 0, CallEnd::refused) > 600) sane = false;
  });
  each([&](CallFlavor f, std::size_t p, CallEnd e, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) cells.add(f, p, e);
  });
  reader.request_stop();
  reader.join();
  CHECK(sane);
  each([&](CallFlavor f, std::size_t p, CallEnd e, std::size_t n) { CHECK(cells.get(f, p, e) == n); });
}
