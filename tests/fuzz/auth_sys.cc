// AUTH_SYS bodies: exactly those are taken whose lengths add up within the limits, and encoding a parsed one gives the
// same bytes again, padding apart, which is not looked at.
#include "rpc/auth_sys.h"

#include <algorithm>
#include <array>

#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::AuthSys;
using rpc::Bytes;

std::uint32_t word(Bytes b, std::size_t at) {
  return at + 4 <= b.size() ? rpc::XdrReader(b.subspan(at)).u32() : 0xffffffffU;
}

// By arithmetic on the lengths alone (RFC 5531 appendix A).
bool well_formed(Bytes body) {
  const std::uint32_t name = word(body, 4);
  if (name > rpc::kMaxMachineName) return false;
  const std::uint32_t gids = word(body, 16 + rpc::padded(name));
  return gids <= rpc::kMaxGids && body.size() == 20 + rpc::padded(name) + 4 * std::size_t{gids};
}

bool same(const AuthSys& a, const AuthSys& b) {
  return a.stamp == b.stamp && a.machine == b.machine && a.uid == b.uid && a.gid == b.gid &&
         std::ranges::equal(a.groups(), b.groups());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes body(data, size);
  AuthSys claim;
  const bool taken = rpc::parse_auth_sys(body, claim);
  expect(taken == well_formed(body), "the lengths decide");
  if (!taken) return 0;
  const Bytes name{reinterpret_cast<const std::uint8_t*>(claim.machine.data()), claim.machine.size()};
  expect(fuzz::inside(name, body), "the machine name lies in the body");

  std::array<std::uint8_t, rpc::kMaxAuthSysBody> memory{};
  rpc::XdrWriter w(memory);
  rpc::write_auth_sys(w, claim);
  expect(w.ok() && w.size() == size, "kMaxAuthSysBody holds every body");
  const std::size_t padding_from = 8 + name.size();
  const std::size_t padding_to = 8 + rpc::padded(name.size());
  for (std::size_t i = 0; i < size; ++i)
    if (i < padding_from || i >= padding_to) expect(w.written()[i] == body[i], "the same bytes");
  AuthSys back;
  expect(rpc::parse_auth_sys(w.written(), back) && same(claim, back), "what was written parses as what was read");
  return 0;
}
