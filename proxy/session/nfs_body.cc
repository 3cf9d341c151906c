#include "proxy/session/nfs_body.h"

#include <algorithm>

#include "proxy/nfs/mount.h"

namespace gatehouse::session {
namespace {

using nfs::Message;
using nfs::Program3;
using nfs::Rewritten;

constexpr std::uint32_t kCompound = 1;

bool is_mount_procedure(std::uint32_t procedure) {
  return procedure == nfs::kMountMnt || procedure == nfs::kMountDump || procedure == nfs::kMountExport ||
         procedure == nfs::kMountExportAll;
}

}  // namespace

void NfsPieces::copy_to(std::span<std::uint8_t> out) const {
  out = rpc::copy_bytes(head, out);
  out = rpc::copy_bytes(bulk, out);
  rpc::copy_bytes(tail, out);
}

NfsNote NfsBody::note_of(const NfsGuest& guest, const rpc::CallHeader& call) {
  NfsNote note;
  if (call.program == rpc::program::kNfs && call.version == 4) {
    if (call.procedure == kCompound) note.kind = NfsKind::compound;
    note.reply = call.procedure == kCompound;
    return note;
  }
  note.procedure = {static_cast<Program3>(call.program), call.procedure};
  if (call.program == rpc::program::kMountd) {
    if (is_mount_procedure(call.procedure)) note.kind = NfsKind::mount;
    note.reply = call.version == 3 && nfs::touches3_reply(guest.rules, note.procedure);
    // The versions before have handles of a fixed size, which nothing can be added to.
    note.unbindable = call.version < 3 && guest.rules.bind_handles;
  } else if (call.version == 3 && (call.program == rpc::program::kNfs || call.program == rpc::program::kNfsAcl)) {
    note.reply = nfs::touches3_reply(guest.rules, note.procedure);
    if (note.reply || nfs::touches3_call(guest.rules, note.procedure)) note.kind = NfsKind::version3;
  }
  return note;
}

NfsOutcome NfsBody::begin(Message message, NfsNote& note, rpc::Bytes here, std::size_t whole) {
  if (owns()) abandon();  // a call that waited is looked at anew
  pieces_ = {};
  to_come_ = 0;
  foreign_handle_ = unbound_handle_ = false;
  rewrite_.reset();
  switch (note.kind) {
    case NfsKind::compound: return compound(message, note, here, whole);
    case NfsKind::version3: return version3(message, note, here, whole);
    case NfsKind::mount:
      if (here.size() < whole) return NfsOutcome::gather;
      return message == Message::call ? mount(note, here) : version3(message, note, here, whole);
    case NfsKind::other: break;
  }
  return NfsOutcome::same;
}

Rewritten NfsBody::run(Message message, NfsNote& note, rpc::Bytes in, std::span<std::uint8_t> out) {
  note_ = note.call;
  rewrite_.emplace(guest_.rules, message, note_, in, out, &memo_);
  const Rewritten what = rewrite_->run();
  foreign_handle_ = rewrite_->foreign_handle();
  if (message == Message::call) note.call = note_;
  return what;
}

// Most messages are here whole and small. Of others the beginning is looked at: where it ends in file data, the data
// need not be waited for, nor copied.
NfsOutcome NfsBody::compound(Message message, NfsNote& note, rpc::Bytes here, std::size_t whole) {
  const bool complete = here.size() == whole;
  if (session_alone(message, note, here, complete)) return NfsOutcome::session;
  const bool may_grow = message == Message::reply && (note.call.cut.operation != 0 || guest_.rules.bind_handles);
  if (may_grow && !complete) return NfsOutcome::gather;
  if (may_grow && whole > NfsScratch::kHead) return whole_compound(message, note, here);
  const rpc::Bytes head = here.first(std::min(here.size(), NfsScratch::kHead));
  const Rewritten what = run(message, note, head, scratch_.head);
  if (head.size() == whole) return settled(what, scratch_.head, rewrite_->size());
  const NfsOutcome out = first_part(what, head, here.subspan(head.size()), whole - head.size());
  if (out != NfsOutcome::gather || !complete) return out;
  return whole_compound(message, note, here);
}

// Most messages: nothing but the session id of SEQUENCE changes.
bool NfsBody::session_alone(Message message, NfsNote& note, rpc::Bytes here, bool complete) {
  to_server_ = message == Message::call;
  session_ = 0;
  if (to_server_ && complete) session_ = nfs::straight_call(guest_.rules, here, note.call);
  if (message == Message::reply && note.call.session_alone) session_ = nfs::straight_reply(here);
  return session_ != 0;
}

std::size_t NfsBody::write_session(rpc::Bytes here, std::span<std::uint8_t> out) {
  const std::size_t size = session_ + nfs::kSessionSize;
  rpc::copy_bytes(here.first(size), out);
  nfs::change_session(*guest_.rules.keys, to_server_, out.subspan(session_).first<nfs::kSessionSize>(), &memo_);
  return size;
}

NfsPieces NfsBody::session_pieces(rpc::Bytes whole) {
  const std::size_t size = write_session(whole, scratch_.head);
  return {rpc::Bytes(scratch_.head).first(size), whole.subspan(size), {}};
}

// What the beginning of a message says of it all. gather: nothing for certain.
NfsOutcome NfsBody::first_part(Rewritten what, rpc::Bytes head, rpc::Bytes rest, std::size_t left) {
  const bool cut = note_.cut.operation != 0;
  switch (what) {
    case Rewritten::part:
      pieces_.head = rpc::Bytes(scratch_.head).first(rewrite_->size());
      return stream(rest, rewrite_->bulk_left(), left);
    case Rewritten::same:
    case Rewritten::changed:
      if (what == Rewritten::changed && cut) return settled(what, scratch_.head, rewrite_->size());
      if (rewrite_->walked() != nfs::Walk::unknown_operation) return NfsOutcome::malformed;  // there is more behind it
      pieces_.head = what == Rewritten::same ? head : rpc::Bytes(scratch_.head).first(rewrite_->size());
      rewrite_.reset();
      return stream(rest, left, left);
    case Rewritten::answered:
    case Rewritten::unknown: return settled(what, scratch_.head, rewrite_->size());
    default: return NfsOutcome::gather;
  }
}

NfsOutcome NfsBody::whole_compound(Message message, NfsNote& note, rpc::Bytes in) {
  pieces_ = {};
  const std::span<std::uint8_t> out = room(in.size() + nfs::growth(guest_.rules, message, in.size()));
  const Rewritten what = run(message, note, in, out);
  return settled(what, out, rewrite_->size());
}

// What follows the beginning: `bulk` bytes as they are, then the tail; `left` in all, of which `rest` is here. A tail
// that is here is looked at now; gather: that must be done again, with all of it in one.
NfsOutcome NfsBody::stream(rpc::Bytes rest, std::size_t bulk, std::size_t left) {
  if (bulk > left) return NfsOutcome::malformed;
  pieces_.bulk = rest.first(std::min(rest.size(), bulk));
  const rpc::Bytes tail = rest.subspan(pieces_.bulk.size());
  if (rest.size() == left) {
    if (tail.size() > NfsScratch::kHead) return NfsOutcome::gather;
    const NfsOutcome out = rewrite_ ? settle_tail(tail) : NfsOutcome::changed;
    return out == NfsOutcome::too_large ? NfsOutcome::gather : out;
  }
  to_come_ = left - pieces_.bulk.size();
  bulk_left_ = bulk - pieces_.bulk.size();
  tail_.open(pool_, left - bulk, 0, 0, Gather::Memory::by_bytes);
  tail_.append(tail);
  streams_ = true;
  return NfsOutcome::streams;
}

rpc::Bytes NfsBody::bulk(rpc::Bytes bytes) {
  const rpc::Bytes now = bytes.first(std::min(bytes.size(), bulk_left_));
  bulk_left_ -= now.size();
  tail_.append(bytes.subspan(now.size()));
  return now;
}

NfsOutcome NfsBody::end() {
  streams_ = false;
  pieces_ = {};
  to_come_ = 0;
  return rewrite_ ? settle_tail(tail_.bytes()) : NfsOutcome::changed;
}

NfsOutcome NfsBody::settle_tail(rpc::Bytes tail) {
  std::span<std::uint8_t> out = scratch_.tail;
  if (tail.size() > out.size()) {
    large_ = pool_.get(tail.size());
    out = large_.all();
  }
  switch (rewrite_->tail(tail, out)) {
    case Rewritten::same: pieces_.tail = tail; return NfsOutcome::changed;
    case Rewritten::changed: pieces_.tail = out.first(rewrite_->size()); return NfsOutcome::changed;
    case Rewritten::malformed: return NfsOutcome::malformed;
    case Rewritten::unknown: return NfsOutcome::unknown;
    default: return NfsOutcome::too_large;
  }
}

void NfsBody::release() {
  if (large_) pool_.put(std::exchange(large_, {}));
  if (!streams_ && tail_.active()) tail_.close();
}

// NFSv3: of calls the handles come first, so that file data may follow as it comes; results must be here whole.
NfsOutcome NfsBody::version3(Message message, const NfsNote& note, rpc::Bytes here, std::size_t whole) {
  std::size_t size = 0;
  const bool complete = here.size() == whole;
  if (message == Message::call) {
    const rpc::Bytes head = here.first(std::min(here.size(), NfsScratch::kHead));
    const Rewritten what = nfs::rewrite3_call(guest_.rules, note.procedure, head, scratch_.head, size);
    const bool change = guest_.rules.read_only && nfs::changes3(note.procedure.program, note.procedure.number);
    foreign_handle_ = what == Rewritten::answered && !change;
    if (head.size() == whole || what == Rewritten::same || what == Rewritten::answered)
      return settled(what, scratch_.head, size);
    if (what == Rewritten::changed) {
      pieces_.head = rpc::Bytes(scratch_.head).first(size);
      return stream(here.subspan(head.size()), whole - head.size(), whole - head.size());
    }
  }
  if (!complete) return NfsOutcome::gather;
  const bool call = message == Message::call;
  const std::span<std::uint8_t> out = room(here.size() + nfs::growth(guest_.rules, message, here.size()));
  const Rewritten what = call ? nfs::rewrite3_call(guest_.rules, note.procedure, here, out, size)
                              : nfs::rewrite3_reply(guest_.rules, note.procedure, here, out, size);
  if (what == Rewritten::no_handle) {
    unbound_handle_ = true;
    std::array<std::uint8_t, nfs::kMostFailure3> failure;
    const rpc::Bytes said =
        nfs::failure3(note.procedure.program, note.procedure.number, nfs::Status3::server_fault, failure);
    rpc::copy_bytes(said, out);
    return settled(Rewritten::changed, out, said.size());
  }
  return settled(what, out, size);
}

NfsOutcome NfsBody::mount(const NfsNote& note, rpc::Bytes in) {
  std::size_t size = 0;
  const std::span<std::uint8_t> out = room(nfs::room_for_exports(guest_.mount_paths));
  const Rewritten what = nfs::mount_call({guest_.mount_paths, !note.unbindable}, note.procedure.number, in, out, size);
  return settled(what, out, size);
}

// Where a body that becomes `size` bytes is written to.
std::span<std::uint8_t> NfsBody::room(std::size_t size) {
  if (size <= scratch_.head.size()) return scratch_.head;
  large_ = pool_.get(size);
  return large_.all();
}

NfsOutcome NfsBody::settled(Rewritten what, std::span<std::uint8_t> out, std::size_t size) {
  switch (what) {
    case Rewritten::same: release(); return NfsOutcome::same;
    case Rewritten::changed: pieces_.head = out.first(size); return NfsOutcome::changed;
    case Rewritten::answered: pieces_.head = out.first(size); return NfsOutcome::answered;
    case Rewritten::unknown: return NfsOutcome::unknown;
    case Rewritten::no_handle:
      unbound_handle_ = true;
      pieces_.head = out.first(nfs::compound_results(nfs::Status4::server_fault, rewrite_->facts().tag, out));
      return pieces_.head.empty() ? NfsOutcome::too_large : NfsOutcome::changed;
    case Rewritten::part:  // the data claims more bytes than the record has
    case Rewritten::malformed: return NfsOutcome::malformed;
    case Rewritten::no_room:
    case Rewritten::too_late: break;
  }
  return NfsOutcome::too_large;
}

}  // namespace gatehouse::session
