// What a session keeps once its client speaks RPCSEC_GSS.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proxy/policy/decide.h"
#include "proxy/session/context_cache.h"
#include "proxy/session/gather.h"

namespace gatehouse::session {

/// GssSide: plain data of its session; made at the first RPCSEC_GSS call. The functions that work on it are the
/// session's.
struct GssSide {
  explicit GssSide(const gss::ContextTable& table) : contexts(table) {}

  /// Admitted: a call whose header was verified. It is kept while the call waits for a budget or its body: its sequence
  /// number is used up, so it must not be verified again.
  struct Admitted {
    std::shared_ptr<gss::Context> context;
    std::uint32_t seq = 0;
    rpc::GssService service = rpc::GssService::none;
    policy::Decision decision;
    NfsNote nfs;
    bool in_flight = false;  ///< has its unit of the in-flight budget
    bool stale = false;      ///< `decision` and `nfs` were another policy's
  };
  /// PendingInit: an INIT whose token is with the acceptor.
  struct PendingInit {
    std::uint64_t number = 0;
    std::uint32_t xid = 0;
    std::uint64_t since = 0;  ///< ms
  };

  ContextCache contexts;
  std::optional<Admitted> admitted;  ///< of the call whose header was read last
  Gather body;                       ///< that call's record, or the arguments of an INIT
  std::uint64_t reserved = 0;        ///< bytes of gss_request_bytes taken for it
  bool creating = false;             ///< `body` is an INIT's
  std::uint32_t init_xid = 0;        ///< of the INIT being read
  bool nascent = false;              ///< it has its unit of the nascent budget
  std::vector<PendingInit> inits;
  std::uint64_t next_number = 1;
};

}  // namespace gatehouse::session
