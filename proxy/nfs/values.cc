#include "proxy/nfs/values.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>

namespace gatehouse::nfs {
namespace {

constexpr std::string_view kHashed = "sha256:";
constexpr std::size_t kHash = 32;

rpc::Bytes as_bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}

std::size_t write_hash(rpc::Bytes owner, std::span<std::uint8_t> out) {
  std::uint8_t hash[kHash];
  if (EVP_Digest(owner.data(), owner.size(), hash, nullptr, EVP_sha256(), nullptr) != 1) return 0;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::memcpy(out.data(), kHashed.data(), kHashed.size());
  std::size_t at = kHashed.size();
  for (const std::uint8_t b : hash) {
    out[at++] = static_cast<std::uint8_t>(kDigits[b >> 4]);
    out[at++] = static_cast<std::uint8_t>(kDigits[b & 15U]);
  }
  return at;
}

}  // namespace

rpc::Bytes owner_for_server(std::string_view guest, rpc::Bytes owner, std::span<std::uint8_t, kOpaqueLimit> out) {
  std::memcpy(out.data(), guest.data(), guest.size());
  out[guest.size()] = '/';
  const std::size_t at = guest.size() + 1;
  if (owner.size() <= out.size() - at) {
    if (!owner.empty()) std::memcpy(out.data() + at, owner.data(), owner.size());
    return out.first(at + owner.size());
  }
  const std::size_t n = write_hash(owner, out.subspan(at));
  return out.first(n == 0 ? 0 : at + n);
}

rpc::Bytes secinfo_flavors(std::span<const Flavor> list, std::span<std::uint8_t, kMostFlavorBytes> out) {
  static constexpr std::uint8_t kKerberos[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02};
  constexpr std::uint32_t kRpcsecGss = 6;
  list = list.first(std::min(list.size(), kMostFlavors));
  rpc::XdrWriter w(out);
  w.u32(static_cast<std::uint32_t>(list.size()));
  for (const Flavor f : list) {
    const auto number = static_cast<std::uint32_t>(f);
    if (f == Flavor::none || f == Flavor::sys) {
      w.u32(number);
      continue;
    }
    w.u32(kRpcsecGss);
    w.opaque(kKerberos);
    w.u32(0);                                                      // qop
    w.u32(number - static_cast<std::uint32_t>(Flavor::krb5) + 1);  // rpc_gss_svc_t: none, integrity, privacy
  }
  return w.written();
}

rpc::Bytes mount_flavors(std::span<const Flavor> list, std::span<std::uint8_t, kMostFlavorBytes> out) {
  list = list.first(std::min(list.size(), kMostFlavors));
  rpc::XdrWriter w(out);
  w.u32(static_cast<std::uint32_t>(list.size()));
  for (const Flavor f : list) w.u32(static_cast<std::uint32_t>(f));
  return w.written();
}

rpc::Bytes no_callback() {
  static constexpr std::string_view kNowhere{"\0\0\0\3tcp\0\0\0\0\v0.0.0.0.0.0\0", 24};
  return as_bytes(kNowhere);
}

rpc::Bytes no_protection() {
  static constexpr std::uint8_t kNone[4] = {};
  return kNone;
}

rpc::Bytes no_security() {
  static constexpr std::uint8_t kNone[8] = {0, 0, 0, 1};
  return kNone;
}

bool needs_gss(rpc::Bytes security) {
  constexpr std::uint32_t kGss = 6;
  rpc::XdrReader in(security);
  std::uint32_t n = in.u32();
  if (n == 0) return false;
  for (; n > 0; --n) {
    if (in.u32() != kGss) return false;
    in.u32();  // service
    in.opaque(kAny);
    in.opaque(kAny);
  }
  return in.ok();
}

std::expected<rpc::Bytes, HandleFault> bound_handle(const Binding& binding, rpc::Bytes handle,
                                                    std::span<std::uint8_t, kMaxHandle> out) {
  if (handle.size() + binding.mac > binding.most) return std::unexpected(HandleFault::too_long);
  const AesBlock mac = binding.key.of(handle);
  if (!handle.empty()) std::memcpy(out.data(), handle.data(), handle.size());
  std::memcpy(out.data() + handle.size(), mac.data(), binding.mac);
  return out.first(handle.size() + binding.mac);
}

std::expected<rpc::Bytes, HandleFault> servers_handle(const Binding& binding, rpc::Bytes shown) {
  if (shown.size() < binding.mac) return std::unexpected(HandleFault::foreign);
  const rpc::Bytes handle = shown.first(shown.size() - binding.mac);
  const AesBlock mac = binding.key.of(handle);
  if (CRYPTO_memcmp(mac.data(), shown.data() + handle.size(), binding.mac) != 0)
    return std::unexpected(HandleFault::foreign);
  return handle;
}

}  // namespace gatehouse::nfs
