#include "gss/receive.h"

#include <array>
#include <utility>

namespace gatehouse::gss {
namespace {

using rpc::AuthStat;
using rpc::GssProc;
using rpc::GssService;

// A row for each Finding, in the order of the enum: its word and its answer.
struct FindingRow {
  std::string_view word;
  AuthStat answer;
};
constexpr std::array<FindingRow, kFindings> kRows = {{
    {"create", AuthStat::ok},
    {"create-failed", AuthStat::ok},
    {"data", AuthStat::ok},
    {"destroy", AuthStat::ok},
    //= rfc2203#5.3.3.3
    //# a bad length, an illegal control procedure or an illegal service is denied with AUTH_BADCRED
    {"bad-credential", AuthStat::badcred},
    //= rfc2203#5.1
    //# a version that is not supported is denied with AUTH_REJECTEDCRED
    {"bad-version", AuthStat::rejectedcred},
    {"bad-verifier", AuthStat::badverf},
    //= rfc2203#5.3.3.3
    //# a handle without a context is denied with RPCSEC_GSS_CREDPROBLEM
    {"unknown-handle", AuthStat::gss_credproblem},
    //= rfc2203#5.3.3.4.2
    //# a header checksum that does not verify is denied with RPCSEC_GSS_CREDPROBLEM
    {"bad-mic", AuthStat::gss_credproblem},
    //= rfc2203#5.3.3.3
    //# a context that expired in use is denied with RPCSEC_GSS_CTXPROBLEM
    {"expired", AuthStat::gss_ctxproblem},
    //= rfc2203#5.3.3.3
    //# a sequence number beyond the maximum is denied with RPCSEC_GSS_CTXPROBLEM
    {"sequence-end", AuthStat::gss_ctxproblem},
    {"replayed", AuthStat::failed},
    {"below-window", AuthStat::failed},
    {"failed", AuthStat::failed},
}};

//= rfc2203#5.3.3.1
//# a request whose procedure is not DATA is a control message
Event event_of(GssProc proc) {
  switch (proc) {
    case GssProc::data: return Event::data;
    case GssProc::init: return Event::init;
    case GssProc::continue_init: return Event::continue_init;
    case GssProc::destroy: break;
  }
  return Event::destroy;
}

// What the credential's numbers may be, whatever the handle stands for.
bool is_legal(const rpc::CallHeader& call, const rpc::GssCred& cred) {
  if (cred.proc > static_cast<std::uint32_t>(GssProc::destroy)) return false;
  //= rfc2203#5.2.2
  //# a creation request names procedure 0
  //= rfc2203#5.4
  //# DESTROY names procedure 0
  if (!cred.is(GssProc::data) && call.procedure != 0) return false;
  //= rfc2203#5.2.2
  //# the first creation request has an empty handle
  if (cred.is(GssProc::init)) return cred.handle.empty();
  //= rfc2203#5.2.2
  //# sequence number and service of a creation request are ignored
  if (cred.is(GssProc::continue_init)) return true;
  return cred.service >= static_cast<std::uint32_t>(GssService::none) &&
         cred.service <= static_cast<std::uint32_t>(GssService::privacy);
}

State state_of(const Context* context, const Clock& now) {
  if (context == nullptr || context->retired()) return State::absent;
  return context->expired(now) ? State::expired : State::established;
}

//= rfc2203#5.3.3.1
//# version, service, handle, header checksum and sequence number of every request are verified
Finding verify(const rpc::CallHeader& call, rpc::Bytes record, std::uint32_t seq, Context& context,
               std::size_t thread) {
  if (!call.verf.is(rpc::AuthFlavor::rpcsec_gss)) return Finding::bad_verifier;
  Protection* lane = context.lane(thread);
  if (lane == nullptr) return Finding::failed;
  //= rfc2203#5.3.1
  //# the header checksum covers the call up to and including the credential
  const rpc::Bytes header = record.first(rpc::kCallFixed + 8 + rpc::padded(call.cred.body.size()));
  if (!lane->verify_mic(header, call.verf.body)) return Finding::bad_mic;
  if (seq >= rpc::kMaxGssSeq) return Finding::sequence_end;
  //= rfc2203#5.3.3.1
  //# only a verified header checksum moves the window
  switch (context.window().admit(seq)) {
    case SequenceWindow::Answer::fresh: return Finding::data;
    //= rfc2203#5.3.3.1
    //# a request whose number was seen gets no answer
    case SequenceWindow::Answer::duplicate: return Finding::replayed;
    //= rfc2203#5.3.3.1
    //# a request below the window gets no answer
    case SequenceWindow::Answer::below: return Finding::below_window;
  }
  return Finding::failed;
}

Finding examine(const rpc::CallHeader& call, rpc::Bytes record, Known& known, const Clock& now, std::size_t thread,
                Received& out) {
  const rpc::GssCred& cred = out.cred;
  const bool whole = rpc::parse_gss_cred(call.cred.body, out.cred);
  // The version is the first thing to go by: what follows it might look otherwise in another.
  if (cred.version != rpc::kGssVersion1 && (whole || cred.version != 0)) return Finding::bad_version;
  if (!whole || !is_legal(call, cred)) return Finding::bad_credential;
  const Event event = event_of(static_cast<GssProc>(cred.proc));
  std::shared_ptr<Context> context = event == Event::init ? nullptr : known.find(cred.handle);
  switch (cell(state_of(context.get(), now), event).deed) {
    //= rfc2203#5.2.2
    //# a creation request has an empty AUTH_NONE verifier
    case Deed::accept: return call.verf.is_empty_none() ? Finding::create : Finding::bad_verifier;
    //= rfc2203#5.2.3.2
    //# a creation request is never answered with RPCSEC_GSS_CREDPROBLEM or RPCSEC_GSS_CTXPROBLEM
    case Deed::fail_init: return call.verf.is_empty_none() ? Finding::create_failed : Finding::bad_verifier;
    case Deed::credproblem: return Finding::unknown_handle;
    case Deed::ctxproblem: return Finding::expired;
    //= rfc2203#5.4
    //# DESTROY needs a valid sequence number and a valid header checksum
    case Deed::verify_destroy:
    case Deed::verify_data: break;
    default: return Finding::failed;  // of a message the table has no other deed
  }
  const Finding found = verify(call, record, cred.seq, *context, thread);
  if (found != Finding::data) return found;
  context->touch(now.monotonic_ms);
  out.context = std::move(context);
  return event == Event::destroy ? Finding::destroy : Finding::data;
}

}  // namespace

std::string_view finding_word(Finding f) {
  return kRows[static_cast<std::size_t>(f)].word;
}

rpc::AuthStat answered_by(Finding f) {
  return kRows[static_cast<std::size_t>(f)].answer;
}

Received receive(const rpc::CallHeader& call, rpc::Bytes record, Known& known, const Clock& now, std::size_t thread) {
  Received out;
  out.finding = examine(call, record, known, now, thread, out);
  return out;
}

}  // namespace gatehouse::gss
