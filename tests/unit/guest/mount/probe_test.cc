#include "guest/mount/probe.h"

#include <sys/socket.h>

#include <array>

#include "proxy/net/fd.h"
#include "rpc/reply.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::guest;

namespace {

constexpr std::uint32_t kXid = 0x67617465;

// What ask() makes of a server that reads the call, sends `answer` and closes.
ProbeOutcome outcome_of(rpc::Bytes answer) {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  const net::UniqueFd here(ends[0]);
  net::UniqueFd there(ends[1]);
  // It all fits into the socket: the answer is there before the question.
  REQUIRE(::send(there.get(), answer.data(), answer.size(), 0) == static_cast<ssize_t>(answer.size()));
  ::shutdown(there.get(), SHUT_WR);
  const ProbeOutcome out = ask(here.get()).outcome;
  std::array<std::uint8_t, 64> call{};
  CHECK(::recv(there.get(), call.data(), call.size(), 0) == 44);
  return out;
}

}  // namespace

TEST_CASE("any reply to NULL is an answer, but that the program is not there") {
  rpc::RejectionBytes bytes;
  CHECK(outcome_of(rpc::write_empty_success(kXid, bytes)) == ProbeOutcome::answered);
  CHECK(outcome_of(rpc::write_rejection(kXid, rpc::Rejection::prog_mismatch(3, 3), bytes)) == ProbeOutcome::answered);
  CHECK(outcome_of(rpc::write_rejection(kXid, rpc::Rejection::auth(rpc::AuthStat::tooweak), bytes)) ==
        ProbeOutcome::answered);
  CHECK(outcome_of(rpc::write_rejection(kXid, rpc::Rejection::of(rpc::Rejection::Kind::prog_unavail), bytes)) ==
        ProbeOutcome::no_nfs);
}

TEST_CASE("what is no reply to the call is told apart") {
  rpc::RejectionBytes bytes;
  CHECK(outcome_of({}) == ProbeOutcome::closed);
  const rpc::Bytes whole = rpc::write_empty_success(kXid, bytes);
  CHECK(outcome_of(whole.first(3)) == ProbeOutcome::closed);
  CHECK(outcome_of(whole.first(20)) == ProbeOutcome::closed);
  CHECK(outcome_of(rpc::write_empty_success(kXid + 1, bytes)) == ProbeOutcome::not_rpc);
  const std::string http = "HTTP/1.1 400 Bad Request\r\n\r\n";
  CHECK(outcome_of({reinterpret_cast<const std::uint8_t*>(http.data()), http.size()}) == ProbeOutcome::not_rpc);
}

TEST_CASE("each outcome but an answer is explained in one line that says what to do") {
  const net::VsockAddress host{2, 2049};
  const RelayPort relay{false, 2049};
  CHECK(explain(Probe{ProbeOutcome::answered, 0}, host).empty());
  CHECK(explain(Probe{ProbeOutcome::answered, 0}, relay).empty());
  for (int i = 1; i <= static_cast<int>(ProbeOutcome::failed); ++i) {
    const Probe probe{static_cast<ProbeOutcome>(i), 5};
    INFO(i);
    CHECK(explain(probe, host).size() > 20);
    CHECK(explain(probe, relay).size() > 20);
    CHECK(explain(probe, host).find('\n') == std::string::npos);
  }
  CHECK(explain(Probe{ProbeOutcome::nobody_listens, 0}, host) ==
        "nothing listens on port 2049 of CID 2: is gatehoused running and is this guest configured?");
}
