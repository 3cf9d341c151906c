// Replies of gssproxy: those are decoded whose lengths add up, what is taken is within its limits, and a reply to
// another call is never taken.
#include "gss/acceptors/gssproxy_message.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::Bytes;
using rpc::XdrReader;

constexpr std::uint32_t kAny = 0xffffffffU;

// Walks results by the protocol's types (gss_proxy.x) without decoding them, as a second opinion on their form.
class Walker {
 public:
  explicit Walker(Bytes results) : in_(results) {}

  bool accept_result() {
    status();
    if (present()) context();
    if (present()) buffers(1);
    if (present()) cred();
    options();
    return good_ && in_.at_end();
  }

 private:
  void buffers(int n) {
    while (n-- > 0) in_.opaque(kAny);
  }
  void hypers(int n) {
    for (int i = 0; i < 2 * n; ++i) in_.u32();
  }
  bool present() { return in_.u32() != 0; }
  std::uint32_t count(std::uint32_t most) {
    const std::uint32_t n = in_.u32();
    good_ = good_ && n <= most;
    return good_ ? n : 0;
  }
  void options() {
    for (std::uint32_t n = count(64); n > 0 && in_.ok(); --n) buffers(2);
  }
  void name() {
    buffers(4);
    for (std::uint32_t n = count(256); n > 0 && in_.ok(); --n) {
      buffers(2);
      options();
    }
    options();
  }
  void status() {
    hypers(1);
    buffers(1);
    hypers(1);
    buffers(3);
    options();
  }
  void context() {
    buffers(2);
    in_.u32();
    buffers(1);
    name();
    name();
    hypers(2);
    in_.u32();
    in_.u32();
    options();
  }
  void cred() {
    name();
    for (std::uint32_t n = count(64); n > 0 && in_.ok(); --n) {
      name();
      buffers(1);
      in_.u32();
      hypers(2);
      options();
    }
    buffers(1);
    in_.u32();
  }

  XdrReader in_;
  bool good_ = true;
};

void check_taken(const gss::Accepted& a) {
  const bool small = a.key.enctype == gss::Enctype::aes128_sha1 || a.key.enctype == gss::Enctype::aes128_sha256;
  expect(a.key.size == (small ? 16U : 32U), "a key is as long as its encryption type's");
  expect(!a.principal.empty() && a.principal.size() <= 1024, "the principal has a name of a sane length");
  expect(a.looked_up, "gssproxy is the one that maps");
  expect(!a.ids || a.ids->groups.size() <= 65536, "groups are as many as Linux has");
  if (a.ids) expect(a.ids->uid != 0xffffffffU && a.ids->gid != 0xffffffffU, "no id is -1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes reply(data, size);
  const std::uint32_t xid = XdrReader(reply).u32();
  const auto read = gss::read_accept_reply(reply, xid, "nfs");
  if (read) {
    check_taken(*read);
  } else {
    expect(!read.error().text.empty() && read.error().major != 0, "a refusal has a status and a reason");
    for (const char c : read.error().text) expect(c >= ' ' && c < 0x7f, "a reason is printable");
  }
  // As gssproxy sends it: accepted, a verifier of no bytes, success; then the results.
  if (size >= 24 && XdrReader(reply.subspan(16)).u32() == 0) {
    const bool decoded = Walker(reply.subspan(24)).accept_result();
    if (read) expect(decoded, "what is taken has the form of a result");
    if (!read && read.error().text == "gssproxy's reply is malformed")
      expect(!decoded, "what has the form of a result is decoded");
  }
  const auto other = gss::read_accept_reply(reply, xid + 1, "nfs");
  expect(!other && other.error().unavailable, "a reply to another call is not taken");
  const auto elsewhere = gss::read_accept_reply(reply, xid, "no such service");
  expect(!elsewhere, "a ticket for another service is not taken");
  std::optional<gss::Ids> ids;
  if (!gss::parse_linux_creds(reply, ids)) expect(!ids, "no ids of what is malformed");
  return 0;
}
