#include "proxy/config/settings.h"

#include <algorithm>
#include <array>

namespace gatehouse::config {
namespace {

using enum Section;
using enum Type;

constexpr std::int64_t kMillisecond = 1;
constexpr std::int64_t kSecond = 1000 * kMillisecond;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kMaxTime = 365 * 24 * kHour;
constexpr std::int64_t kMaxId = 4294967294;  // 4294967295 is -1: nobody
constexpr std::int64_t kMaxU32 = 4294967295;
constexpr std::int64_t kMaxCount = 1000000;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;

// section, key, type, default, required, low, high, doc
constexpr Setting kSettings[] = {
    {gateway, "workers", integer, "0", false, 0, 1024, "Worker threads; 0 is one per core."},
    {gateway, "idle_timeout", time, "\"6min\"", false, 100 * kMillisecond, kMaxTime,
     "A session without a byte for so long is closed; NFS clients expect 6 minutes or more."},
    {gateway, "record_timeout", time, "\"30s\"", false, 100 * kMillisecond, kHour,
     "A record that has begun must be complete within this time."},
    {gateway, "drain_timeout", time, "\"5s\"", false, 0, kHour,
     "At SIGTERM calls that were passed on have this time to be answered; then their connections are closed."},
    {gateway, "secret", text, "", false, 0, 0,
     "File that the keys of all guests are made from, at least 32 random bytes, made when it is not there; when "
     "absent, "
     "secret in $STATE_DIRECTORY or else in /var/lib/gatehouse."},

    {admin, "socket", text, "\"/run/gatehouse/admin.sock\"", false, 0, 0,
     "Unix socket that gatehousectl talks to; \"\" is none."},
    {admin, "group", text, "\"\"", false, 0, 0,
     "Members of this group may do there what root may; \"\" is nobody besides root and the daemon's user."},
    {admin, "read_group", text, "\"\"", false, 0, 0,
     "Members of this group may ask there for what is shown, but not trace calls nor change anything; \"\" is nobody."},
    {admin, "http", text, "\"\"", false, 0, 0,
     "Where /metrics, /healthz and /readyz are served, \"127.0.0.1:9464\", \"[::1]:9464\" or \"unix:PATH\"; \"\" is "
     "none."},
    {admin, "http_open", boolean, "false", false, 0, 0,
     "Permits http on an address that is not loopback: whoever reaches it reads the names of guests and what they do."},

    {audit, "log", text, "\"journal\"", false, 0, 0,
     "Where security decisions are written: journal (of systemd), none, or the absolute path of a file of JSON lines."},

    {kerberos, "acceptor", text, "\"keytab\"", false, 0, 0, "Who accepts Kerberos contexts: keytab or gssproxy."},
    {kerberos, "keytab", text, "\"/etc/krb5.keytab\"", false, 0, 0,
     "File with the keys of the service's principals, for acceptor = \"keytab\"."},
    {kerberos, "gssproxy_socket", text, "\"/run/gatehouse/gssproxy.sock\"", false, 0, 0,
     "Socket of gssproxy, for acceptor = \"gssproxy\"."},
    {kerberos, "service", text, "\"nfs\"", false, 0, 0,
     "Only tickets for this service are taken: a host/ ticket meant for sshd is refused."},
    {kerberos, "replay_cache", text, "\"/var/lib/gatehouse/rcache\"", false, 0, 0,
     "Directory that remembers tickets' authenticators against replays, for acceptor = \"keytab\"; \"\" is libkrb5's "
     "own "
     "place."},
    {kerberos, "accept_timeout", time, "\"10s\"", false, 100 * kMillisecond, kHour,
     "An accept of a context that takes longer has failed."},
    {kerberos, "context_lifetime", time, "\"24h\"", false, kSecond, kMaxTime,
     "A context lives at most so long, and never beyond its ticket."},
    {kerberos, "id_cache", time, "\"10min\"", false, kSecond, kMaxTime,
     "What a principal was mapped to is remembered so long."},
    {kerberos, "sequence_window", integer, "1024", false, 32, 65536,
     "How many RPCSEC_GSS sequence numbers a call may come late."},

    {principal, "match", text, "", true, 0, 0,
     "Principals this rule is for, * standing for any text; the first rule that matches decides."},
    {principal, "map", principal_map, "", true, 0, 0, "A local account, { uid, gid, groups }, or \"deny\"."},
    {principal_ids, "uid", integer, "", true, 0, kMaxId, "User id."},
    {principal_ids, "gid", integer, "", true, 0, kMaxId, "Group id."},
    {principal_ids, "groups", integers, "[]", false, 0, kMaxId, "Further group ids."},

    {trust, "allowed", texts, "[]", false, 0, 0,
     "Only these guests may say trusted = true: it takes both, so that who writes a drop-in for a guest cannot grant "
     "trust."},

    {listener, "name", text, "", true, 0, 0, "Name of the listener, for guests and logs."},
    {listener, "address", text, "", true, 0, 0,
     "vsock:CID|any:PORT, hybrid:UDS_PATH:PORT, tcp:127.0.0.1:PORT, tcp:[fe80::1%tap0]:PORT, unix:PATH or "
     "systemd:NAME."},
    {listener, "mode", mode, "\"0600\"", false, 0, 0777, "Mode of the socket file of a unix or hybrid listener."},
    {listener, "group", text, "\"\"", false, 0, 0,
     "Group of the socket file of a unix or hybrid listener; \"\" is the daemon's."},
    {listener, "vsock_buffer", size, "\"256KiB\"", false, 4096, 64LL << 20,
     "Bytes that the kernel holds for each connection of a vsock listener, each direction."},
    {listener, "rpcbind", boolean, "false", false, 0, 0,
     "Answer rpcbind (program 100000) here, with what the asking guest may use and where, and nothing else."},

    {backend, "name", text, "", true, 0, 0, "Name of the backend, for guests and logs."},
    {backend, "address", text, "", true, 0, 0,
     "unix:PATH, tcp:ADDR:PORT, or in a virtual machine: vsock:CID:PORT or hybrid:UDS_PATH:PORT."},
    {backend, "programs", texts, "", true, 0, 0,
     "RPC programs and versions it serves, by name or number: \"nfs:3-4\", \"100227:3\"."},
    {backend, "connect_timeout", time, "\"60s\"", false, 10 * kMillisecond, kHour,
     "A new session waits so long for a backend that is down."},
    {backend, "proxy_protocol", boolean, "false", false, 0, 0,
     "Begin each link with a PROXY protocol v2 header that carries the guest's source address and port."},
    {backend, "vsock_buffer", size, "\"256KiB\"", false, 4096, 64LL << 20,
     "Bytes that the kernel holds for each link to a vsock backend, each direction."},

    {policy, "sec", texts, "[\"sys\", \"krb5\", \"krb5i\", \"krb5p\"]", false, 0, 0,
     "Security flavors, as sec= of exports(5): none, sys, krb5, krb5i, krb5p; none takes trust. A mount without sec= "
     "takes the first that its client can speak."},
    {policy, "sec_by_program", flavors_table, "{}", false, 0, 0,
     "Flavors of single programs instead of sec: { mountd = [\"sys\"] }; a guest adds to what [defaults] has."},
    {policy, "principals", texts, "[]", false, 0, 0,
     "Kerberos principals that may come in, * standing for any text; [] is all that map to ids."},
    {policy, "squash", text, "\"root\"", false, 0, 0,
     "Whose ids become anonymous, as exports(5) means it: none, root or all; none takes trust."},
    {policy, "anonuid", integer, "65534", false, 0, kMaxId, "The anonymous user id, a host id; 0 takes trust."},
    {policy, "anongid", integer, "65534", false, 0, kMaxId, "The anonymous group id, a host id; 0 takes trust."},
    {policy, "secure", boolean, "true", false, 0, 0,
     "AUTH_SYS only from a source port below 1024; false takes trust. Sockets without ports (hybrid, unix) cannot meet "
     "it."},
    {policy, "insecure_action", text, "\"reject\"", false, 0, 0,
     "What becomes of an AUTH_SYS call from a higher port while secure = true: reject or squash."},
    {policy, "groups", text, "\"first16\"", false, 0, 0,
     "Groups sent to the backend: first16, primary (the primary group alone), or reject more than 16."},
    {policy, "uid_map", texts, "[]", false, 0, 0,
     "Guest ids to host ids, \"FIRST-LAST:HOST\"; [] keeps ids as they are; a map that gives 0 takes trust."},
    {policy, "gid_map", texts, "", false, 0, 0, "The same for group ids; when absent, uid_map is used."},
    {policy, "trusted", boolean, "false", false, 0, 0,
     "Permits squash = \"none\", ids mapped to 0, secure = false and sec none; the name must be in [trust] allowed "
     "too."},
    {policy, "backends", texts, "[]", false, 0, 0, "Backends the guest may reach; [] is none."},
    {policy, "programs", texts, "[]", false, 0, 0,
     "Narrows what the backends serve: \"nfs:4\", \"mountd:3/null,mnt,umnt\"; [] leaves all of it."},
    {policy, "state_ids", text, "\"bound\"", false, 0, 0,
     "Session and client ids of NFSv4, and state ids of 4.0: bound to the guest that got them, or plain."},
    {policy, "client_owners", text, "", false, 0, 0,
     "Names that NFSv4 clients give themselves: bound to the guest, or plain; when absent, bound wherever an NFSv4 "
     "server "
     "serves several guests."},
    {policy, "callback_addresses", text, "\"none\"", false, 0, 0,
     "Where an NFSv4.0 server is asked to call back: none, or plain."},
    {policy, "filehandles", text, "\"plain\"", false, 0, 0,
     "File handles: bound to the guest that got them, or plain."},
    {policy, "ro", boolean, "false", false, 0, 0,
     "Read-only, as exports(5) means it: what would change something fails with ROFS."},
    {policy, "unknown_operations", text, "\"refuse\"", false, 0, 0,
     "NFSv4 operations that are in no RFC known here: refuse, or pass."},
    {policy, "mount_paths", texts, "[]", false, 0, 0,
     "What MOUNT gives, with all that is below; [] is what the server exports."},
    {policy, "limits", limits_table, "{}", false, 0, 0,
     "What one guest may use over all its connections; a guest changes single keys of it."},

    {guest, "name", text, "", true, 0, 0,
     "Name of the guest: in logs, in [trust], and the machine name of the credentials made for it."},
    {guest, "uuid", text, "\"\"", false, 0, 0, "UUID of the virtual machine, shown beside the name."},
    {guest, "cid", integer, "", false, 0, kMaxU32, "Identity: the peer's CID."},
    {guest, "listener", text_or_texts, "", false, 0, 0,
     "Identity: all that this listener accepts, or any of a list of listeners."},
    {guest, "interface", text, "", false, 0, 0, "Identity: the interface a TCP listener is bound to, one TAP a guest."},
    {guest, "uid", integer, "", false, 0, kMaxId, "Identity: the user of a unix peer, or the VMM's of a hybrid one."},
    {guest, "source_address", text, "", false, 0, 0,
     "IPv4 address its links to TCP backends come from; when absent, made from the name, in 127.64.0.0/10."},

    {limits, "connections", integer, "64", false, 1, kMaxCount, "Connections at a time."},
    {limits, "in_flight", integer, "1024", false, 1, kMaxCount, "Calls without a reply."},
    {limits, "record_bytes", size, "\"2MiB\"", false, 1, kGiB, "Size of one record, either direction."},
    {limits, "fragments", integer, "1024", false, 1, kMaxCount, "Fragments of one record."},
    {limits, "buffered_bytes", size, "\"64MiB\"", false, 1, 1024 * kGiB,
     "Bytes held for slow readers and for records of several fragments."},
    {limits, "log_lines", integer, "10", false, 1, kMaxCount, "Log lines a second about refused calls."},
    {limits, "audit_lines", integer, "50", false, 1, kMaxCount,
     "Lines of the audit log a second; further ones are counted there."},
    {limits, "contexts", integer, "4096", false, 1, kMaxCount, "Kerberos contexts at a time."},
    {limits, "nascent_contexts", integer, "64", false, 1, kMaxCount,
     "Kerberos contexts that are being accepted at a time."},
    {limits, "inits_per_second", integer, "1000", false, 1, kMaxCount, "Kerberos contexts asked for in a second."},
    {limits, "gss_request_bytes", size, "\"32MiB\"", false, 1, 1024 * kGiB,
     "Bytes of krb5i and krb5p calls that are being received; at least record_bytes."},
    {limits, "gss_reply_bytes", size, "\"32MiB\"", false, 1, 1024 * kGiB,
     "Bytes of replies to such calls that are being received from backends; at least record_bytes."},
};

// In the order of Section.
constexpr std::array<std::string_view, 12> kTitles = {
    "[gateway]", "[admin]",      "[audit]",     "[kerberos]", "[[principal]]", "map of [[principal]]",
    "[trust]",   "[[listener]]", "[[backend]]", "[defaults]", "[[guest]]",     "limits"};

// In the order of Type.
constexpr std::array<std::string_view, 12> kHints = {
    "true or false, without quotes",
    "an integer, without quotes",
    "a string in quotes",
    "a time with its unit, for example \"30s\", \"6min\" or \"24h\"",
    "a size with its unit, for example \"2MiB\", or an integer of bytes",
    "an octal mode in quotes, for example \"0660\"",
    "a list of strings, for example [\"a\", \"b\"]",
    "a string in quotes, or a list of strings, for example [\"a\", \"b\"]",
    "a list of integers, for example [10, 20]",
    "a table of program = flavors, for example { mountd = [\"sys\"] }",
    "a table, for example { connections = 64 }",
    "a local account in quotes, { uid = 1000, gid = 1000 }, or \"deny\""};

}  // namespace

std::span<const Setting> settings() {
  return kSettings;
}

const Setting* find_setting(Section section, std::string_view key) {
  const auto* row =
      std::ranges::find_if(kSettings, [&](const Setting& s) { return s.section == section && s.key == key; });
  return row == std::end(kSettings) ? nullptr : row;
}

std::string_view section_title(Section section) {
  return kTitles[static_cast<std::size_t>(section)];
}
std::string_view type_hint(Type type) {
  return kHints[static_cast<std::size_t>(type)];
}

}  // namespace gatehouse::config
