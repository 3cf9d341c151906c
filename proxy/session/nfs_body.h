// The NFS arguments or results of one record, changed on their way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "proxy/nfs/straight.h"
#include "proxy/session/gather.h"
#include "proxy/session/nfs_note.h"
#include "rpc/call.h"

namespace gatehouse::session {

/// NfsOutcome: what becomes of a body.
enum class NfsOutcome : std::uint8_t {
  same,       ///< it goes on as it is
  session,    ///< it goes on as it is behind what write_session() makes of its beginning
  changed,    ///< pieces() is all that goes on; what else the record has goes nowhere
  streams,    ///< pieces() goes on, then what bulk() makes of the bytes to come, then end()
  gather,     ///< it must be here whole
  answered,   ///< calls: pieces().head are the results that answer it
  malformed,  ///< no such message
  unknown,    ///< replies and callbacks: an operation that is not known
  too_large,  ///< what must change cannot: not enough room, or its length has gone out
};

/// NfsScratch: a worker's memory for what is changed. Valid until the next body of the worker.
struct NfsScratch {
  /// kHead: so many bytes of a body are looked at first: all that stands before file data.
  static constexpr std::size_t kHead = 4096;
  static constexpr std::size_t kRoom = 2 * kHead;
  std::array<std::uint8_t, kRoom> head;
  std::array<std::uint8_t, kRoom> tail;
};

/// NfsPieces: a body, or what is here of it, in three pieces. `head` and `tail` lie in the worker's scratch or in the
/// body's own buffer, `bulk` where the record does.
struct NfsPieces {
  rpc::Bytes head;
  rpc::Bytes bulk;
  rpc::Bytes tail;
  [[nodiscard]] std::size_t size() const { return head.size() + bulk.size() + tail.size(); }
  /// copy_to: all of them, one behind the other.
  void copy_to(std::span<std::uint8_t> out) const;
};

/// NfsGuest: whose messages these are.
struct NfsGuest {
  const nfs::Rules& rules;
  std::span<const std::string> mount_paths;
};

/// NfsBody: one direction's, record after record. Allocates nothing in the steady state but buffers of the pool.
/// Belongs to a session; not thread-safe.
class NfsBody {
 public:
  NfsBody(NfsGuest guest, NfsScratch& scratch, BufferPool& pool) : guest_(guest), scratch_(scratch), pool_(pool) {}

  /// note_of: what is to be done with a call and its reply.
  static NfsNote note_of(const NfsGuest& guest, const rpc::CallHeader& call);

  /// begin: the first bytes of a body of `whole` bytes, those that are `here`. A call writes `note`, its reply reads
  /// it.
  NfsOutcome begin(nfs::Message message, NfsNote& note, rpc::Bytes here, std::size_t whole);
  [[nodiscard]] const NfsPieces& pieces() const { return pieces_; }
  /// write_session: of a body whose outcome is `session`, the beginning up to the id that is changed; returns its size,
  /// at most nfs::kSessionEnd, for which `out` has room. `here` are the bytes that begin() saw.
  std::size_t write_session(rpc::Bytes here, std::span<std::uint8_t> out);
  /// session_pieces: the whole of such a body.
  NfsPieces session_pieces(rpc::Bytes whole);
  /// length: of the body that goes on, what is still to come included.
  [[nodiscard]] std::size_t length() const { return pieces_.size() + to_come_; }
  /// owns: whether pieces() lies in buffers that release() gives back.
  [[nodiscard]] bool owns() const { return large_ || tail_.active(); }
  void release();
  /// abandon: what still comes of the record that streams goes nowhere.
  void abandon() {
    streams_ = false;
    release();
  }

  /// streams: between an outcome `streams` and end().
  [[nodiscard]] bool streams() const { return streams_; }
  /// bulk_left: bytes that go on as they are.
  [[nodiscard]] std::size_t bulk_left() const { return bulk_left_; }
  /// bulk: the bytes that came next; those of them that go on now. The others are kept for the tail.
  rpc::Bytes bulk(rpc::Bytes bytes);
  /// moved: `n` bytes of those that go on went another way.
  void moved(std::size_t n) { bulk_left_ -= n; }
  /// end: the record is here whole: pieces() is how it ends (changed). malformed, unknown, too_large: it cannot be
  /// ended.
  NfsOutcome end();
  /// held: bytes kept for the tail.
  [[nodiscard]] std::size_t held() const { return tail_.unreserved(); }

  /// facts: of the compound that was looked at last; null: it was none.
  [[nodiscard]] const nfs::Facts* facts() const { return rewrite_ ? &rewrite_->facts() : nullptr; }
  /// foreign_handle: whether the call was cut or answered because of a file handle that the guest was not given.
  [[nodiscard]] bool foreign_handle() const { return foreign_handle_; }
  /// unbound_handle: whether a reply was replaced because a handle in it is too long to be bound.
  [[nodiscard]] bool unbound_handle() const { return unbound_handle_; }

 private:
  [[nodiscard]] bool session_alone(nfs::Message message, NfsNote& note, rpc::Bytes here, bool complete);
  NfsOutcome compound(nfs::Message message, NfsNote& note, rpc::Bytes here, std::size_t whole);
  nfs::Rewritten run(nfs::Message message, NfsNote& note, rpc::Bytes in, std::span<std::uint8_t> out);
  NfsOutcome first_part(nfs::Rewritten what, rpc::Bytes head, rpc::Bytes rest, std::size_t left);
  NfsOutcome whole_compound(nfs::Message message, NfsNote& note, rpc::Bytes in);
  NfsOutcome version3(nfs::Message message, const NfsNote& note, rpc::Bytes here, std::size_t whole);
  NfsOutcome mount(const NfsNote& note, rpc::Bytes in);
  NfsOutcome settled(nfs::Rewritten what, std::span<std::uint8_t> out, std::size_t size);
  std::span<std::uint8_t> room(std::size_t size);
  NfsOutcome stream(rpc::Bytes rest, std::size_t bulk, std::size_t left);
  NfsOutcome settle_tail(rpc::Bytes tail);

  const NfsGuest guest_;
  NfsScratch& scratch_;
  BufferPool& pool_;
  NfsPieces pieces_;
  std::size_t session_ = 0;  // where it is; outcome session
  bool to_server_ = false;   // of the message at hand
  Buffer large_;
  std::size_t to_come_ = 0;
  bool streams_ = false;
  std::size_t bulk_left_ = 0;
  Gather tail_;
  nfs::SessionMemo memo_;
  nfs::CallNote note_;  // of the message that is rewritten now: `rewrite_` refers to it
  std::optional<nfs::Rewrite> rewrite_;
  bool foreign_handle_ = false;
  bool unbound_handle_ = false;
};

}  // namespace gatehouse::session
