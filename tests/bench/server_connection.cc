#include "tests/bench/server_connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gatehouse::bench {
namespace {

bool refuse(const char* why) {
  std::fprintf(stderr, "bench_server: closing a connection: %s\n", why);
  return false;
}

const char* text(CallFault fault) {
  switch (fault) {
    case CallFault::none: return "no fault";
    case CallFault::not_a_call: return "the record is no RPC version 2 call";
    case CallFault::bad_credential: return "the credential is no well-formed AUTH_SYS";
    case CallFault::bad_verifier: return "the verifier is not an empty AUTH_NONE";
  }
  return "unknown fault";
}

}  // namespace

bool ServerConnection::on_events(std::uint32_t events, std::span<std::uint8_t> buffer) {
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up_ = true;
  while (true) {
    const SendQueue::Outcome outcome = out_.flush(fd_);
    if (outcome == SendQueue::Outcome::failed) return false;
    if (outcome == SendQueue::Outcome::blocked || !readable_) return true;
    const Step step = read_some(buffer);
    if (step == Step::close) return false;
    if (step == Step::wait) readable_ = false;
  }
}

ServerConnection::Step ServerConnection::read_some(std::span<std::uint8_t> buffer) {
  std::copy(partial_.begin(), partial_.end(), buffer.begin());
  const std::span<std::uint8_t> room = buffer.subspan(partial_.size());
  const ssize_t got = recv(fd_.get(), room.data(), room.size(), 0);
  if (got < 0) return errno == EAGAIN ? Step::wait : Step::close;
  if (got == 0) return Step::close;
  const std::size_t have = partial_.size() + static_cast<std::size_t>(got);
  partial_.clear();
  if (!consume(buffer.first(have))) return Step::close;
  // A short read means drained, unless the end of the stream waits behind it.
  return static_cast<std::size_t>(got) == room.size() || hung_up_ ? Step::more : Step::wait;
}

bool ServerConnection::consume(Bytes bytes) {
  while (true) {
    if (body_left_ > 0) {
      if (!take_body(bytes)) return false;
      if (body_left_ > 0) return true;
    }
    if (bytes.size() < kMark) break;
    const std::uint32_t mark = get32(bytes, 0);
    const std::size_t record = mark & ~kLastFragment;
    if ((mark & kLastFragment) == 0) return refuse("a record came in more than one fragment");
    if (record > kMaxPayload + kCallHeadMax) return refuse("a record is too long");
    if (bytes.size() - kMark < std::min(record, kCallHeadMax)) break;
    std::size_t used = 0;
    if (!begin_record(bytes.subspan(kMark), record, used)) return false;
    bytes = bytes.subspan(kMark + used);
  }
  partial_.assign(bytes.begin(), bytes.end());
  return true;
}

bool ServerConnection::begin_record(Bytes bytes, std::size_t record, std::size_t& used) {
  const CallFault fault = parse_call(bytes.first(std::min(bytes.size(), record)), record, call_);
  if (fault != CallFault::none) return refuse(text(fault));
  used = std::min(call_.head, bytes.size());
  body_left_ = record - used;
  body_done_ = 0;
  if (body_left_ == 0) {
    append_reply(call_, out_.heads());
    out_.commit(call_.procedure == Procedure::read ? call_.payload : 0);
  }
  return true;
}

bool ServerConnection::take_body(Bytes& bytes) {
  const std::size_t taken = std::min(bytes.size(), body_left_);
  const bool is_data = call_.procedure == Procedure::write && call_.verdict == AcceptStat::success;
  if (is_data && !payload_matches(body_done_, bytes.first(taken))) return refuse("a written payload is damaged");
  bytes = bytes.subspan(taken);
  body_done_ += taken;
  body_left_ -= taken;
  if (body_left_ == 0) {
    append_reply(call_, out_.heads());
    out_.commit(0);
  }
  return true;
}

}  // namespace gatehouse::bench
