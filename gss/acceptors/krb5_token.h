// What is looked at of a token before anybody is asked to accept it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "rpc/xdr.h"

namespace gatehouse::gss {

/// kKrb5Mech: the object identifier of the krb5 mechanism as DER has it, 1.2.840.113554.1.2.2 (RFC 4121 section 1).
inline constexpr std::array<std::uint8_t, 9> kKrb5Mech = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02};

/// InitialTokenKind: what an initial token says that it is.
enum class InitialTokenKind : std::uint8_t {
  krb5,        ///< framed as RFC 2743 section 3.1 wants it, for the krb5 mechanism
  empty,       ///< no bytes at all
  other_mech,  ///< framed, for another mechanism: SPNEGO, NegoEx's carrier, IAKERB, an old or wrong krb5
  not_framed,  ///< no frame: a raw AP-REQ of DCE style, NTLM, or garbage
};

/// initial_token_kind: reads the frame of an initial context token and nothing behind it.
InitialTokenKind initial_token_kind(rpc::Bytes token);

/// initial_token_kind_text: why a token of that kind is refused; empty for krb5.
std::string_view initial_token_kind_text(InitialTokenKind kind);

/// initial_token_kind_major: the major status (RFC 2743) that goes with it; 0 for krb5.
std::uint32_t initial_token_kind_major(InitialTokenKind kind);

/// kMaxPrincipal: bytes of the longest principal that is taken, as text.
inline constexpr std::size_t kMaxPrincipal = 1024;

/// names_service: whether the principal's first component is `service`, as in "nfs/host@REALM".
bool names_service(std::string_view principal, std::string_view service);

/// kGssCredentialsExpired: GSS_S_CREDENTIALS_EXPIRED of RFC 2743.
inline constexpr std::uint32_t kGssCredentialsExpired = 11U << 16;
/// kExpiredText: why a ticket that has ended is refused. Kerberos libraries take one for some minutes more, for clocks
/// that differ; its context would be dead at birth, and the client would make another and another.
inline constexpr std::string_view kExpiredText = "the ticket has expired (or the clocks of client and host differ)";
/// ticket_ended: whether `end_s` (seconds since 1970) is past.
bool ticket_ended(std::int64_t end_s);

}  // namespace gatehouse::gss
