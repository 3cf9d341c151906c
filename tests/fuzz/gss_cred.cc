// RPCSEC_GSS credentials: exactly those are taken whose lengths add up, encoding a parsed one gives the same bytes
// again, padding apart, and no credential is believed without the checksum that proves it.
#include "rpc/gss_cred.h"

#include <array>
#include <vector>

#include "gss/receive.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::Bytes;
using rpc::GssCred;

constexpr std::size_t kFixed = 20;

// By arithmetic on the lengths alone (RFC 2203 section 5).
bool well_formed(Bytes body) {
  if (body.size() < kFixed) return false;
  const std::uint32_t handle = rpc::XdrReader(body.subspan(kFixed - 4)).u32();
  return body.size() == kFixed + (std::uint64_t{handle} + 3) / 4 * 4;
}

/// Any: knows one context by every handle.
struct Any final : gss::Known {
  std::shared_ptr<gss::Context> find(Bytes) override { return context; }
  std::shared_ptr<gss::Context> context;
};

Any& any() {
  static Any one = [] {
    gss::Context::Terms terms;
    terms.key.size = gss::SessionKey::kMaxBytes;
    terms.ticket_end_s = 100;
    terms.lifetime_end_ms = 100;
    Any made;
    made.context = gss::Context::make(terms, 1);
    return made;
  }();
  return one;
}

void encodes_as_it_came(Bytes body, const GssCred& cred) {
  expect(fuzz::inside(cred.handle, body), "the handle lies in the body");
  std::vector<std::uint8_t> memory(body.size());
  rpc::XdrWriter w(memory);
  rpc::write_gss_cred(w, cred);
  expect(w.ok() && w.size() == body.size(), "as many bytes");
  for (std::size_t i = 0; i < kFixed + cred.handle.size(); ++i) expect(w.written()[i] == body[i], "the same bytes");
}

// The credential in a call whose verifier proves nothing.
void is_not_believed(Bytes body, std::uint32_t verifier_flavor, Bytes verifier, const gss::Clock& now) {
  std::vector<std::uint8_t> record(rpc::kMaxCallHeader);
  rpc::XdrWriter w(record);
  for (const std::uint32_t word : {1U, rpc::kCall, rpc::kRpcVersion, 100003U, 4U, 0U}) w.u32(word);
  rpc::write_auth(w, rpc::AuthFlavor::rpcsec_gss, body);
  w.u32(verifier_flavor);
  w.opaque(verifier);
  rpc::CallHeader call;
  if (rpc::parse_call_head(w.written(), true, call) != rpc::HeadStatus::ok) return;
  const gss::Received got = gss::receive(call, w.written(), any(), now, 0);
  expect(got.finding != gss::Finding::data && got.finding != gss::Finding::destroy,
         "nothing is done without a checksum");
  expect(got.context == nullptr, "no context is handed out");
  expect(any().context->last_used() == 0, "the context was not used");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes body(data, size);
  GssCred cred;
  const bool taken = rpc::parse_gss_cred(body, cred);
  expect(taken == well_formed(body), "the lengths decide");
  if (taken) encodes_as_it_came(body, cred);
  if (size >= 4) expect(cred.version == rpc::XdrReader(body).u32(), "the version is there whatever follows");
  if (size > rpc::kMaxAuthBytes) return 0;
  const std::array<std::uint8_t, 28> nothing = {4, 4, 0, 0xff, 0xff, 0xff, 0xff, 0xff};
  for (const gss::Clock now : {gss::Clock{0, 0}, gss::Clock{100, 100}}) {
    is_not_believed(body, 0, {}, now);
    is_not_believed(body, 6, nothing, now);
    is_not_believed(body, 6, body, now);
  }
  return 0;
}
