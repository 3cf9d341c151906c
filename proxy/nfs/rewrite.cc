// The way of one message: walked, its spots changed, cut or answered where the rules say so.
#include "proxy/nfs/rewrite.h"

#include <array>
#include <cstring>

namespace gatehouse::nfs {
namespace {

constexpr std::size_t kBatch = 2;  // more than most messages have

void patch(std::span<std::uint8_t> out, std::size_t at, std::uint32_t value) {
  rpc::XdrWriter(out.subspan(at, 4)).u32(value);
}

// The result of the operation that was not sent on. SETATTR's has a bitmap, whatever its status.
struct Result {
  std::array<std::uint8_t, 12> bytes;
  std::size_t size;
};
Result result_of(const Cut& cut) {
  constexpr std::uint32_t kSetAttr = 34;
  Result out{};
  rpc::XdrWriter w(out.bytes);
  w.u32(cut.operation);
  w.u32(static_cast<std::uint32_t>(cut.status));
  if (cut.operation == kSetAttr) w.u32(0);
  out.size = w.size();
  return out;
}

Status4 status_of(Walk why, std::uint32_t minor) {
  if (why == Walk::unknown_minor) return Status4::minor_mismatch;
  if (why == Walk::tag_too_long) return Status4::bad_xdr;
  return minor == 0 ? Status4::resource : Status4::too_many_operations;
}

}  // namespace

std::size_t growth(const Rules& rules, Message message, std::size_t size) {
  const std::size_t fixed = is_reply(message) ? 2 * kMostFlavorBytes : rules.guest.size() + 64;
  return fixed + (rules.bind_handles ? size / 2 + kHandleMac : 0);
}

std::size_t compound_results(Status4 status, rpc::Bytes tag, std::span<std::uint8_t> out) {
  rpc::XdrWriter w(out);
  w.u32(static_cast<std::uint32_t>(status));
  w.opaque(tag);
  w.u32(0);
  return w.ok() ? w.size() : 0;
}

Rewrite::Rewrite(const Rules& rules, Message message, CallNote& note, rpc::Bytes in, std::span<std::uint8_t> out,
                 SessionMemo* memo)
    : rules_(rules),
      message_(message),
      note_(note),
      memo_(memo),
      in_(in),
      out_(out),
      editor_(in, out),
      walker_(message, in, wanted(), rules.max_operations) {}

Rewritten Rewrite::run() {
  if (message_ == Message::call) note_ = {};
  if (message_ == Message::call && rules_.read_only) find_change();
  walked_ = walk_spots();
  if (message_ == Message::call) note_.minor = facts().minor;
  return ended();
}

Rewritten Rewrite::tail(rpc::Bytes in, std::span<std::uint8_t> out) {
  in_tail_ = true;
  in_ = in;
  out_ = out;
  editor_ = Editor(in, out);
  walker_.continue_with(in);
  walked_ = walk_spots();
  const Rewritten what = ended();
  if (what == Rewritten::changed && size_ != in_.size()) return Rewritten::too_late;
  return what;
}

// A read-only guest's call is walked once more, beforehand: what is cut off must not have been changed.
void Rewrite::find_change() {
  Walker scan(message_, in_, 0, rules_.max_operations);
  std::size_t none = 0;
  scan.walk({}, none);
  if (scan.facts().changes) stop_at(scan.facts().change, scan.facts().change.operation, Status4::rofs);
}

void Rewrite::stop_at(const Where& at, std::uint32_t operation, Status4 status) {
  stop_ = at;
  note_.cut = {operation, at.index, status};
}

// Walks to the end, or to where the call is cut.
Walk Rewrite::walk_spots() {
  std::array<Spot, kBatch> spots;
  for (;;) {
    std::size_t count = 0;
    const Walk w = walker_.walk(spots, count);
    if (message_ == Message::call) note_.minor = facts().minor;
    for (const Spot& s : std::span(spots).first(count))
      if (s.index >= stop_.index || !change(s)) return w;
    if (w != Walk::spots_full) return w;
  }
}

// What a walk's end means, unless a cut came before it.
Rewritten Rewrite::ended() {
  if (handle_too_long_) return Rewritten::no_handle;
  const bool unknown = walked_ == Walk::unknown_operation && !rules_.pass_unknown;
  if (unknown && message_ != Message::call) return Rewritten::unknown;
  if (unknown && facts().at.index < stop_.index) stop_at(facts().at, kIllegal, Status4::illegal);
  if (stop_.index != kAny) return cut_call();
  switch (walked_) {
    case Walk::done:
    case Walk::unknown_operation: return complete();
    case Walk::in_bulk: return in_tail_ || note_.cut.operation != 0 ? Rewritten::too_late : finish(Rewritten::part);
    case Walk::spots_full:
    case Walk::malformed: return Rewritten::malformed;
    case Walk::unknown_minor:
    case Walk::too_many_operations:
    case Walk::tag_too_long: break;
  }
  return message_ == Message::call ? answer(status_of(walked_, facts().minor)) : Rewritten::malformed;
}

// A call ends before the operation; the reply gets that one's result. Where it is the first, the result is all.
Rewritten Rewrite::cut_call() {
  if (in_tail_) return Rewritten::too_late;
  if (stop_.index == 0) {
    const std::size_t before = answer(note_.cut.status) == Rewritten::answered ? size_ : 0;
    if (before == 0) return Rewritten::no_room;
    patch(out_, before - 4, 1);
    const auto [result, n] = result_of(note_.cut);
    if (n > out_.size() - before) return Rewritten::no_room;
    std::memcpy(out_.data() + before, result.data(), n);
    size_ += n;
    return Rewritten::answered;
  }
  editor_.cut(stop_.offset);
  const Rewritten what = finish(Rewritten::changed);
  if (what == Rewritten::changed) patch(out_, facts().count_at, stop_.index);
  return what;
}

// The reply to a call that was cut gets the result that is missing, unless the server had stopped before.
Rewritten Rewrite::complete() {
  const Cut& cut = note_.cut;
  const bool short_of_one =
      message_ == Message::reply && cut.operation != 0 && facts().status == 0 && facts().operations == cut.index;
  if (!short_of_one) return finish(Rewritten::changed);
  const auto [result, n] = result_of(cut);
  editor_.append(rpc::Bytes(result).first(n));
  const Rewritten what = finish(Rewritten::changed);
  if (what != Rewritten::changed) return what;
  patch(out_, 0, static_cast<std::uint32_t>(cut.status));
  patch(out_, facts().count_at, cut.index + 1);
  return what;
}

Rewritten Rewrite::answer(Status4 status) {
  std::array<std::uint8_t, kMaxTag> tag;  // out may lie over the message
  const std::size_t n = facts().tag.size();
  if (n > 0) std::memcpy(tag.data(), facts().tag.data(), n);
  size_ = compound_results(status, rpc::Bytes(tag).first(n), out_);
  return size_ == 0 ? Rewritten::no_room : Rewritten::answered;
}

Rewritten Rewrite::finish(Rewritten what) {
  if (what == Rewritten::changed && !editor_.changed()) return Rewritten::same;
  const auto size = editor_.finish();
  if (!size) return Rewritten::no_room;
  size_ = *size;
  return what;
}

}  // namespace gatehouse::nfs
