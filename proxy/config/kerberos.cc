#include <sys/un.h>

#include <algorithm>

#include "proxy/config/sections.h"

namespace gatehouse::config {
namespace {

constexpr Word<Kerberos::Acceptor> kAcceptors[] = {{"keytab", Kerberos::Acceptor::keytab},
                                                   {"gssproxy", Kerberos::Acceptor::gssproxy}};

// An absolute path that C libraries read as it is written; a relative one would depend on where the daemon was started.
std::string read_path(Context& ctx, const View& v, std::string_view key, bool may_be_empty) {
  const Found f = v.find(key);
  if (!f) return {};
  const std::string& path = *f.node->text();
  const std::string shown = std::string(key) + " is " + quote(path);
  if (path.empty() && may_be_empty) return path;
  if (path.empty())
    ctx.error(f.node->place, std::string(key) + " is empty: leave the key out for its default");
  else if (path.front() != '/')
    ctx.error(f.node->place,
              shown + ": write an absolute path" + (may_be_empty ? ", or \"\" for libkrb5's own place" : ""));
  else if (path.contains('\0'))
    ctx.error(f.node->place, shown + ": no path holds the character \\u0000");
  return path;
}

void check_socket_length(Context& ctx, const View& v) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  const Found f = v.find("gssproxy_socket");
  if (f && f.node->text()->size() > kMost)
    ctx.error(f.node->place, "gssproxy_socket is longer than " + std::to_string(kMost) + " bytes, which no socket is");
}

// The part of a service principal before the slash, as krb5.conf and keytabs have it.
bool valid_service(std::string_view s) {
  return !s.empty() && s.size() <= 64 && std::ranges::all_of(s, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

void read_service(Context& ctx, const View& v, Kerberos& k) {
  const Found f = v.find("service");
  if (!f) return;
  k.service = *f.node->text();
  if (!valid_service(k.service))
    ctx.error(f.node->place, "service is " + quote(k.service) +
                                 ": write the part of the principal before the slash, for example \"nfs\"");
}

}  // namespace

void read_kerberos(Context& ctx, const Node& root, Config& out) {
  const View v(Section::kerberos, table_of(ctx, root, "kerberos", Section::kerberos));
  Kerberos& k = out.kerberos;
  k.acceptor = choose(ctx, v, "acceptor", kAcceptors, k.acceptor);
  k.keytab = read_path(ctx, v, "keytab", false);
  k.gssproxy_socket = read_path(ctx, v, "gssproxy_socket", false);
  check_socket_length(ctx, v);
  read_service(ctx, v, k);
  k.replay_cache = read_path(ctx, v, "replay_cache", true);
  k.accept_timeout = v.time("accept_timeout").value_or(k.accept_timeout);
  k.context_lifetime = v.time("context_lifetime").value_or(k.context_lifetime);
  k.id_cache = v.time("id_cache").value_or(k.id_cache);
  k.sequence_window = v.u32("sequence_window", k.sequence_window);
}

}  // namespace gatehouse::config
