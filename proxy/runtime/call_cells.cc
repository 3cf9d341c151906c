#include "proxy/runtime/call_cells.h"

#include <algorithm>

#include "rpc/gss_cred.h"
#include "rpc/xdr.h"

namespace gatehouse::runtime {
namespace {

constexpr std::array<std::string_view, kCallFlavors> kFlavorWords = {"none", "sys", "krb5", "krb5i", "krb5p", "other"};
constexpr std::array<std::string_view, kCallEnds> kEndWords = {"forwarded", "answered", "refused"};
// In an RPCSEC_GSS credential the service stands behind version, procedure and sequence number.
constexpr std::size_t kServiceAt = 12;

CallFlavor of_service(rpc::Bytes cred) {
  if (cred.size() < kServiceAt + 4) return CallFlavor::other;
  switch (static_cast<rpc::GssService>(rpc::XdrReader(cred.subspan(kServiceAt)).u32())) {
    case rpc::GssService::none: return CallFlavor::krb5;
    case rpc::GssService::integrity: return CallFlavor::krb5i;
    case rpc::GssService::privacy: return CallFlavor::krb5p;
    default: return CallFlavor::other;
  }
}

}  // namespace

std::string_view flavor_word(CallFlavor f) {
  return kFlavorWords[static_cast<std::size_t>(f)];
}
std::string_view end_word(CallEnd e) {
  return kEndWords[static_cast<std::size_t>(e)];
}

CallFlavor flavor_of(const rpc::OpaqueAuth& cred) {
  switch (static_cast<rpc::AuthFlavor>(cred.flavor)) {
    case rpc::AuthFlavor::none: return CallFlavor::none;
    case rpc::AuthFlavor::sys: return CallFlavor::sys;
    case rpc::AuthFlavor::rpcsec_gss: return of_service(cred.body);
    default: return CallFlavor::other;
  }
}

std::vector<std::uint32_t> counted_programs(const policy::Guest& guest) {
  std::vector<std::uint32_t> out;
  const auto add = [&](std::uint32_t program, std::size_t most) {
    if (out.size() < most && std::ranges::find(out, program) == out.end()) out.push_back(program);
  };
  for (const policy::ProgramGrant& g : guest.programs) add(g.program, kCountedPrograms - 2);
  add(rpc::program::kRpcbind, kCountedPrograms - 1);
  return out;
}

}  // namespace gatehouse::runtime
