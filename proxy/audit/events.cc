#include "proxy/audit/events.h"

#include <algorithm>

namespace gatehouse::audit {
namespace {

Event of(Kind kind, const net::Peer& peer) {
  Event out;
  out.kind = kind;
  out.peer = peer;
  return out;
}

Call call_of(const rpc::CallHeader& c) {
  return {c.program, c.version, c.procedure, c.cred.flavor};
}

Ids ids_of(const gss::Ids& ids) {
  Ids out{ids.uid, ids.gid, {}, static_cast<std::uint32_t>(ids.groups.size())};
  std::copy_n(ids.groups.begin(), std::min(ids.groups.size(), out.groups.size()), out.groups.begin());
  return out;
}

}  // namespace

std::string_view kind_word(Kind k) {
  static constexpr std::array<std::string_view, kKinds> kWords = {"start",
                                                                  "stop",
                                                                  "trust",
                                                                  "admin",
                                                                  "call-refused",
                                                                  "connection-refused",
                                                                  "connection-closed",
                                                                  "context-made",
                                                                  "context-refused",
                                                                  "context-ended",
                                                                  "suppressed",
                                                                  "lost"};
  return kWords[static_cast<std::size_t>(k)];
}

Event call_refused(const net::Peer& peer, const rpc::CallHeader& call, const policy::Decision& d,
                   std::string_view principal, std::string_view detail) {
  Event out = of(Kind::call_refused, peer);
  out.call = call_of(call);
  out.rule = policy::rule_word(d.rule);
  out.reply = rpc::rejection_name(d.rejection);
  out.claimed_uid = d.claimed_uid;
  out.principal = principal;
  out.detail = detail;
  return out;
}

Event call_refused(const net::Peer& peer, const rpc::CallHeader& call, std::string_view rule, std::string_view finding,
                   std::string_view reply) {
  Event out = of(Kind::call_refused, peer);
  out.call = call_of(call);
  out.rule = rule;
  out.word = finding;
  out.reply = reply;
  return out;
}

Event connection_refused(const net::Peer& peer, std::string_view rule, std::string_view listener) {
  Event out = of(Kind::connection_refused, peer);
  out.rule = rule;
  out.detail = listener;
  return out;
}

Event connection_shed(std::string_view rule) {
  Event out;
  out.kind = Kind::connection_refused;
  out.rule = rule;
  return out;
}

Event connection_closed(const net::Peer& peer, std::string_view rule, std::string_view detail) {
  Event out = of(Kind::connection_closed, peer);
  out.rule = rule;
  out.detail = detail;
  return out;
}

Event context_made(const net::Peer& peer, const gss::Identity& who, std::string_view acceptor, std::int64_t until_s) {
  Event out = of(Kind::context_made, peer);
  out.principal = who.principal;
  out.ids = ids_of(who.ids);
  out.word = acceptor;
  out.until_s = until_s;
  return out;
}

Event context_refused(const net::Peer& peer, std::string_view principal, std::string_view rule, std::string_view why) {
  Event out = of(Kind::context_refused, peer);
  out.principal = principal;
  out.rule = rule;
  out.detail = why;
  return out;
}

Event context_ended(const gss::Identity& who, std::string_view cause) {
  Event out;
  out.kind = Kind::context_ended;
  out.principal = who.principal;
  out.ids = ids_of(who.ids);
  out.word = cause;
  return out;
}

}  // namespace gatehouse::audit
