#include "tests/bench/load_client.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tests/bench/process.h"

namespace gatehouse::bench {

// The low byte of an xid is its slot; the rest starts at a place of the connection's own and counts up, so that a reply
// that strays to another connection, or comes twice, is seen.
LoadClient::LoadClient(Fd fd, std::uint32_t index, const Work& work, Totals& totals)
    : fd_(std::move(fd)),
      work_(work),
      totals_(totals),
      call_(make_call(work.procedure, work.payload)),
      slots_(work.depth),
      next_xid_(index * 0x9e3779b1U) {}

bool LoadClient::start() {
  const std::uint64_t now = monotonic_ns();
  for (std::uint32_t slot = 0; slot < work_.depth; ++slot) {
    if (!issue(slot, now)) return false;
  }
  return flush();
}

bool LoadClient::on_events(std::uint32_t events, std::span<std::uint8_t> buffer) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) return wrong("the connection was closed");
  if (events & EPOLLIN) readable_ = true;
  if (!flush()) return false;
  while (readable_) {
    std::copy(partial_.begin(), partial_.end(), buffer.begin());
    const std::span<std::uint8_t> room = buffer.subspan(partial_.size());
    const ssize_t got = recv(fd_.get(), room.data(), room.size(), 0);
    if (got == 0) return wrong("the connection was closed");
    if (got < 0 && errno != EAGAIN) return wrong(error_text("receiving"));
    if (got < 0) break;
    readable_ = static_cast<std::size_t>(got) == room.size();
    const Bytes bytes = buffer.first(partial_.size() + static_cast<std::size_t>(got));
    partial_.clear();
    if (!consume(bytes) || !flush()) return false;
  }
  readable_ = false;
  return true;
}

bool LoadClient::wrong(std::string why) {
  fault_ = std::move(why);
  return false;
}

bool LoadClient::flush() {
  unsent_ = 0;
  return out_.flush(fd_) != SendQueue::Outcome::failed || wrong(error_text("sending"));
}

bool LoadClient::issue(std::uint32_t slot, std::uint64_t now) {
  next_xid_ += 256;
  slots_[slot] = {(next_xid_ & ~255U) | slot, now};
  ++outstanding_;
  put32(call_, kMark, slots_[slot].xid);
  out_.heads().insert(out_.heads().end(), call_.begin(), call_.end());
  out_.commit(work_.procedure == Procedure::write ? work_.payload : 0);
  return ++unsent_ < work_.batch || flush();
}

bool LoadClient::consume(Bytes bytes) {
  const std::uint64_t now = monotonic_ns();
  while (true) {
    if (payload_left_ > 0) {
      if (!take_payload(bytes, now)) return false;
      if (payload_left_ > 0) return true;
    }
    if (bytes.size() < kMark) break;
    const std::uint32_t mark = get32(bytes, 0);
    if ((mark & kLastFragment) == 0) return wrong("a reply came in more than one fragment");
    const std::size_t record = (mark & ~kLastFragment) + kMark;
    const std::size_t head = std::min(record, reply_head_size(work_.procedure));
    if (bytes.size() < head) break;
    if (!begin_reply(bytes.first(head), record, now)) return false;
    bytes = bytes.subspan(head);
  }
  partial_.assign(bytes.begin(), bytes.end());
  return true;
}

bool LoadClient::begin_reply(Bytes head, std::size_t record, std::uint64_t now) {
  if (record < kReplyHeader - kMark) return wrong("a reply is shorter than any reply can be");
  const std::uint32_t xid = get32(head, kMark);
  const std::uint32_t slot = xid & 255;
  if (slot >= slots_.size() || slots_[slot].since == 0) return wrong("a reply has an xid that no call waits for");
  if (const char* fault = reply_fault(head, slots_[slot].xid, work_.procedure, work_.payload)) return wrong(fault);
  payload_left_ = record - head.size();
  reading_ = slot;
  return payload_left_ > 0 || finish(slot, now);
}

bool LoadClient::take_payload(Bytes& bytes, std::uint64_t now) {
  const std::size_t taken = std::min(bytes.size(), payload_left_);
  if (!payload_matches(work_.payload - payload_left_, bytes.first(taken))) return wrong("a payload is damaged");
  bytes = bytes.subspan(taken);
  payload_left_ -= taken;
  return payload_left_ > 0 || finish(reading_, now);
}

bool LoadClient::finish(std::uint32_t slot, std::uint64_t now) {
  ++totals_.calls;
  if (totals_.measuring) totals_.latency.add(now - slots_[slot].since);
  if (!std::exchange(replied_, true)) ++totals_.connected;
  slots_[slot].since = 0;
  --outstanding_;
  return totals_.stopping || issue(slot, now);
}

}  // namespace gatehouse::bench
