// What the daemon says of itself. Plain values; the keys they get in JSON are an interface: docs/operations/admin.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/runtime/trace.h"

namespace gatehouse::admin {

/// Listener, Backend: one each, and how it is.
struct Listener {
  std::string name;
  std::string address;
  bool listening = false;
};
struct Backend {
  std::string name;
  std::string address;
  std::string_view state;  ///< "up", "down" or "untried"
};

/// Reload: what became of the last reload; `at` 0: there was none. Times are seconds since 1970.
struct Reload {
  std::int64_t at = 0;
  bool good = true;
  std::vector<config::Problem> problems = {};
};

/// Sums: what connections make up together. Since the start but for the first three, which are of now.
struct Sums {
  std::uint64_t connections = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t contexts = 0;
  std::uint64_t calls = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

  Sums& operator+=(const Sums& o) {
    connections += o.connections;
    in_flight += o.in_flight;
    contexts += o.contexts;
    calls += o.calls;
    refused += o.refused;
    bytes_in += o.bytes_in;
    bytes_out += o.bytes_out;
    return *this;
  }
};

/// Totals: of all guests.
struct Totals {
  std::uint64_t guests = 0;
  Sums sums = {};
  std::uint64_t strangers = 0;  ///< connections of peers that are no guest
};

/// Capabilities: what this gateway can do, for who places guests on hosts (requirement T5).
struct Capabilities {
  std::vector<std::string_view> flavors;
  std::vector<std::string_view> transports;
  std::string_view acceptor;  ///< "keytab" or "gssproxy"
};

/// Status: the daemon as a whole.
struct Status {
  std::string_view version;
  std::int64_t pid = 0;
  std::int64_t started = 0;
  std::uint64_t uptime_s = 0;
  std::uint64_t workers = 0;
  bool draining = false;
  std::string_view log_level;
  std::uint64_t snapshot = 0;  ///< counts the configurations that were in force, from 1
  std::int64_t loaded = 0;     ///< when the last of them was
  Reload last_reload;
  std::vector<Listener> listeners;
  std::vector<Backend> backends;
  Totals totals;
  Capabilities capabilities;
};

/// Guest: a guest in force. Sums since it was configured but for connections, in_flight and contexts.
struct Guest {
  std::string name;
  std::string uuid;
  std::string identity;
  std::string source_address;
  bool trusted = false;
  bool draining = false;
  bool traced = false;
  Sums sums = {};
};

/// Session: one connection of a guest.
struct Session {
  std::uint64_t id = 0;
  std::string guest;
  std::string peer;
  std::size_t worker = 0;
  std::uint64_t age_ms = 0;
  std::uint64_t idle_ms = 0;
  std::uint64_t calls = 0;                ///< without a reply
  std::vector<std::string_view> flavors;  ///< that its calls had
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::vector<std::string> backends;  ///< that it has links to
};

/// Context: one RPCSEC_GSS context of a guest. Of its handle no more than what tells two apart, of its key nothing.
struct Context {
  std::string guest;
  std::string principal;
  std::string handle;  ///< the first four bytes, hexadecimal
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t groups = 0;  ///< how many
  std::uint64_t age_ms = 0;
  std::uint64_t idle_ms = 0;
  std::uint64_t expires_ms = 0;  ///< in
};

/// Evicted: what an eviction ended.
struct Evicted {
  std::uint64_t connections = 0;
  std::uint64_t contexts = 0;
};

/// Drained: connections that are told to finish. `draining` false: a guest's drain was undone.
struct Drained {
  std::uint64_t connections = 0;
  bool draining = true;
};

/// Reloaded: what a reload changed, by name of guest. `replaced`: the name stayed, and it is another guest.
struct Reloaded {
  std::uint64_t snapshot = 0;
  std::uint64_t guests = 0;
  std::vector<std::string> added = {};
  std::vector<std::string> removed = {};
  std::vector<std::string> replaced = {};
  std::vector<std::string> changed = {};
  std::uint64_t contexts = 0;  ///< that were retired
  std::vector<config::Problem> warnings = {};
};

/// Level: the least level of lines that are logged.
struct Level {
  std::string_view level;
};

}  // namespace gatehouse::admin
