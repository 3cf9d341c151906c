#include "tests/bench/load_client.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tests/bench/process.h"

namespace gatehouse::bench {

// The low byte of an xid is its slot; the rest starts at a place of the connection's own and counts up, so that a reply
// that strays to another connection, or comes twice, is seen.
LoadClient::LoadClient(Fd fd, std::uint32_t index, const Work& work, std::unique_ptr<Dialect> dialect, Totals& totals)
    : fd_(std::move(fd)),
      work_(work),
      totals_(totals),
      dialect_(std::move(dialect)),
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
    const std::span<std::uint8_t> bytes = buffer.first(partial_.size() + static_cast<std::size_t>(got));
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
  if (!dialect_->call(slot, slots_[slot].xid, out_)) return wrong("no call could be made");
  return ++unsent_ < work_.batch || flush();
}

bool LoadClient::consume(std::span<std::uint8_t> bytes) {
  const std::uint64_t now = monotonic_ns();
  while (true) {
    if (rest_left_ > 0) {
      if (!take_rest(bytes, now)) return false;
      if (rest_left_ > 0) return true;
    }
    if (bytes.size() < kMark) break;
    const std::uint32_t mark = get32(bytes, 0);
    if ((mark & kLastFragment) == 0) return wrong("a reply came in more than one fragment");
    const std::size_t record = (mark & ~kLastFragment) + kMark;
    const std::size_t head = dialect_->head_size(record);
    if (bytes.size() < head) break;
    if (!begin_reply(bytes.first(head), record, now)) return false;
    bytes = bytes.subspan(head);
  }
  partial_.assign(bytes.begin(), bytes.end());
  return true;
}

bool LoadClient::begin_reply(std::span<std::uint8_t> head, std::size_t record, std::uint64_t now) {
  if (record < kLeastReply) return wrong("a reply is shorter than any reply can be");
  const std::uint32_t xid = get32(head, kMark);
  const std::uint32_t slot = xid & 255;
  if (slot >= slots_.size() || slots_[slot].since == 0) return wrong("a reply has an xid that no call waits for");
  const Seen seen = dialect_->examine(slot, slots_[slot].xid, head);
  if (seen.fault != nullptr) return wrong(seen.fault);
  rest_left_ = record - head.size();
  rest_ = seen.rest;
  reading_ = slot;
  if (rest_left_ == 0) return complete(head, now);
  if (rest_ == Seen::Rest::record) record_.assign(head.begin(), head.end());
  return true;
}

bool LoadClient::take_rest(std::span<std::uint8_t>& bytes, std::uint64_t now) {
  const std::span<std::uint8_t> taken = bytes.first(std::min(bytes.size(), rest_left_));
  if (rest_ == Seen::Rest::payload && !payload_matches(work_.payload - rest_left_, taken)) {
    return wrong("a payload is damaged");
  }
  if (rest_ == Seen::Rest::record) record_.insert(record_.end(), taken.begin(), taken.end());
  bytes = bytes.subspan(taken.size());
  rest_left_ -= taken.size();
  return rest_left_ > 0 || complete(record_, now);
}

bool LoadClient::complete(std::span<std::uint8_t> record, std::uint64_t now) {
  if (rest_ == Seen::Rest::record) {
    if (const char* fault = dialect_->open(reading_, slots_[reading_].xid, record)) return wrong(fault);
  }
  return finish(reading_, now);
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
