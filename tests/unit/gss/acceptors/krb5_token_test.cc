// The frame of an initial token, and names of services.
#include "gss/acceptors/krb5_token.h"

#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse;
using gss::InitialTokenKind;

namespace {

using Octets = std::vector<std::uint8_t>;

Octets framed(Octets oid, const Octets& inner, Octets length = {}) {
  Octets body{0x06, static_cast<std::uint8_t>(oid.size())};
  body.insert(body.end(), oid.begin(), oid.end());
  body.insert(body.end(), inner.begin(), inner.end());
  Octets out{0x60};
  if (length.empty()) length = {static_cast<std::uint8_t>(body.size())};
  out.insert(out.end(), length.begin(), length.end());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

const Octets kKrb5(gss::kKrb5Mech.begin(), gss::kKrb5Mech.end());
const Octets kInner{0x01, 0x00, 0x6e, 0x01};

}  // namespace

//= rfc4121#4.1
//# an initial token has the frame of RFC 2743 section 3.1 with the object identifier of the krb5 mechanism
TEST_CASE("a framed token of the krb5 mechanism is one, with a length in any number of octets [G11]") {
  CHECK(gss::initial_token_kind(framed(kKrb5, kInner)) == InitialTokenKind::krb5);
  CHECK(gss::initial_token_kind(framed(kKrb5, kInner, {0x81, 15})) == InitialTokenKind::krb5);
  CHECK(gss::initial_token_kind(framed(kKrb5, kInner, {0x84, 0, 0, 0, 15})) == InitialTokenKind::krb5);
  CHECK(gss::initial_token_kind(framed(kKrb5, {})) == InitialTokenKind::krb5);
  CHECK(gss::initial_token_kind(framed(kKrb5, Octets(70000), {0x83, 0x01, 0x11, 0x7b})) == InitialTokenKind::krb5);
}

TEST_CASE("a framed token of another mechanism is refused as that: SPNEGO, IAKERB, Microsoft's, the old krb5 [G11]") {
  const std::vector<Octets> others = {
      {0x2b, 0x06, 0x01, 0x05, 0x05, 0x02},
      {0x2b, 0x06, 0x01, 0x05, 0x02, 0x05},
      {0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02},
      {0x2b, 0x05, 0x01, 0x05, 0x02},
      {},
  };
  for (const Octets& oid : others) {
    CHECK(gss::initial_token_kind(framed(oid, kInner)) == InitialTokenKind::other_mech);
  }
  Octets longer = kKrb5;
  longer.push_back(0);
  CHECK(gss::initial_token_kind(framed(longer, kInner)) == InitialTokenKind::other_mech);
  CHECK(gss::initial_token_kind(framed({kKrb5.begin(), kKrb5.end() - 1}, kInner)) == InitialTokenKind::other_mech);
  CHECK(gss::initial_token_kind_major(InitialTokenKind::other_mech) == 1U << 16);
}

TEST_CASE("what has no frame is no token: none, raw AP-REQ, NTLM, lengths that lie [G5, G11]") {
  CHECK(gss::initial_token_kind({}) == InitialTokenKind::empty);
  const Octets good = framed(kKrb5, kInner);
  for (std::size_t n = 1; n < good.size(); ++n) {
    INFO(n);
    CHECK(gss::initial_token_kind(rpc::Bytes(good).first(n)) == InitialTokenKind::not_framed);
  }
  Octets longer = good;
  longer.push_back(0);
  CHECK(gss::initial_token_kind(longer) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(Octets{0x6e, 0x82, 0x01, 0x00}) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(Octets{'N', 'T', 'L', 'M', 'S', 'S', 'P', 0}) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(framed(kKrb5, kInner, {0x80})) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(framed(kKrb5, kInner, {0x85, 0, 0, 0, 0, 15})) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(framed(kKrb5, kInner, {0x84, 0xff, 0xff, 0xff, 0xff})) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(Octets{0x60, 2, 0x06, 9}) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(Octets{0x60, 2, 0x04, 0}) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind(Octets{0x60, 0}) == InitialTokenKind::not_framed);
  CHECK(gss::initial_token_kind_major(InitialTokenKind::empty) == 9U << 16);
  CHECK(gss::initial_token_kind_major(InitialTokenKind::not_framed) == 9U << 16);
}

TEST_CASE("a principal is of a service when its first component is the service's name, and no less [G8]") {
  CHECK(gss::names_service("nfs/host@REALM", "nfs"));
  CHECK_FALSE(gss::names_service("nfsd/host@REALM", "nfs"));
  CHECK_FALSE(gss::names_service("nfs@REALM", "nfs"));
  CHECK_FALSE(gss::names_service("host/nfs@REALM", "nfs"));
  CHECK_FALSE(gss::names_service("nfs", "nfs"));
  CHECK_FALSE(gss::names_service("", "nfs"));
  CHECK_FALSE(gss::names_service("NFS/host@REALM", "nfs"));
}
