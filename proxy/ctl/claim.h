// A call as a guest could make it, from words of the command line.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/call.h"
#include "rpc/gss_cred.h"

namespace gatehouse::ctl {

/// Claim: what the guest says. Text as it was typed.
struct Claim {
  std::string sec = "sys";  ///< none, sys, krb5, krb5i, krb5p, tls, short or dh
  std::string principal;    ///< who calls by krb5, krb5i or krb5p: "alice@EXAMPLE.COM"; empty with the others
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> gids;  ///< of any number: more than 16 are as malformed here as on the wire
  std::string program;              ///< name or number
  std::uint32_t version = 0;
  std::string procedure;  ///< name or number
};

/// Call: the call header that a claim makes. `header` views `credential`: not to be copied apart from it.
struct Call {
  std::vector<std::uint8_t> credential;
  rpc::CallHeader header;
  rpc::GssService service = rpc::GssService::none;  ///< of an RPCSEC_GSS call
};

/// parse_number: a decimal number of 32 bits, or what is wrong with what was given for `option`.
std::expected<std::uint32_t, std::string> parse_number(std::string_view option, std::string_view text);
/// parse_numbers: numbers with commas between; an empty text is none.
std::expected<std::vector<std::uint32_t>, std::string> parse_numbers(std::string_view option, std::string_view text);

/// make_call: encodes the claim as it would come over the wire, or says which word means nothing.
std::expected<Call, std::string> make_call(const Claim& claim);

}  // namespace gatehouse::ctl
