// The header of an RPCSEC_GSS call: what it asks for, and whether it may.
#pragma once

#include <cstdint>
#include <memory>

#include "gss/context.h"
#include "gss/state.h"
#include "rpc/call.h"
#include "rpc/gss_cred.h"
#include "rpc/reply.h"

namespace gatehouse::gss {

/// Finding: what came of a header. Each has a word (finding_word) for logs and counters.
enum class Finding : std::uint8_t {
  create,         ///< INIT: its token is for the acceptor
  create_failed,  ///< CONTINUE_INIT, which no context here waits for: answered in the RFC's shape
  data,           ///< verified
  destroy,        ///< verified; the context is still there
  bad_credential,
  bad_version,   ///< other than 1; bad_credential when it names a context, which is of version 1
  bad_verifier,  ///< flavor of the verifier
  unknown_handle,
  bad_mic,  ///< of the header
  expired,
  sequence_end,  ///< MAXSEQ was reached
  replayed,      ///< duplicate: the connection is closed
  below_window,  ///< too old: the connection is closed
  failed,        ///< OpenSSL refused: the connection is closed
};
inline constexpr std::size_t kFindings = 14;
/// finding_word: for logs and counters, e.g. "bad-mic".
std::string_view finding_word(Finding f);

/// answered_by: the auth_stat that a finding is answered with, MSG_DENIED; AuthStat::ok for findings that are not
/// (data, destroy, create, create_failed), AuthStat::failed for those that close the connection without an answer.
rpc::AuthStat answered_by(Finding f);
/// closes: whether the finding closes the connection.
constexpr bool closes(Finding f) {
  return f == Finding::replayed || f == Finding::below_window || f == Finding::failed;
}

/// Known: finds a guest's context by its handle; a session puts its own small memory before the guest's table.
class Known {
 public:
  virtual std::shared_ptr<Context> find(rpc::Bytes handle) = 0;

 protected:
  ~Known() = default;
};

/// Received: what receive() makes of a header. `context` is set for data and destroy.
struct Received {
  Finding finding = Finding::bad_credential;
  std::shared_ptr<Context> context;
  rpc::GssCred cred;
};

/// receive: examines the header of a call with an RPCSEC_GSS credential, in the order of RFC 2203 section 5.3.3.1:
/// credential, handle, verifier's flavor, MIC over the received bytes, MAXSEQ, window. `record` is the message from its
/// xid on, at least call.size bytes. No state changes before the MIC was verified. `thread` chooses the lane. Never
/// allocates but for a context's first use on a thread. A context that was retired is as good as none.
Received receive(const rpc::CallHeader& call, rpc::Bytes record, Known& known, const Clock& now, std::size_t thread);

}  // namespace gatehouse::gss
