// Arguments that are not what they should be, views that are full.
#include "tests/unit/proxy/rpcbind/ask.h"

using namespace gatehouse;
using namespace gatehouse::test;
using rpcbind::Netid;
using rpcbind::Outcome;
using rpcbind::View;

namespace {

// Every procedure that takes arguments, with good ones.
struct Sample {
  std::uint32_t version, procedure;
  Buffer args;
};
std::vector<Sample> samples() {
  const Buffer taddr = ask(over_vsock(), 4, kUaddr2taddr, string("2.2049")).results;
  std::vector<Sample> out{{2, 3, mapping(kNfsProgram, 3, 6)}};
  for (const std::uint32_t version : {3U, 4U}) {
    out.push_back({version, kGetaddr, rpcb(kNfsProgram, 4, "tcp", "127.0.0.1.0.111", "superuser")});
    out.push_back({version, kUaddr2taddr, string("2.2049")});
    out.push_back({version, kTaddr2uaddr, taddr});
  }
  out.push_back({4, kGetversaddr, rpcb(kNfsProgram, 4, "vsockc")});
  out.push_back({4, kGetaddrlist, rpcb(kNfsProgram, 4, "vsockc")});
  return out;
}

}  // namespace

TEST_CASE(
    "SET, UNSET, CALLIT, BCAST, INDIRECT and GETSTAT are no procedures, nor is what a version does not have [P8]") {
  for (const std::uint32_t procedure : {1U, 2U, 5U, 10U, 12U, 13U, 0xffffffffU})
    for (const std::uint32_t version : {2U, 3U, 4U})
      CHECK(ask(over_vsock(), version, procedure, rpcb(1, 1, "tcp")).outcome == Outcome::no_procedure);
  for (const std::uint32_t procedure : {6U, 7U, 8U, 9U, 11U})
    CHECK(ask(over_vsock(), 2, procedure).outcome == Outcome::no_procedure);
  for (const std::uint32_t procedure : {9U, 11U})
    CHECK(ask(over_vsock(), 3, procedure, rpcb(1, 1, "")).outcome == Outcome::no_procedure);
  for (const std::uint32_t version : {0U, 1U, 5U, 0xffffffffU})
    CHECK(ask(over_vsock(), version, 0).outcome == Outcome::no_procedure);
}

TEST_CASE("arguments cut short at any byte, and arguments with more behind them, are garbage [V2]") {
  for (const Sample& s : samples()) {
    CAPTURE(s.version, s.procedure);
    CHECK(ask(over_vsock(), s.version, s.procedure, s.args).outcome == Outcome::answered);
    for (std::size_t n = 0; n < s.args.size(); ++n) {
      const Said said = ask(over_vsock(), s.version, s.procedure,
                            Buffer(s.args.begin(), s.args.begin() + static_cast<std::ptrdiff_t>(n)));
      CHECK(said.outcome == Outcome::bad_arguments);
      CHECK(said.results.empty());
    }
    CHECK(ask(over_vsock(), s.version, s.procedure, join({s.args, words({0})})).outcome == Outcome::bad_arguments);
  }
}

TEST_CASE("procedures without arguments take none [V2]") {
  for (const std::uint32_t version : {2U, 3U, 4U})
    for (const std::uint32_t procedure : {0U, kDump})
      CHECK(ask(over_vsock(), version, procedure, words({0})).outcome == Outcome::bad_arguments);
  CHECK(ask(over_vsock(), 4, kGettime, words({0})).outcome == Outcome::bad_arguments);
}

TEST_CASE("strings have a longest length, whatever they declare [V2]") {
  const std::string longest(255, 'x'), longer(256, 'x');
  CHECK(ask(over_vsock(), 4, kGetaddr, rpcb(kNfsProgram, 4, longest, longest, longest)).text().empty());
  CHECK(ask(over_vsock(), 4, kGetaddr, rpcb(kNfsProgram, 4, "vsockc", longest, longest)).text() == "2.2049");
  for (const Buffer& args :
       {rpcb(kNfsProgram, 4, longer), rpcb(kNfsProgram, 4, "", longer), rpcb(kNfsProgram, 4, "", "", longer)})
    CHECK(ask(over_vsock(), 4, kGetaddr, args).outcome == Outcome::bad_arguments);
  CHECK(ask(over_vsock(), 4, kUaddr2taddr, string(longer)).outcome == Outcome::bad_arguments);
  CHECK(ask(over_vsock(), 4, kUaddr2taddr, words({0xffffffff})).outcome == Outcome::bad_arguments);
  CHECK(ask(over_vsock(), 4, kUaddr2taddr, words({0xfffffffd})).outcome == Outcome::bad_arguments);
}

TEST_CASE("a netbuf longer than its own maximum, or than any address, is garbage [V2]") {
  CHECK(ask(over_vsock(), 4, kTaddr2uaddr, words({15, 16, 0, 0, 0, 0})).outcome == Outcome::bad_arguments);
  Buffer large = words({0xffffffff, 132});
  large.resize(8 + 132);
  CHECK(ask(over_vsock(), 4, kTaddr2uaddr, large).outcome == Outcome::bad_arguments);
}

TEST_CASE("a range of versions is listed in part and found whole [V2]") {
  View v(Netid::vsockc);
  v.add({7, 0, 0xffffffff}, {Netid::vsockc, "2.1001", 1001});
  v.add({8, 0xfffffff8, 0xffffffff}, {Netid::vsockc, "2.1002", 1002});
  CHECK(dump(v, 4).size() == rpcbind::kMaxListedOfRange + 8);
  CHECK(dump(v, 4).back().version == 0xffffffff);
  CHECK(ask(v, 4, kGetversaddr, rpcb(7, 0xfffffff0, "")).text() == "2.1001");
}

TEST_CASE("the longest lists that a view can have fit an answer [V2]") {
  View v(Netid::local);
  const std::string longest(rpcbind::kMaxUaddr, 'x');
  std::size_t added = 0;
  while (v.add({7, 1, 20}, {Netid::vsockc, longest, static_cast<std::uint32_t>(added + 1)})) ++added;
  CHECK(added == rpcbind::kMaxListed);
  CHECK(dump(v, 3).size() == rpcbind::kMaxListed);
  CHECK(dump_2(v).size() == rpcbind::kMaxListed);
  const Said said = ask(v, 4, kGetaddrlist, rpcb(7, 1, ""));
  CHECK(said.outcome == Outcome::answered);
  CHECK(said.results.size() <= rpcbind::kMaxAnswer);
}

TEST_CASE("an address that no answer has room for is not taken") {
  View v(Netid::local);
  CHECK_FALSE(v.add({7, 1, 1}, {Netid::local, std::string(rpcbind::kMaxUaddr + 1, 'x'), 0}));
  CHECK(v.entries().empty());
}

TEST_CASE("an answer that its room is too small for is none [V2]") {
  std::array<std::uint8_t, 40> room;
  CHECK(rpcbind::answer(over_vsock(), 4, kDump, {}, kNow, room).outcome == Outcome::bad_arguments);
}
