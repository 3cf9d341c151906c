#include "gss/acceptors/krb5_token.h"

#include <algorithm>
#include <ctime>

#include "gss/init.h"

namespace gatehouse::gss {
namespace {

constexpr std::uint8_t kApplicationTag = 0x60;  // [APPLICATION 0] IMPLICIT SEQUENCE
constexpr std::uint8_t kOidTag = 0x06;

// Takes a DER length off the front of `in`; nothing larger than what is left is a length.
bool take_length(rpc::Bytes& in, std::size_t& length) {
  if (in.empty()) return false;
  std::size_t octets = 0;
  length = in[0];
  in = in.subspan(1);
  if (length >= 0x80) {
    octets = length & 0x7fU;
    length = 0;
    if (octets == 0 || octets > 4 || octets > in.size()) return false;
    for (const std::uint8_t b : in.first(octets)) length = length << 8U | b;
    in = in.subspan(octets);
  }
  return length <= in.size();
}

}  // namespace

//= rfc4121#4.1
// # an initial token has the frame of RFC 2743 section 3.1 with the object identifier of the krb5 mechanism
InitialTokenKind initial_token_kind(rpc::Bytes token) {
  if (token.empty()) return InitialTokenKind::empty;
  if (token[0] != kApplicationTag) return InitialTokenKind::not_framed;
  rpc::Bytes rest = token.subspan(1);
  std::size_t length = 0;
  if (!take_length(rest, length) || length != rest.size()) return InitialTokenKind::not_framed;
  if (rest.empty() || rest[0] != kOidTag) return InitialTokenKind::not_framed;
  rest = rest.subspan(1);
  if (!take_length(rest, length)) return InitialTokenKind::not_framed;
  return std::ranges::equal(rest.first(length), kKrb5Mech) ? InitialTokenKind::krb5 : InitialTokenKind::other_mech;
}

std::string_view initial_token_kind_text(InitialTokenKind kind) {
  switch (kind) {
    case InitialTokenKind::krb5: return {};
    case InitialTokenKind::empty: return "the token is empty";
    case InitialTokenKind::other_mech: return "the token is for another mechanism than krb5";
    case InitialTokenKind::not_framed: return "the token is no initial token of a mechanism (RFC 2743 section 3.1)";
  }
  return "the token is of no known kind";
}

std::uint32_t initial_token_kind_major(InitialTokenKind kind) {
  switch (kind) {
    case InitialTokenKind::krb5: return 0;
    case InitialTokenKind::other_mech: return 1U << 16;  // GSS_S_BAD_MECH
    case InitialTokenKind::empty:
    case InitialTokenKind::not_framed: break;
  }
  return kGssDefectiveToken;
}

bool names_service(std::string_view principal, std::string_view service) {
  return principal.size() > service.size() && principal.starts_with(service) && principal[service.size()] == '/';
}

bool ticket_ended(std::int64_t end_s) {
  return std::time(nullptr) >= end_s;
}

}  // namespace gatehouse::gss
