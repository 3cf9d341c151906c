// Asking a server one RPC call, and telling apart what can come of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/ctl/doctor/checks.h"
#include "proxy/net/connect.h"
#include "rpc/call.h"
#include "rpc/reply.h"

namespace gatehouse::doctor {

/// Fault: why no reply came.
struct Fault {
  enum class Kind : std::uint8_t {
    no_privilege,   ///< this process may bind no port below 1024
    refused,        ///< nobody listens there
    absent,         ///< unix: there is no such socket; vsock: no such machine
    no_route,       ///< the system says that there is no way, or something else: `text`
    no_connection,  ///< the connection was not taken in time
    closed,         ///< taken, and closed before the reply
    silent,         ///< taken, and no reply in time
    garbage,        ///< what came is no RPC reply
  };
  Kind kind = Kind::no_route;
  std::string text;  ///< one line of what was seen
};

/// Reply: a record that answers, and what its header says. Owns its bytes; `head` views them.
struct Reply {
  std::vector<std::uint8_t> bytes;
  rpc::ReplyHeader head;
  std::chrono::microseconds took{};

  [[nodiscard]] bool success() const { return !head.denied && head.accept_stat == rpc::AcceptStat::success; }
  /// body: what follows the header of an accepted reply.
  [[nodiscard]] rpc::Bytes body() const { return rpc::Bytes(bytes).subspan(head.verf_end + 4); }
};

/// Origin: where a connection comes from.
struct Origin {
  std::array<std::uint8_t, 4> address{};  ///< of TCP
  bool reserved = true;                   ///< of TCP: from a port below 1024; else from one that anybody may use
};

/// Procedure: what is called, with AUTH_NONE or, if `as_nobody`, with AUTH_SYS as uid and gid 65534.
struct Procedure {
  std::uint32_t program = 0;
  std::uint32_t version = 0;
  std::uint32_t procedure = 0;
  bool as_nobody = false;
  rpc::Bytes arguments{};
};

/// refusal: what a reply that is no success says, for example "PROG_MISMATCH (versions 3 to 4)" or "AUTH_TOOWEAK".
std::string refusal(const Reply& r);

/// origin_for: where the links of this guest, or of nobody (null), come from.
Origin origin_for(const policy::Guest* g);

/// guest_of: the first guest that may use a backend, by its index; null: none may.
const policy::Guest* guest_of(const config::Config& c, std::size_t backend);

/// serves: whether a backend is said to serve a version of the program; the highest, or nothing.
std::optional<std::uint32_t> serves(const config::Backend& b, std::uint32_t program);

/// kMostReply: bytes of the longest reply that is read.
inline constexpr std::uint32_t kMostReply = 1U << 20;

/// Conversation: a connection to a backend as the gateway makes it, PROXY header and the VMM's greeting included, for
/// one call after the other. Move-only.
class Conversation {
 public:
  static std::expected<Conversation, Fault> open(const config::Backend& to, const Origin& from, Deadline deadline);

  /// call: sends a call and reads its reply: one fragment of at most kMostReply bytes, for which memory grows as they
  /// arrive. After a fault it is of no more use.
  std::expected<Reply, Fault> call(const Procedure& what, Deadline deadline);

 private:
  explicit Conversation(net::UniqueFd fd) : fd_(std::move(fd)) {}
  net::UniqueFd fd_;
  std::uint32_t xid_ = 0x646f6374;
};

}  // namespace gatehouse::doctor
