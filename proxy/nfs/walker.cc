#include "proxy/nfs/walker.h"

#include <cstring>

namespace gatehouse::nfs {
namespace {

std::uint32_t load(const std::uint8_t* p) {
  std::uint32_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return __builtin_bswap32(v);
}

const Shape* shape_of(Message message, std::uint32_t number) {
  switch (message) {
    case Message::call: return arguments_of(number);
    case Message::reply: return results_of(number);
    case Message::callback: return callback_arguments_of(number);
    case Message::callback_reply: return callback_results_of(number);
  }
  return nullptr;
}

// Whether the minor version that the call names has the operation. Results do not say their version.
bool in_version(Message message, std::uint32_t number, std::uint32_t minor) {
  if (message == Message::call) return first_minor(number) <= minor;
  return message != Message::callback || first_callback_minor(number) <= minor;
}

}  // namespace

rpc::Bytes content_of(rpc::Bytes message, const Spot& opaque) {
  return message.subspan(opaque.offset + 4, load(message.data() + opaque.offset));
}

Walker::Walker(Message message, rpc::Bytes body, Points wanted, std::uint32_t max_operations)
    : body_(body), message_(message), wanted_(wanted), max_operations_(max_operations) {}

Walker::Walker(const Shape& shape, rpc::Bytes body, Points wanted) : body_(body), headed_(true), wanted_(wanted) {
  push(shape.first, shape.count);
}

void Walker::continue_with(rpc::Bytes rest) {
  body_ = rest;
  at_ = 0;
  bulk_left_ = 0;
}

Walk Walker::walk(std::span<Spot> spots, std::size_t& count) {
  spots_ = spots;
  count_ = &count;
  if (!headed_) {
    if (const Walk w = head(); w != Walk::done) return w;
  }
  while (!failed_) {
    if (bulk_left_ != 0) return Walk::in_bulk;
    if (depth_ == 0) {
      if (operations_left_ == 0) return left() == 0 ? Walk::done : Walk::malformed;
      if (const Walk w = next_operation(); w != Walk::done) return w;
      continue;
    }
    Frame& frame = stack_[static_cast<std::size_t>(depth_ - 1)];
    if (frame.at == frame.end) {
      if (!next_body(frame)) --depth_;
      continue;
    }
    const Field& field = *frame.at;
    const bool wanted = (bit(field.point) & wanted_) != 0;
    if (wanted && count == spots.size()) return Walk::spots_full;
    ++frame.at;
    if (field.kind == Kind::fixed && !wanted) {  // most fields
      skip(field.n);
    } else {
      step(field);
    }
  }
  return Walk::malformed;
}

// RFC 8881 sections 16.2 and 20.2: what stands before the operations.
Walk Walker::head() {
  headed_ = true;
  if (is_reply(message_)) facts_.status = u32();
  const std::size_t tag_at = at_;
  if (!skip_opaque(kAny)) return Walk::malformed;
  const std::uint32_t tag = load(body_.data() + tag_at);
  if (!is_reply(message_)) facts_.minor = u32();
  if (message_ == Message::callback) u32();  // callback_ident
  facts_.count_at = at_;
  facts_.operations = operations_left_ = u32();
  if (failed_) return Walk::malformed;
  if (tag > kMaxTag) return Walk::tag_too_long;
  facts_.tag = body_.subspan(tag_at + 4, tag);
  if (facts_.minor > kLastMinor) return Walk::unknown_minor;
  return operations_left_ > max_operations_ ? Walk::too_many_operations : Walk::done;
}

Walk Walker::next_operation() {
  const std::size_t from = at_;
  const std::uint32_t number = u32();
  if (failed_) return Walk::malformed;
  facts_.at = {number, facts_.operations - operations_left_, from};
  const Shape* shape = in_version(message_, number, facts_.minor) ? shape_of(message_, number) : nullptr;
  if (shape == nullptr) {
    at_ = from;
    return Walk::unknown_operation;
  }
  --operations_left_;
  if (number <= kLastOperation) facts_.seen[number / 64] |= std::uint64_t{1} << number % 64;
  if (is_reply(message_)) facts_.at_status = left() >= 4 ? load(body_.data() + at_) : 0;
  push(shape->first, shape->count);
  return Walk::done;
}

// Whether the body comes once more.
bool Walker::next_body(Frame& frame) {
  if (frame.chained) {
    const std::uint32_t more = u32();
    if (more > 1) fail();
    if (more != 1) return false;
  } else if (frame.more-- == 0) {
    return false;
  }
  frame.at = frame.first;
  return true;
}

void Walker::push(const Field* first, std::size_t count, std::uint32_t more, bool chained) {
  stack_[static_cast<std::size_t>(depth_++)] = {first, first, first + count, more, chained};
}

void Walker::step(const Field& field) {
  const std::size_t from = at_;
  switch (field.kind) {
    case Kind::fixed: skip(field.n); break;
    case Kind::opaque: skip_opaque(field.n); break;
    case Kind::bulk: return bulk();
    case Kind::items: skip(std::uint64_t{u32()} * field.n); break;
    case Kind::array: {
      const std::uint32_t n = u32();
      if (n > field.n) fail();
      if (n > 0 && !failed_) push(field.body, field.count, n - 1);
      return;
    }
    case Kind::chain: {
      push(field.body, field.count, 0, true);
      Frame& frame = stack_[static_cast<std::size_t>(depth_ - 1)];
      frame.at = frame.end;  // the word before the first body is looked at first
      return;
    }
    case Kind::choice: return choose(field);
    case Kind::ok:
      if (u32() == 0 && !failed_) push(field.body, field.count);
      return;
    case Kind::attributes: return attributes(field);
    case Kind::share:
      if ((u32() & 2U) != 0) note_change();  // OPEN4_SHARE_ACCESS_WRITE
      return;
    case Kind::changes: return note_change();
    case Kind::begin: mark_ = at_; return;
    case Kind::end: return note(field.point, mark_);
    case Kind::rest: skip(left()); break;
  }
  note(field.point, from);
}

void Walker::choose(const Field& field) {
  const std::uint32_t value = u32();
  if (failed_) return;
  const std::span<const Arm> arms(field.arms, field.count);
  for (const Arm& a : arms) {
    if (a.value != value) continue;
    if (a.count > 0) push(a.body, a.count);
    return;
  }
  if (field.others == Others::malformed) fail();
  if (field.others == Others::last_arm) push(arms.back().body, arms.back().count);
}

// File data ends its operation. Where the bytes end inside it, what follows can be walked when it is here.
void Walker::bulk() {
  const std::uint64_t size = rpc::padded(std::uint64_t{u32()});
  if (failed_ || size <= left()) {
    skip(size);
    return;
  }
  bulk_left_ = size - left();
  at_ = body_.size();
}

void Walker::note_change() {
  if (facts_.changes || failed_) return;
  facts_.changes = true;
  facts_.change = facts_.at;
}

void Walker::note(Point point, std::size_t from, std::size_t around) {
  if ((bit(point) & wanted_) == 0 || failed_) return;
  spots_[(*count_)++] = {point, facts_.at.operation, facts_.at.index, facts_.at.offset, from, at_ - from, around};
}

std::uint32_t Walker::u32() {
  if (left() < 4) {
    fail();
    return 0;
  }
  at_ += 4;
  return load(body_.data() + at_ - 4);
}

bool Walker::skip(std::uint64_t bytes) {
  if (failed_ || bytes > left()) {
    fail();
    return false;
  }
  at_ += bytes;
  return true;
}

bool Walker::skip_opaque(std::uint32_t most) {
  const std::uint32_t n = u32();
  if (n > most) fail();
  return skip(rpc::padded(std::uint64_t{n}));
}

}  // namespace gatehouse::nfs
