// Exports of NFS servers: whom they admit, as far as an address can tell.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/xdr.h"

namespace gatehouse::doctor {

/// Match: whether a client of an export is an address.
enum class Match : std::uint8_t {
  no,
  yes,
  perhaps,  ///< a name, a pattern or a netgroup: the server's own look-ups decide
};

/// Client: whom an export is for. A plain value.
class Client {
 public:
  /// Client: `spec` as exports(5), "Machine Name Formats", has it: an address, a network, a name, "@netgroup", "*".
  /// `insecure`: ports that anybody may use are taken; known of knfsd's table alone.
  explicit Client(std::string_view spec, bool insecure = false);

  [[nodiscard]] const std::string& spec() const { return spec_; }
  [[nodiscard]] bool insecure() const { return insecure_; }
  [[nodiscard]] Match match(const std::array<std::uint8_t, 4>& address) const;

 private:
  std::string spec_;
  bool insecure_;
  Match else_ = Match::no;     // what an address is that is not in the network
  std::uint32_t network_ = 1;  // no address is in this one
  std::uint32_t mask_ = 0;
};

/// Export: a directory and its clients. One path may stand in several.
struct Export {
  std::string path;
  std::vector<Client> clients;
};

/// parse_etab: knfsd's table /var/lib/nfs/etab, one export and client a line, written by exportfs(8). Lines that it
/// would not write are left out.
std::vector<Export> parse_etab(std::string_view text);

/// parse_mount_exports: the results of MOUNT's EXPORT (RFC 1813 appendix I, 5.2.5); an export without groups is for
/// everybody. Nothing: malformed. Memory is bounded by the bytes that are there.
std::optional<std::vector<Export>> parse_mount_exports(rpc::Bytes results);

/// admits: the best match of the address with the clients of an export.
Match admits(const Export& e, const std::array<std::uint8_t, 4>& address);

/// listens_in_portlist: whether the text of /proc/fs/nfsd/portlist has this TCP port: then the server is knfsd.
bool listens_in_portlist(std::string_view portlist, std::uint16_t port);

}  // namespace gatehouse::doctor
