// The configuration as the daemon uses it: checked, defaults folded in, names resolved to indices.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gss/identity.h"
#include "proxy/net/address.h"
#include "proxy/policy/guest.h"

namespace gatehouse::config {

/// Problem: an error or warning with its place. Lines and columns count from 1; 0: the file as a whole.
struct Problem {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;  ///< what is wrong and what to do

  /// str: "file:line:column: text".
  [[nodiscard]] std::string str() const;
};

/// Gateway: [gateway].
struct Gateway {
  std::uint32_t workers = 0;  ///< 0: one per core
  std::chrono::milliseconds idle_timeout = std::chrono::minutes(6);
  std::chrono::milliseconds record_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(5);
  std::string secret;  ///< path; empty: not stated, see runtime::secret_path
};

/// Admin: [admin]; empty strings: off.
struct Admin {
  std::string socket = "/run/gatehouse/admin.sock";
  std::string group;
  std::string read_group;
  std::optional<std::uint32_t> group_id;       ///< of group; nothing: none is stated
  std::optional<std::uint32_t> read_group_id;  ///< of read_group
  std::string http;
  bool http_open = false;                          ///< http need not be loopback
  std::optional<net::ListenAddress> http_address;  ///< of http: TCP or unix; empty: off
};

/// Audit: [audit].
struct Audit {
  static constexpr std::string_view kJournal = "journal";
  static constexpr std::string_view kNone = "none";
  std::string log{kJournal};  ///< one of these two, or the absolute path of a file
  friend bool operator==(const Audit&, const Audit&) = default;
};

/// Kerberos: [kerberos].
struct Kerberos {
  enum class Acceptor : std::uint8_t { keytab, gssproxy };
  Acceptor acceptor = Acceptor::keytab;
  std::string keytab = "/etc/krb5.keytab";
  std::string gssproxy_socket = "/run/gatehouse/gssproxy.sock";
  std::string service = "nfs";
  std::string replay_cache = "/var/lib/gatehouse/rcache";  ///< directory; empty: the library's default
  std::chrono::milliseconds context_lifetime = std::chrono::hours(24);
  std::chrono::milliseconds accept_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds id_cache = std::chrono::minutes(10);
  std::uint32_t sequence_window = 1024;
  friend bool operator==(const Kerberos&, const Kerberos&) = default;
};

/// kVsockBuffer: the kernel's own size of a vsock connection's buffers, bytes.
inline constexpr std::uint64_t kVsockBuffer = 256U * 1024;

/// Listener: one [[listener]].
struct Listener {
  std::string name;
  net::ListenAddress address;
  std::uint32_t mode = 0600;                  ///< of a unix or hybrid socket file
  std::string group;                          ///< of a unix or hybrid socket file; empty: the daemon's
  std::uint64_t vsock_buffer = kVsockBuffer;  ///< bytes; of vsock connections, each direction
  bool rpcbind = false;                       ///< answers program 100000 itself, and nothing else
};

/// Backend: one [[backend]].
struct Backend {
  std::string name;
  net::BackendAddress address;
  std::vector<policy::ProgramGrant> programs;  ///< `backend` is this backend's index, procedures empty
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(60);
  bool proxy_protocol = false;
  std::uint64_t vsock_buffer = kVsockBuffer;  ///< bytes; of vsock links, each direction
};

/// Config: everything. Immutable once loaded; safe for all threads.
struct Config {
  Gateway gateway;
  Admin admin;
  Audit audit;
  Kerberos kerberos;
  std::vector<gss::PrincipalRule> principals;
  std::vector<std::string> trust_allowed;
  std::vector<Listener> listeners;
  std::vector<Backend> backends;
  std::vector<policy::Guest> guests;
  std::vector<Problem> warnings;  ///< stated but without effect in this version, and the like
};

/// kMaxFileBytes: a configuration file that is larger is refused unread.
inline constexpr std::size_t kMaxFileBytes = 4U << 20;

/// load: reads `file`, then the drop-ins `*.conf` of the folder conf.d beside it in the order of their names. Tables
/// merge key by key, the later file wins; arrays of tables ([[guest]] ...) are appended. Returns the configuration or
/// every problem found (at least one), never half of either. In the order of files and lines. A file that is no regular
/// file, that everybody may write to or whose owner is neither root nor the user that runs this is an error, as is such
/// a folder conf.d.
std::expected<Config, std::vector<Problem>> load(const std::filesystem::path& file);

/// admin_socket: [admin] socket of `file` and its drop-ins, as far as they can be read and are TOML, whatever else is in
/// them; nothing: none states it. For who wants to ask the daemon, and need not be able to read its configuration.
std::optional<std::string> admin_socket(const std::filesystem::path& file);

/// parse: as load, of text alone; `name` stands for the file in problems.
std::expected<Config, std::vector<Problem>> parse(std::string_view text, const std::string& name);

/// print: the configuration in force as TOML, with [defaults] folded into the guests and every default spelled out;
/// loads to an equal configuration. What cannot be stated (secure = true where there are no ports, a derived source
/// address) stands in comments.
std::string print(const Config& c);

/// source_port_known: whether peers of the guest come with a source port; nothing when its listener is a systemd one,
/// which shows only when the socket is there, or when its listeners are of both kinds. `g` is a guest of `c`.
std::optional<bool> source_port_known(const Config& c, const policy::Guest& g);

/// format_listeners: the value of the key `listener` that `k`, which has listeners, was read from.
std::string format_listeners(const Config& c, const policy::IdentityKeys& k);

}  // namespace gatehouse::config
