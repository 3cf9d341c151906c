// Values that the gateway puts into NFS messages in place of those it found.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "proxy/nfs/cmac.h"
#include "proxy/nfs/field.h"
#include "rpc/xdr.h"

namespace gatehouse::nfs {

/// owner_for_server: the client owner as the server is to see it: the guest's name, '/', and what the guest calls
/// itself; so two guests that call themselves the same are two clients. Where that is more than NFS4_OPAQUE_LIMIT, the
/// guest's own part is "sha256:" and its hash in hex: the same owner gives the same always. Names of guests hold no
/// '/'. A view of `out`; empty when OpenSSL refuses the hash.
rpc::Bytes owner_for_server(std::string_view guest, rpc::Bytes owner, std::span<std::uint8_t, kOpaqueLimit> out);

/// Flavor: a way of proving who calls, by its pseudo-flavor (RFC 2623 section 2.2).
enum class Flavor : std::uint32_t { none = 0, sys = 1, krb5 = 390003, krb5i = 390004, krb5p = 390005 };

/// kMostFlavors, kMostFlavorBytes: of a list that the functions below write.
inline constexpr std::size_t kMostFlavors = 5;
inline constexpr std::size_t kMostFlavorBytes = 4 + kMostFlavors * 28;

/// secinfo_flavors: secinfo4<> (RFC 8881 section 18.29) of the list, best first; Kerberos with the OID of RFC 4121, the
/// default quality of protection and its service. A view of `out`.
rpc::Bytes secinfo_flavors(std::span<const Flavor> list, std::span<std::uint8_t, kMostFlavorBytes> out);
/// mount_flavors: auth_flavors<> of MOUNT's mountres3_ok (RFC 1813 section 5.2.1) of the list. A view of `out`.
rpc::Bytes mount_flavors(std::span<const Flavor> list, std::span<std::uint8_t, kMostFlavorBytes> out);

/// no_callback: the address of SETCLIENTID, and of its NFS4ERR_CLID_INUSE, that leads nowhere: a server that cannot
/// call back gives no delegations.
rpc::Bytes no_callback();
/// no_protection: state_protect4_a that is SP4_NONE.
rpc::Bytes no_protection();
/// no_security: callback_sec_parms4<> that is AUTH_NONE alone.
rpc::Bytes no_security();
/// needs_gss: whether callback_sec_parms4<>, as encoded and walked, offers RPCSEC_GSS alone, which no server can use
/// behind the gateway.
bool needs_gss(rpc::Bytes security);

/// kHandleMac, kHandleMac3: bytes that bind a file handle to a guest, in NFSv4 and in NFSv3, whose handles are at most
/// 64 bytes long.
inline constexpr std::size_t kHandleMac = 16;
inline constexpr std::size_t kHandleMac3 = 8;
inline constexpr std::uint32_t kMaxHandle3 = 64;

/// room_for_bound: of the bytes that a client allows the entries of a directory, so many that they still fit when each
/// handle has grown: an entry with a handle of the servers known is 60 bytes long and more, and grows by 16.
constexpr std::uint32_t room_for_bound(std::uint32_t room) {
  return room - room / 4;
}

/// HandleFault: why a handle is not taken.
enum class HandleFault : std::uint8_t {
  too_long,  ///< the server's is so long that there is no room for the guest's part
  foreign,   ///< the guest shows one that it was not given
};

/// Binding: how handles are bound: the guest's key, bytes of the MAC, and the most a handle may have.
struct Binding {
  const Cmac& key;
  std::size_t mac = kHandleMac;
  std::size_t most = kMaxHandle;
};

/// bound_handle: the server's handle with the guest's part behind it; a view of `out`.
std::expected<rpc::Bytes, HandleFault> bound_handle(const Binding& binding, rpc::Bytes handle,
                                                    std::span<std::uint8_t, kMaxHandle> out);
/// servers_handle: the server's part of what the guest shows, a view of `shown`, compared in constant time.
std::expected<rpc::Bytes, HandleFault> servers_handle(const Binding& binding, rpc::Bytes shown);

}  // namespace gatehouse::nfs
