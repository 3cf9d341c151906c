// Calls on a listener with rpcbind = true.
#include "tests/unit/proxy/policy/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using policy::Decision;
using policy::Rule;
using policy::Verdict;
using rpc::AuthStat;
using rpc::Rejection;

namespace {

void check_answered(const Call& c) {
  const Decision d = policy::decide_rpcbind(c.header());
  CHECK(d.verdict == Verdict::answer_rpcbind);
  CHECK(d.rule == Rule::rpcbind);
}
void check_refused(const Call& c, Rule rule, const Rejection& why) {
  const Decision d = policy::decide_rpcbind(c.header());
  CHECK(d.verdict == Verdict::refuse);
  CHECK(policy::rule_word(d.rule) == policy::rule_word(rule));
  CHECK(d.rejection == why);
}

}  // namespace

TEST_CASE("rpcbind's calls with AUTH_NONE and AUTH_SYS are answered, whoever claims what [V2]") {
  const std::vector<std::vector<std::uint32_t>> answered = {{0, 3, 4}, {0, 3, 4, 6, 7, 8}, {0, 3, 4, 6, 7, 8, 9, 11}};
  for (std::uint32_t version = 2; version <= 4; ++version)
    for (const std::uint32_t procedure : answered[version - 2]) {
      Call c(100000, version, procedure);
      check_answered(c);
      check_answered(c.sys(0, 0));
      check_answered(c.sys(1000, 1000, {1, 2, 3}));
    }
  Call c(100000, 4, 4);
  CHECK(policy::decide_rpcbind(c.sys(77, 1).header()).claimed_uid == 77U);
}

TEST_CASE("SET, UNSET, CALLIT, BCAST and INDIRECT are refused of every version [P8]") {
  for (const std::uint32_t version : {2U, 3U, 4U})
    for (const std::uint32_t procedure : {1U, 2U, 5U, 10U}) {
      Call c(100000, version, procedure);
      check_refused(c, Rule::rpcbind_builtin, Rejection::of(Rejection::Kind::proc_unavail));
      check_refused(c.sys(0, 0), Rule::rpcbind_builtin, Rejection::of(Rejection::Kind::proc_unavail));
    }
}

TEST_CASE("procedures behind the last of a version are not there, and statistics are not told [V2]") {
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> absent = {{2, 6},  {2, 11}, {3, 9},
                                                                       {3, 11}, {4, 12}, {4, 13}};
  for (const auto& [version, procedure] : absent) {
    Call c(100000, version, procedure);
    check_refused(c, Rule::rpcbind, Rejection::of(Rejection::Kind::proc_unavail));
  }
}

TEST_CASE("other programs and versions are not there [V2]") {
  Call nfs(100003, 4, 0);
  check_refused(nfs, Rule::rpcbind, Rejection::of(Rejection::Kind::prog_unavail));
  for (const std::uint32_t version : {0U, 1U, 5U, 0xffffffffU}) {
    Call c(100000, version, 1);
    check_refused(c, Rule::version, Rejection::prog_mismatch(2, 4));
  }
}

TEST_CASE("a credential that cannot be read is refused, and so is a verifier [P11]") {
  Call c(100000, 4, 4);
  check_refused(c.cred(1, {0, 0, 0, 1}), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
  check_refused(c.cred(0, {0, 0, 0, 0}), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
  check_refused(c.cred(2), Rule::unknown_flavor, Rejection::auth(AuthStat::rejectedcred));
  check_refused(c.cred(6, {0, 0, 0, 1}), Rule::rpcbind, Rejection::auth(AuthStat::tooweak));
  c.sys(0, 0).verf(1, {0, 0, 0, 0});
  check_refused(c, Rule::bad_verifier, Rejection::auth(AuthStat::badverf));
  c.cred(0);
  check_refused(c, Rule::bad_verifier, Rejection::auth(AuthStat::badverf));
}

TEST_CASE("the AUTH_TLS probe is answered there, too, and nothing else with AUTH_TLS") {
  Call probe(100000, 4, 0);
  CHECK(policy::decide_rpcbind(probe.cred(7).header()).verdict == Verdict::answer_empty);
  Call other(100000, 4, 4);
  check_refused(other.cred(7), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
}

TEST_CASE("an answer of rpcbind is told in words") {
  Call c(100000, 4, 4);
  const policy::Guest guest = web1();
  CHECK(policy::describe(guest, c.header(), {}, policy::decide_rpcbind(c.header())) ==
        "guest web1: rpcbind version 4 procedure DUMP is answered by the gateway: the listener has rpcbind = true");
  Decision d = policy::decide_rpcbind(c.header());
  d.verdict = Verdict::refuse;
  d.rejection = Rejection::of(Rejection::Kind::garbage_args);
  CHECK(policy::describe(guest, c.header(), {}, d) ==
        "guest web1: rpcbind version 4 procedure DUMP has arguments that cannot be read");
  d.rejection = Rejection::of(Rejection::Kind::prog_unavail);
  CHECK(policy::describe(guest, c.header(), {}, d).ends_with("is not served: the listener has rpcbind = true"));
  d.rejection = Rejection::auth(AuthStat::tooweak);
  CHECK(policy::describe(guest, c.header(), {}, d).find("takes AUTH_NONE or AUTH_SYS") != std::string::npos);
  d.rejection = Rejection::of(Rejection::Kind::proc_unavail);
  CHECK(policy::describe(guest, c.header(), {}, d) ==
        "guest web1: rpcbind version 4 procedure DUMP is no procedure that the gateway answers");
}
