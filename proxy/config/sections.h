// One function a section: from the document to Config. Each reports every problem of its section and goes on.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "proxy/config/config.h"
#include "proxy/config/reader.h"

namespace gatehouse::config {

/// NameBook: the names of one kind of thing, each taken once.
class NameBook {
 public:
  /// kind: "listener", "backend" or "guest", for errors.
  explicit NameBook(std::string kind) : kind_(std::move(kind)) {}

  /// claim: takes the `name` of `table` for number `index`, reporting a bad or a second one. The name, or nothing.
  std::string claim(Context& ctx, const Node& table, Section section, std::uint16_t index);

  /// resolve: the number of the thing that `reference` (a string node) names; reports a dangling one.
  std::optional<std::uint16_t> resolve(Context& ctx, const Node& reference) const;

 private:
  std::string kind_;
  std::map<std::string, std::pair<std::uint16_t, Place>> names_;
};

/// Books: the names of what has been read.
struct Books {
  NameBook listeners{"listener"};
  NameBook backends{"backend"};
  NameBook guests{"guest"};
  std::unordered_map<std::string, std::string> addresses;  ///< of listeners, as format() has them, and whose they are
};

/// kMostNumbered: listeners, and backends, that there may be at most: their numbers have 16 bits.
inline constexpr std::size_t kMostNumbered = 65535;

/// table_of: the one table of a section, checked; null when it is not stated.
const Node* table_of(Context& ctx, const Node& root, std::string_view key, Section section);

/// check_pattern: reports a pattern of principals (a string node) that can match nobody. `key` is whose value it is.
void check_pattern(Context& ctx, const Node& pattern, std::string_view key);

/// vsock_buffer: the key of that name, bytes, in [[listener]] and [[backend]].
std::uint64_t vsock_buffer(const View& v);

/// read_config: everything, in the order below.
void read_config(Context& ctx, const Node& root, Config& out);

void read_gateway(Context& ctx, const Node& root, Config& out);
void read_admin(Context& ctx, const Node& root, Config& out);
void read_audit(Context& ctx, const Node& root, Config& out);
void read_kerberos(Context& ctx, const Node& root, Config& out);
void read_principals(Context& ctx, const Node& root, Config& out);
void read_trust(Context& ctx, const Node& root, Config& out);
void read_listeners(Context& ctx, const Node& root, Books& books, Config& out);
/// read_backends: after read_listeners: a backend must not be one of the gateway's own listeners.
void read_backends(Context& ctx, const Node& root, Books& books, Config& out);
/// read_guests: after all others.
void read_guests(Context& ctx, const Node& root, Books& books, Config& out);

/// ProgramRange: "PROGRAM[:LOW[-HIGH]]" of configuration.
struct ProgramRange {
  std::uint32_t program = 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0xffffffffU;
  bool versions_stated = false;
};

/// parse_program_range: nothing when it is not that.
std::optional<ProgramRange> parse_program_range(std::string_view text);

/// format_range: "nfs version 4" or "nfs versions 3 to 4", for errors.
std::string format_range(std::uint32_t program, std::uint32_t low, std::uint32_t high);

}  // namespace gatehouse::config
