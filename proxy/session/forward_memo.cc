#include "proxy/session/forward_memo.h"

#include <algorithm>

namespace gatehouse::session {

bool ForwardMemo::matches(const rpc::CallHeader& call) const {
  return forwarding_.there() && call.program == program_ && call.version == version_ && call.procedure == procedure_ &&
         call.cred.flavor == flavor_ && call.verf.is_empty_none() &&
         std::ranges::equal(call.cred.body, rpc::Bytes(claim_).first(claim_size_));
}

void ForwardMemo::store(const rpc::CallHeader& call, const policy::Decision& d, std::string_view machine,
                        const NfsNote& note) {
  program_ = call.program;
  version_ = call.version;
  procedure_ = call.procedure;
  flavor_ = call.cred.flavor;
  claim_size_ = call.cred.body.size();
  std::ranges::copy(call.cred.body, claim_.begin());
  note_ = note;
  forwarding_.set(d, machine);
}

}  // namespace gatehouse::session
