// One client connection and all that belongs to it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gss/init.h"
#include "proxy/net/connect.h"
#include "proxy/net/peer.h"
#include "proxy/rpcbind/view.h"
#include "proxy/session/call_trace.h"
#include "proxy/session/context.h"
#include "proxy/session/facts.h"
#include "proxy/session/forward_memo.h"
#include "proxy/session/gss_side.h"
#include "proxy/session/link.h"
#include "rpc/call.h"
#include "rpc/reply.h"

namespace gatehouse::session {

/// Session: reads the client's records, decides each call, forwards it over the link of its backend, and brings the
/// replies back; calls of the backend travel the other way. Bodies stream: a session stores at most what one read
/// brought and its target would not take, and a record of several fragments while it is gathered, all of it charged to
/// the guest. Belongs to one worker; not thread-safe. After any member function the session may be closed().
class Session {
 public:
  /// Takes over the connection of guest number `guest` of the worker's snapshot, whose unit of the connections budget
  /// is taken; `id` is unique in the process. start() must follow.
  Session(Context& context, std::uint32_t guest, net::UniqueFd client, net::Peer peer, std::uint64_t id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// start: registers the client with the worker's epoll set.
  void start();
  /// on_client, on_link: epoll's `events` of an endpoint.
  void on_client(std::uint32_t events);
  void on_link(Link& link, std::uint32_t events);
  /// resume: goes on after again() or after a budget had room.
  void resume();
  /// on_retry: time to dial the links that wait.
  void on_retry();
  /// on_accepted: the acceptor's answer to an INIT of this session.
  void on_accepted(std::unique_ptr<offload::AcceptJob> job);
  /// tick: once a second: time-outs.
  void tick();
  /// adopt: what `change` says comes into force for this session, before its worker has the next snapshot: it closes if
  /// its guest, its listener or a backend that owes it something is not there any more.
  void adopt(const runtime::Change& change);
  /// drain: no further call is read; the session closes when those it has are answered.
  void drain();
  /// close: ends the session and all its links; logs and counts the reason. Idempotent.
  void close(runtime::CloseReason why, std::string detail = {});

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] runtime::GuestState& guest() { return *guest_; }
  [[nodiscard]] const net::Peer& peer() const { return peer_; }
  [[nodiscard]] const policy::Guest& policy() const { return policy_->guest; }
  [[nodiscard]] rpc::RecordLimits record_limits() const {
    return {policy().limits.record_bytes, policy().limits.fragments};
  }
  /// facts: as it is now.
  [[nodiscard]] Facts facts() const;
  /// endpoint: the client's, for epoll.
  [[nodiscard]] Endpoint& endpoint() { return client_endpoint_; }

  // The worker's own bookkeeping.
  bool queued = false;
  std::size_t slot = 0;

 private:
  enum class Step : std::uint8_t { done, need_more, wait };
  /// Wait: what the client's next record waits for, lying unread or held.
  enum class Wait : std::uint8_t { nothing, in_flight, nascent, init_rate, gss_bytes, answers };

