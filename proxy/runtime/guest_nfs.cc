#include "proxy/runtime/guest_nfs.h"

namespace gatehouse::runtime {
namespace {

constexpr std::uint32_t kNfs = 100003;

nfs::Flavor flavor_of(policy::Sec sec) {
  switch (sec) {
    case policy::Sec::none: return nfs::Flavor::none;
    case policy::Sec::sys: return nfs::Flavor::sys;
    case policy::Sec::krb5: return nfs::Flavor::krb5;
    case policy::Sec::krb5i: return nfs::Flavor::krb5i;
    case policy::Sec::krb5p: break;
  }
  return nfs::Flavor::krb5p;
}

// The flavors of a set in its order: a client takes the first that it can speak (RFC 8881 section 2.6.3.1, RFC 2623
// section 2.7), so that the order of `sec` is what the administrator prefers, as in exports(5).
std::span<const nfs::Flavor> list_flavors(const policy::SecSet& set, std::span<nfs::Flavor, nfs::kMostFlavors> room) {
  static_assert(policy::SecSet::kMost <= nfs::kMostFlavors);
  std::size_t n = 0;
  for (const policy::Sec s : set) room[n++] = flavor_of(s);
  return room.first(n);
}

// Names have no zero byte: no two guests have one text.
std::string key_name(const policy::Guest& guest, std::uint32_t generation) {
  std::string out = guest.name;
  if (!guest.uuid.empty() || generation > 0) out.append(1, '\0').append(guest.uuid);
  if (generation > 0) out.append(1, '\0').append(std::to_string(generation));
  return out;
}

nfs::Rules rules_of(const policy::Guest& guest, const nfs::GuestKeys& keys, std::span<const nfs::Flavor> flavors) {
  nfs::Rules out;
  if (guest.nfs.bind_owners) out.guest = guest.name;
  if (guest.nfs.bind_state || guest.nfs.bind_handles) out.keys = &keys;
  out.bind_state = guest.nfs.bind_state;
  out.bind_handles = guest.nfs.bind_handles;
  out.neutral_callbacks = !guest.nfs.callback_addresses;
  out.no_state_protection = true;
  out.read_only = guest.nfs.ro;
  out.pass_unknown = guest.nfs.pass_unknown;
  out.flavors = flavors;
  return out;
}

}  // namespace

GuestNfs::GuestNfs(const policy::Guest& guest, rpc::Bytes secret, std::uint32_t generation)
    : ready(keys_.derive(secret, key_name(guest, generation))),
      rules(rules_of(guest, keys_, list_flavors(guest.sec_for(kNfs), flavors_))) {}

}  // namespace gatehouse::runtime
