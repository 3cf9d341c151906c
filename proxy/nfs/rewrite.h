// What the gateway changes in an NFSv4 COMPOUND on its way, by the guest's rules: the session's one entry to this
// folder for version 4. Pure: bytes in, bytes out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/nfs/editor.h"
#include "proxy/nfs/guest_keys.h"
#include "proxy/nfs/values.h"
#include "proxy/nfs/walker.h"

namespace gatehouse::nfs {

/// Rules: what is changed for a guest. Views: they must outlive every Rewrite. Thread-safe: constant.
struct Rules {
  std::string_view guest = {};           ///< the name before its client owners; empty: owners stay
  const GuestKeys* keys = nullptr;       ///< for ids and handles; null: they stay
  bool bind_state = true;                ///< session ids, client ids, and state ids of 4.0; needs keys
  bool bind_handles = false;             ///< needs keys
  bool neutral_callbacks = false;        ///< SETCLIENTID's address, and RPCSEC_GSS callbacks of 4.1
  bool no_state_protection = false;      ///< SP4_MACH_CRED and SP4_SSV become SP4_NONE
  bool read_only = false;                ///< an operation that changes something fails with NFS4ERR_ROFS
  bool pass_unknown = false;             ///< from an operation that is not known on, a COMPOUND goes on as it is
  std::span<const Flavor> flavors = {};  ///< what SECINFO says; empty: what the server says
  std::uint32_t max_operations = kMaxOperations;
};

/// Status4: statuses that the gateway says itself (RFC 8881 section 15.1).
enum class Status4 : std::uint32_t {
  ok = 0,
  rofs = 30,
  stale = 70,
  server_fault = 10006,
  resource = 10018,
  minor_mismatch = 10021,
  bad_xdr = 10036,
  illegal = 10044,
  too_many_operations = 10070,
};

/// Cut: where a call ended before its time: the operation at `index` and all behind it were not sent on, and the reply
/// gets this result in their place. Kept with the call until its reply is here. `operation` 0: the call is whole.
struct Cut {
  std::uint32_t operation = 0;
  std::uint32_t index = 0;
  Status4 status = Status4::ok;
  friend bool operator==(const Cut&, const Cut&) = default;
};

/// CallNote: what the reply to a call must know of it.
struct CallNote {
  std::uint32_t minor = 0;
  Cut cut;
  bool session_alone = false;  ///< the results have nothing to change but the session id of SEQUENCE, their first
  friend bool operator==(const CallNote&, const CallNote&) = default;
};

/// Rewritten: what came out.
enum class Rewritten : std::uint8_t {
  same,       ///< nothing to change: the message goes on as it is; `out` holds nothing
  changed,    ///< out holds the message; of one that was not here whole, the rest goes nowhere
  answered,   ///< calls: the message does not go on; out holds the results that answer it, COMPOUND4res
  part,       ///< the bytes end inside file data: as `changed`, up to the bytes' end; bulk_left() more go on as they
              ///< are, then tail()
  malformed,  ///< not an NFSv4 message, or one longer or shorter than its operations
  unknown,    ///< replies and callbacks: an operation that is not known
  no_room,    ///< out is too small
  too_late,   ///< tail(): what stands behind the file data must be cut, answered, or change its size
  no_handle,  ///< replies: a file handle is too long to be bound
};

/// SessionMemo: the session id that was changed last, one way: a connection's calls are of one session. Not
/// thread-safe.
struct SessionMemo {
  std::array<std::uint8_t, 16> from{};
  std::array<std::uint8_t, 16> to{};
  bool known = false;
};

/// Rewrite: one message's. At most what `out` has room for is written; it needs the message's size and growth() more,
/// and may lie over the message under Editor's rule. `note` is written by calls, and read by replies: the same for
/// both. A reply to a call that was cut must be here whole. One thread's; allocates nothing.
class Rewrite {
 public:
  /// `memo` may be null.
  Rewrite(const Rules& rules, Message message, CallNote& note, rpc::Bytes in, std::span<std::uint8_t> out,
          SessionMemo* memo = nullptr);

  Rewritten run();
  /// size: bytes in `out`, after changed, answered and part.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// bulk_left: after `part`.
  [[nodiscard]] std::size_t bulk_left() const { return walker_.bulk_left(); }
  /// tail: what follows the file data of a part. The record's length has gone out: too_late if it would change.
  Rewritten tail(rpc::Bytes in, std::span<std::uint8_t> out);

  /// facts: for logs and counters: statuses, and where the walk stopped.
  [[nodiscard]] const Facts& facts() const { return walker_.facts(); }
  /// walked: how the walk ended.
  [[nodiscard]] Walk walked() const { return walked_; }
  /// foreign_handle: whether the call was cut for a file handle that the guest was not given.
  [[nodiscard]] bool foreign_handle() const { return foreign_handle_; }

 private:
  [[nodiscard]] bool toward_server() const;
  [[nodiscard]] Points wanted() const;
  Walk walk_spots();
  Rewritten ended();
  void find_change();
  bool change(const Spot& spot);
  void shrink_room(const Spot& spot);
  void change_id(const Spot& spot);
  bool change_handle(const Spot& spot);
  void resize(const Spot& spot, std::size_t length);
  void change_owner(const Spot& spot);
  void replace_if_other(const Spot& spot, rpc::Bytes with);
  void hide(const Spot& spot);
  Rewritten answer(Status4 status);
  void stop_at(const Where& at, std::uint32_t operation, Status4 status);
  Rewritten cut_call();
  Rewritten complete();
  Rewritten finish(Rewritten what);

  const Rules& rules_;
  const Message message_;
  CallNote& note_;
  SessionMemo* const memo_;
  rpc::Bytes in_;
  std::span<std::uint8_t> out_;
  Editor editor_;
  Walker walker_;
  Walk walked_ = Walk::done;
  std::size_t size_ = 0;
  bool in_tail_ = false;
  bool foreign_handle_ = false;
  bool handle_too_long_ = false;
  Where stop_{0, kAny, 0};  ///< the operation that the call is cut at; index kAny: it is not
};

/// growth: how much longer a message of `size` bytes can get under the rules.
std::size_t growth(const Rules& rules, Message message, std::size_t size);

/// compound_results: COMPOUND4res of a status, a tag and no operations (RFC 8881 section 16.2). Returns the size in
/// `out`; 0: it does not fit.
std::size_t compound_results(Status4 status, rpc::Bytes tag, std::span<std::uint8_t> out);

}  // namespace gatehouse::nfs
