#include <algorithm>
#include <cstring>
#include <string>

#include "gss/acceptors/gssproxy_message.h"
#include "gss/acceptors/gssx/gssx.h"
#include "gss/acceptors/krb5_token.h"
#include "gss/acceptors/text.h"
#include "gss/init.h"
#include "rpc/reply.h"

namespace gatehouse::gss {
namespace {

constexpr std::uint32_t kMaxGroups = 65536;
constexpr std::uint32_t kNoId = 0xffffffffU;
constexpr std::uint32_t kNoCred = 7U << 16;          // GSS_S_NO_CRED of RFC 2743
constexpr std::uint32_t kErrorBits = 0xffffU << 16;  // calling and routine errors of a major status

rpc::Bytes bytes_of(const gssx_view& v) {
  return {v.data, v.size};
}

// gssproxy's strings end with a NUL in some fields and without in others.
std::string_view text_of(const gssx_view& v) {
  const std::string_view text(reinterpret_cast<const char*>(v.data), v.size);
  return text.ends_with('\0') ? text.substr(0, text.size() - 1) : text;
}

// A decoded result, which frees itself; the key in it is wiped.
class Result {
 public:
  Result() = default;
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  ~Result() { gssx_free_accepted(&value_); }

  // decode: whether `body` is exactly one result.
  bool decode(rpc::Bytes body) { return gssx_decode_accept(body.data(), body.size(), &value_) != 0; }
  const gssx_accepted* operator->() const { return &value_; }
  const gssx_accepted& operator*() const { return value_; }

 private:
  gssx_accepted value_{};
};

std::unexpected<Refused> out_of_step(std::string text) {
  return std::unexpected(Refused{.major = kGssFailure, .minor = 0, .text = std::move(text), .unavailable = true});
}

std::unexpected<Refused> refuse(std::string text) {
  return std::unexpected(Refused{.major = kGssFailure, .minor = 0, .text = std::move(text), .unavailable = false});
}

std::expected<rpc::Bytes, std::string> results_of(rpc::Bytes reply, std::uint32_t xid) {
  rpc::ReplyHeader head;
  if (rpc::parse_reply_head(reply, true, head) != rpc::HeadStatus::ok)
    return std::unexpected("gssproxy sent what is no reply");
  if (head.xid != xid) return std::unexpected("gssproxy answered another call");
  if (head.denied)
    return std::unexpected("gssproxy denied the call (reject_stat " +
                           std::to_string(static_cast<std::uint32_t>(head.reject_stat)) + ", auth_stat " +
                           std::to_string(head.auth_stat) + ")");
  if (head.accept_stat != rpc::AcceptStat::success)
    return std::unexpected("gssproxy does not do the call (accept_stat " +
                           std::to_string(static_cast<std::uint32_t>(head.accept_stat)) + ")");
  return reply.subspan(head.verf_end + 4);
}

// A status that is not complete. A second leg cannot be had through gssproxy, which keeps no context; a complete status
// with supplementary bits (a duplicate token) is none that is established.
std::unexpected<Refused> refused_by(const gssx_accepted& status) {
  const auto major = static_cast<std::uint32_t>(status.major);
  std::string text(text_of(status.minor_text));
  if (text.empty() || text == "Success") text = text_of(status.major_text);
  Refused out{.major = major, .minor = static_cast<std::uint32_t>(status.minor), .text = {}, .unavailable = false};
  out.text = "gssproxy: " + printable(text);
  if ((major & kErrorBits) == 0) out = {.major = kGssFailure, .minor = 0, .text = "the token wants a second leg"};
  if (major == kNoCred) out.unavailable = true;
  return std::unexpected(std::move(out));
}

std::expected<Accepted, Refused> accepted(const gssx_accepted& context, std::string_view service) {
  if (!std::ranges::equal(bytes_of(context.mech), kKrb5Mech)) return refuse("the context is not of the krb5 mechanism");
  if (context.open == 0 || context.locally_initiated != 0) return refuse("gssproxy's context is not an accepted one");
  const std::string_view target = text_of(context.service);
  if (!names_service(target, service))
    return refuse("the ticket is for " + printable(target) + ", not for " + std::string(service) + "/*");
  const std::string_view principal = text_of(context.client);
  if (principal.empty() || principal.size() > kMaxPrincipal)
    return refuse("the client's name: a name of " + std::to_string(principal.size()) + " bytes");
  const auto lucid = parse_lucid(bytes_of(context.lucid));
  if (!lucid) return refuse("gssproxy's context: " + std::string(lucid_fault_text(lucid.error())));
  if (lucid->initiator) return refuse("gssproxy's context is not an accepted one");

  Accepted out;
  out.key = lucid->key;
  out.ticket_end_s = lucid->endtime;
  out.principal = principal;
  out.looked_up = true;
  return out;
}

}  // namespace

bool parse_linux_creds(rpc::Bytes blob, std::optional<Ids>& ids) {
  ids.reset();
  if (blob.size() < 12 || blob.size() % 4 != 0) return false;
  std::vector<std::uint32_t> words(blob.size() / 4);
  std::memcpy(words.data(), blob.data(), blob.size());
  const std::uint32_t count = words[2];
  if (count > kMaxGroups || words.size() != 3 + std::size_t{count}) return false;
  if (words[0] == kNoId || words[1] == kNoId) return true;
  ids = Ids{.uid = words[0], .gid = words[1], .groups = {}};
  for (const std::uint32_t gid : std::span(words).subspan(3))
    if (gid != ids->gid) ids->groups.push_back(gid);
  return true;
}

std::expected<Accepted, Refused> read_accept_reply(rpc::Bytes reply, std::uint32_t xid, std::string_view service) {
  const auto results = results_of(reply, xid);
  if (!results) return out_of_step(results.error());
  Result result;
  if (!result.decode(*results)) return out_of_step("gssproxy's reply is malformed");
  if (result->major > UINT32_MAX) return out_of_step("gssproxy's reply is malformed: the major status");
  if (result->major != kGssComplete) return refused_by(*result);
  if (result->has_context == 0) return out_of_step("gssproxy's reply has no context");
  auto out = accepted(*result, service);
  if (!out) return out;
  // An older gssproxy leaves the option out when there is no account.
  const bool creds = result->creds_options == 0 || parse_linux_creds(bytes_of(result->creds), out->ids);
  if (result->creds_options > 1 || !creds) return out_of_step("gssproxy's reply is malformed: linux_creds_v1");
  const rpc::Bytes token = bytes_of(result->token);
  out->token.assign(token.begin(), token.end());
  return out;
}

}  // namespace gatehouse::gss
