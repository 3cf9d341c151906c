// Calls on a listener with rpcbind = true: answered here, from what the guest may use.
#include <algorithm>

#include "proxy/rpcbind/answer.h"
#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

using rpc::RecordReader;

// A longer call is not looked at: its header and the longest arguments that mean something need less, and what is not
// whole yet is kept where a header is.
constexpr std::size_t kMostCall = ReadBuffer::kHeadroom;

}  // namespace

// The view that this connection is answered from under `c`; null: its listener forwards calls.
const rpcbind::View* Session::rpcbind_view(const config::Config& c) const {
  static const rpcbind::View kNothing(rpcbind::Netid::vsockc);
  const auto at = std::ranges::find(policy_->rpcbind, peer_.listener, &runtime::RpcbindView::listener);
  if (at != policy_->rpcbind.end()) return &at->view;
  return c.listeners[peer_.listener].rpcbind ? &kNothing : nullptr;
}

Session::Step Session::rpcbind_call(const rpc::CallHeader& call, const RecordReader::Item& item, rpc::Bytes& in) {
  // An answer can be many times as long as its call: a client that reads none is asked no more until it does.
  if (client_sink_.blocked()) return stop_for(Wait::answers, runtime::Count::waits_answers);
  policy::Decision d = policy::decide_rpcbind(call);
  if (d.verdict == policy::Verdict::answer_empty) return answer_probe(call, d, item, in);
  if (d.verdict == policy::Verdict::refuse) return refuse(call, d, item, in);
  const bool too_long = item.length > kMostCall;
  if (!item.complete && !too_long) return Step::need_more;

  std::array<std::uint8_t, rpc::kMaxRejection + rpcbind::kMaxAnswer> record;
  rpc::RejectionBytes head;
  const rpc::Bytes accepted = rpc::write_empty_success(call.xid, head);
  const std::span<std::uint8_t> room = std::span<std::uint8_t>(record).subspan(accepted.size());
  rpcbind::Answer a{rpcbind::Outcome::bad_arguments, {}};
  if (!too_long)
    a = rpcbind::answer(*rpcbind_, call.version, call.procedure, item.bytes.subspan(call.size),
                        static_cast<std::uint32_t>(context_.wall), room);
  if (a.outcome != rpcbind::Outcome::answered) {
    using Kind = rpc::Rejection::Kind;
    const bool no_procedure = a.outcome == rpcbind::Outcome::no_procedure;
    d.verdict = policy::Verdict::refuse;
    d.rejection = rpc::Rejection::of(no_procedure ? Kind::proc_unavail : Kind::garbage_args);
    return refuse(call, d, item, in);
  }
  count_call(call, runtime::CallEnd::answered, &d);
  std::ranges::copy(accepted, record.begin());
  const std::size_t size = accepted.size() + a.results.size();
  rpc::XdrWriter(record).u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(size - 4)));
  answer(rpc::Bytes(record).first(size));
  in_.reader.take(in, item.bytes.size());
  return Step::done;
}

}  // namespace gatehouse::session
