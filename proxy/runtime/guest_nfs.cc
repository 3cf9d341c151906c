#include "proxy/runtime/guest_nfs.h"

#include <utility>

namespace gatehouse::runtime {
namespace {

constexpr std::uint32_t kNfs = 100003;

// The flavors of a set, best first: a client takes the first it can speak (RFC 8881 section 2.6.3.1, RFC 2623 2.7).
std::span<const nfs::Flavor> list_flavors(policy::SecSet set, std::span<nfs::Flavor, nfs::kMostFlavors> room) {
  constexpr std::pair<policy::Sec, nfs::Flavor> kBestFirst[] = {{policy::Sec::krb5p, nfs::Flavor::krb5p},
                                                                {policy::Sec::krb5i, nfs::Flavor::krb5i},
                                                                {policy::Sec::krb5, nfs::Flavor::krb5},
                                                                {policy::Sec::sys, nfs::Flavor::sys},
                                                                {policy::Sec::none, nfs::Flavor::none}};
  std::size_t n = 0;
  for (const auto& [sec, flavor] : kBestFirst)
    if (set.has(sec)) room[n++] = flavor;
  return room.first(n);
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

GuestNfs::GuestNfs(const policy::Guest& guest, rpc::Bytes secret)
    : ready(keys_.derive(secret, guest.name)),
      rules(rules_of(guest, keys_, list_flavors(guest.sec_for(kNfs), flavors_))) {}

}  // namespace gatehouse::runtime