  // client_stream.cc: client -> links
  void pump_client();
  [[nodiscard]] bool client_paused() const;
  rpc::Bytes process_client(rpc::Bytes in);
  Step client_record(const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Step client_call(const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Step client_callback_reply(const rpc::RecordReader::Item& item, rpc::Bytes& in);
  void forward_call(const rpc::CallHeader& call, const policy::Decision& d, rpc::Bytes auth, Protected how,
                    NfsOutcome nfs, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Link* note_call(const rpc::CallHeader& call, const policy::Decision& d, Protected how);
  bool take_unit(runtime::Budget& budget, Wait what, runtime::Count waits);
  Step stop_for(Wait what, runtime::Count waits);
  Step refuse(const rpc::CallHeader& call, const policy::Decision& d, const rpc::RecordReader::Item& item,
              rpc::Bytes& in);
  Step answer_probe(const rpc::CallHeader& call, const policy::Decision& d, const rpc::RecordReader::Item& item,
                    rpc::Bytes& in);
  void count_call(const rpc::CallHeader& call, runtime::CallEnd end, const policy::Decision* d = nullptr,
                  const gss::Context* context = nullptr);
  void count_in(std::uint64_t bytes);
  void count_out(std::uint64_t bytes);
  void client_ended();
  void notice_silent_end();

  // rpcbind_calls.cc
  [[nodiscard]] const rpcbind::View* rpcbind_view(const config::Config& c) const;
  Step rpcbind_call(const rpc::CallHeader& call, const rpc::RecordReader::Item& item, rpc::Bytes& in);

  // gss_calls.cc: calls with RPCSEC_GSS credentials
  Step client_gss(const rpc::CallHeader& call, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Step data_call(const rpc::CallHeader& call, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Step destroy_context(const rpc::CallHeader& call, const gss::Received& r, const rpc::RecordReader::Item& item,
                       rpc::Bytes& in);
  Step admit(const rpc::CallHeader& call, gss::Received&& r, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Step skip_call(const rpc::RecordReader::Item& item, rpc::Bytes& in);
  rpc::Bytes auth_of(const rpc::CallHeader& call, const GssSide::Admitted& a,
                     std::span<std::uint8_t, kMaxAuth> scratch);
  void open_call(const rpc::CallHeader& call, std::span<std::uint8_t> record);
  void reject_admitted(const rpc::CallHeader& call, const GssSide::Admitted& a);
  void send_opened(Sink& to, rpc::Bytes head, const NfsPieces& args);
  void reject_verified(const rpc::CallHeader& call, const policy::Decision& d, gss::Context& context,
                       std::uint32_t seq);
  void body_complete();
  void log_finding(const rpc::CallHeader& call, std::string_view finding, std::string_view reply,
                   std::string_view rule = "rpcsec-gss");
  bool make_verifier(gss::Context& context, std::uint32_t number, gss::Verifier& out) const;
  bool verify_for(gss::Context& context, std::uint32_t number, std::uint32_t xid, gss::Verifier& out);

  // gss_init.cc: INIT
  Step create_context(const rpc::CallHeader& call, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  void submit_token(std::uint32_t xid, rpc::Bytes args);
  void answer_init(std::uint32_t xid, const gss::InitResult& result, rpc::Bytes verifier);
  void establish(std::uint32_t xid, offload::AcceptJob& job);
  void fail_init(std::uint32_t xid, std::uint32_t major, std::uint32_t minor, std::string_view rule,
                 std::string_view why = {}, std::string_view principal = {});
  gss::ContextTable::Ended audit_end(std::string_view cause);
  void log_accepted(const offload::AcceptJob& job);
  void expire_inits();
  void drop_gss();

  // reply_stream.cc: links -> client
  void pump_links();
  void pump_link(Link& link);
  [[nodiscard]] bool link_paused(const Link& link) const;
  rpc::Bytes process_link(Link& link, rpc::Bytes in);
  Step link_record(Link& link, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Step link_reply(Link& link, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  void collected_reply(Link& link);
  void note_times(Link& link, const runtime::CallTimes& times, bool sealed);
  Step link_callback(Link& link, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  void answered(Link& link, const rpc::ReplyHeader& reply, Outstanding call, NfsOutcome nfs,
                const rpc::RecordReader::Item& item);
  void relay_reply(Link& link, const rpc::ReplyHeader& reply, NfsOutcome nfs, const rpc::RecordReader::Item& item);
  // gss_replies.cc
  static bool has_results(const rpc::ReplyHeader& reply) {
    return !reply.denied && reply.accept_stat == rpc::AcceptStat::success;
  }
  static bool is_sealed(const Protected& how) { return how.context != nullptr && how.service != rpc::GssService::none; }
  static bool is_sealed(const rpc::ReplyHeader& reply, const Protected& how);
  Step reserve_reply(Link& link, const rpc::ReplyHeader& reply, const rpc::RecordReader::Item& item,
                     CallTable::Place call);
  void relay_protected(Link& link, const rpc::ReplyHeader& reply, Outstanding call, NfsOutcome nfs,
                       const rpc::RecordReader::Item& item);
  void send_reply(Link& link, const rpc::ReplyHeader& reply, std::span<std::uint8_t> marked_head, NfsOutcome nfs,
                  const rpc::RecordReader::Item& item);
  void seal_small(Link& link, std::uint32_t xid, Outstanding& call, rpc::Bytes results);
  void sealed_complete(Link& link);
  bool rewrite_whole(Link& link, NfsNote& note, rpc::Bytes results, NfsPieces& out);
  bool rewrite_collected(Link& link);
  void answer_results(std::uint32_t xid, const Protected& how, rpc::Bytes results);
  void answer_garbage(std::uint32_t xid, const Protected& how);

  // nfs_messages.cc: NFS arguments and results
  [[nodiscard]] NfsGuest nfs_guest() const;
  NfsBody& body_of(Inbound& in) {
    if (in.nfs_policy != policy_) new_body(in);
    return *in.nfs;
  }
  void new_body(Inbound& in);
  static bool streams(const Inbound& in) { return in.nfs != nullptr && in.nfs->streams(); }
  [[nodiscard]] NfsNote note_of(const rpc::CallHeader& call) const;
  NfsOutcome rewrite_call(const NfsNote& note, rpc::Bytes here, std::size_t whole);
  static bool is_rewritten(NfsOutcome nfs) { return nfs == NfsOutcome::changed || nfs == NfsOutcome::streams; }
  static bool ends_here(NfsOutcome nfs);
  void end_call(const rpc::CallHeader& call, const policy::Decision& d, const Protected& how, NfsOutcome nfs);
  void send_body(Sink& to, std::span<std::uint8_t> room, std::size_t head, const rpc::RecordReader::Item& item,
                 std::size_t skip, NfsOutcome nfs, Inbound& in);
  void send_rewritten(Sink& to, std::span<std::uint8_t> marked_head, const rpc::RecordReader::Item& item,
                      NfsBody& body);
  static NfsPieces pieces_of(Inbound& in, NfsOutcome nfs, rpc::Bytes whole);
  void put_pieces(const NfsPieces& pieces);
  void release_body(NfsBody& body);
  void end_stream(Inbound& in, Sink& to);
  NfsOutcome rewrite_results(Link& link, NfsNote& note, rpc::Bytes here, std::size_t whole);
  Step relay_callback(Link& link, const rpc::CallHeader& call, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  Step relay_callback_reply(Link& link, const rpc::RecordReader::Item& item, rpc::Bytes& in);
  void log_foreign_handle(const rpc::CallHeader& call);
  void log_unknown_state(const nfs::Facts& facts);
  void log_unbound_handle(const Link& link);

  void record_done(Link& link);
  void link_ended(Link& link);
  void log_backend_auth_error(const Link& link, std::uint32_t auth_stat);
  void answer(rpc::Bytes record);
  void send_answers();

  // adopt.cc
  void adopt_policy(std::shared_ptr<const runtime::GuestPolicy> next);
  void adopt_backends(const runtime::Change& change);
  [[nodiscard]] bool keeps_guest(const runtime::Change& change);
  bool decide_again(const rpc::CallHeader& call);

  // link.cc: making and ending links
  Link& link_for(std::uint16_t backend);
  void dial_link(Link& link);
  void link_progress(Link& link);
  void link_connected(Link& link);
  void link_up(Link& link);
  void link_failed(Link& link, const net::DialError& why);
  void drop_link(Link& link);
  Link& new_link(std::uint16_t backend);

  // relay.cc: what both directions share
  enum class Splice : std::uint8_t { copy, more, stop };
  Splice splice_body(int from, Inbound& in, Sink& to, int to_fd);
  void body_ended(Inbound& in);
  Splice push_pipe(Inbound& in, Sink& to, int to_fd);
  void send_record(Sink& to, std::span<std::uint8_t> marked_head, const rpc::RecordReader::Item& item,
                   std::size_t skip);
  void send_record(Sink& to, const rpc::RecordReader::Item& item);
  static void hold(Inbound& in, rpc::Bytes rest);
  void process_held(Inbound& in, Link* link);
  Splice read_into(int from, Inbound& in, Gather& to);
  void after_input(Inbound& in);
  void settle();
  void charge(std::uint64_t held);
  void finish_if_done();
  [[nodiscard]] bool takes_no_more() const { return draining_ && body_to_ == nullptr; }
  void tick_inbound(Inbound& in, bool paused);
  void expire_calls();

  // facts.cc: what administrators see
  [[nodiscard]] runtime::TraceRecord trace_record(const rpc::CallHeader& call, const policy::Decision* d,
                                                  const gss::Context* context) const;
  void trace_ended(const rpc::CallHeader& call, runtime::CallEnd end, const policy::Decision* d,
                   const gss::Context* context);
  void trace_forwarded(const rpc::CallHeader& call, const policy::Decision& d, const gss::Context* context,
                       const Link& link);
  void trace_replied(const Link& link, std::uint32_t xid, std::uint64_t bytes, const runtime::CallTimes& times);
  void trace_lost();
  void put_trace(const runtime::TraceRecord& r);

  void log_refusal(const rpc::CallHeader& call, const policy::Decision& d, std::string_view principal = {});
  void log_close(runtime::CloseReason why, const std::string& detail);
  /// record: in the audit log: `make`, which makes the event, is called if the guest's limit lets it through.
  template <class Make>
  void record(Make make) {
    context_.shared.audit_log.record(guest_->audit_source, make);
  }
  [[nodiscard]] runtime::GuestCounters& counters() { return guest_->counters(context_.thread); }

  Context& context_;
  std::uint32_t place_;  ///< of the guest in the snapshot
  const std::shared_ptr<runtime::GuestState> guest_;
  std::shared_ptr<const runtime::GuestPolicy> policy_;
  const std::uint64_t id_;
  net::Peer peer_;
  const rpcbind::View* rpcbind_;  ///< what is answered from; null: calls are forwarded
  net::UniqueFd client_;
  Endpoint client_endpoint_;
  Sink client_sink_;
  Inbound in_;
  NfsNote call_note_;        ///< of the call that rewrite_call() saw last
  Link* body_to_ = nullptr;  ///< where the rest of the client's record goes; null: nowhere
  Wait wait_ = Wait::nothing;
  Wait retried_ = Wait::nothing;  ///< what the record that is tried again waited for
  bool closed_ = false;
  bool draining_ = false;              ///< no further record is begun
  bool gone_ = false;                  ///< the client closed both directions, or reset
  bool last_words_ = false;            ///< only what waits for the client is still sent, then the session closes
  Link* reply_owner_ = nullptr;        ///< the link whose record is half-sent to the client
  std::vector<std::uint8_t> answers_;  ///< the gateway's own replies, waiting for the owner's record to end
  CallTable calls_;
  std::unique_ptr<ForwardMemo> memo_;  ///< made at the first call that is forwarded
  std::unique_ptr<GssSide> gss_;       ///< made at the first RPCSEC_GSS call
  std::vector<std::unique_ptr<Link>> links_;
  std::unique_ptr<CallTrace> traced_;  ///< made at the first call that is traced
  std::uint64_t call_bytes_ = 0;       ///< of the record of the client's newest call
  std::uint64_t bytes_in_ = 0;         ///< from the client
  std::uint64_t bytes_out_ = 0;        ///< to the client
  std::uint32_t flavors_ = 0;          ///< of its calls: bits by runtime::CallFlavor
  std::uint64_t began_ = 0;            ///< ms
  std::uint64_t last_activity_ = 0;    ///< ms
  std::uint64_t ended_at_ = 0;         ///< ms; when the client's end of file was read
  std::uint64_t charged_ = 0;          ///< bytes taken from the guest's buffered budget
};

}  // namespace gatehouse::session
