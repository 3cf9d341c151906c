// What both directions share: sending records on, splicing large bodies, keeping what is left.
#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

// From here on the rest of a body goes through the kernel: below, two system calls more cost more than the copy.
constexpr std::uint32_t kSpliceFrom = 64 * 1024;
// From here on the rest of a body that is collected is read on its own.
constexpr std::size_t kDirectFrom = std::size_t{16} * 1024;
// A held buffer larger than this is given back when it is empty.
constexpr std::size_t kKeepHeld = 4096;

}  // namespace

// Sends the beginning of a record as one fragment: `marked_head`, four bytes for its mark and then what stands in place
// of the first `skip` bytes of `item`, and what is here of the rest.
void Session::send_record(Sink& to, std::span<std::uint8_t> marked_head, const rpc::RecordReader::Item& item,
                          std::size_t skip) {
  const std::size_t length = item.length - skip + marked_head.size() - 4;
  rpc::XdrWriter(marked_head).u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(length)));
  const rpc::Bytes rest = item.bytes.subspan(skip);
  if (&to == &client_sink_) count_out(marked_head.size() + rest.size());
  context_.batch.to(to);
  context_.batch.put(marked_head, rest);
  if (item.gathered) context_.batch.finish();
}

// Sends the beginning of a record as it came.
void Session::send_record(Sink& to, const rpc::RecordReader::Item& item) {
  std::array<std::uint8_t, 4> mark;
  send_record(to, mark, item, 0);
}

void Session::hold(Inbound& in, rpc::Bytes rest) {
  in.held_from = 0;
  if (!rest.empty()) {
    in.held.assign(rest.begin(), rest.end());
  } else if (in.held.capacity() > kKeepHeld) {
    in.held = {};
  }
}

// Goes on with what waited for a budget: the client's (link null) or a link's. What has to wait again stays where it
// is: a guest that lives at its limit must not cost a copy of its backlog at every reply.
void Session::process_held(Inbound& in, Link* link) {
  std::vector<std::uint8_t> input;
  input.swap(in.held);
  context_.begin_read();
  const rpc::Bytes held = rpc::Bytes(input).subspan(std::exchange(in.held_from, 0));
  const rpc::Bytes rest = link != nullptr ? process_link(*link, held) : process_client(held);
  // What was made of it may still refer to it.
  context_.batch.finish();
  const bool waits = link != nullptr ? link->waiting : wait_ != Wait::nothing;
  if (!waits) return hold(in, rest);
  in.held = std::move(input);
  in.held_from = in.held.size() - rest.size();
}

// After the bytes of one read were worked through: out with what they made, before the buffer is used again.
void Session::after_input(Inbound& in) {
  if (closed_) return;
  context_.batch.finish();
  if (in.reader.idle() && in.held.empty()) {
    in.partial_since = 0;
  } else if (in.partial_since == 0) {
    in.partial_since = context_.now;
  }
  settle();
}

// The last byte of the body of the record at hand was passed on, or collected.
void Session::body_ended(Inbound& in) {
  if (&in != &in_) {
    end_stream(in, client_sink_);
    return closed_ ? void() : record_done(*reply_owner_);
  }
  if (body_to_ != nullptr) end_stream(in, body_to_->sink);
  if (closed_) return;
  in.partial_since = 0;
  body_to_ = nullptr;
  if (gss_ != nullptr && gss_->body.active()) body_complete();
}

// Reads the rest of a large body straight to where it is collected. Splice::copy: it is small, or its bytes are not
// reserved: it comes with what else the socket has.
Session::Splice Session::read_into(int from, Inbound& in, Gather& to) {
  if (!to.at_once() || to.left() < kDirectFrom || in.reader.remaining() != to.left()) return Splice::copy;
  const ReadBuffer::Result r = ReadBuffer::read(from, to.free_part());
  if (r.status == ReadBuffer::Status::would_block) {
    in.readable = false;
    return Splice::stop;
  }
  // The copying path reads the end of file or the error again, and says what it means.
  if (r.status != ReadBuffer::Status::data) return Splice::copy;
  to.advance(r.fresh);
  in.reader.skip(static_cast<std::uint32_t>(r.fresh));
  if (&in == &in_) count_in(r.fresh);
  if (r.drained && !in.hangup) in.readable = false;
  return Splice::more;
}

Session::Splice Session::splice_body(int from, Inbound& in, Sink& to, int to_fd) {
  // What follows file data may have to be changed.
  const std::uint32_t most = streams(in) ? static_cast<std::uint32_t>(in.nfs->bulk_left()) : in.reader.remaining();
  if (in.no_splice || most < kSpliceFrom || to.blocked() || to_fd < 0) return Splice::copy;
  std::unique_ptr<Pipe> pipe = context_.pipes.get();
  if (pipe == nullptr) return Splice::copy;
  const Moved moved = splice_in(from, *pipe, most);
  const std::size_t bytes = pipe->bytes;
  in.pipe = std::move(pipe);
  switch (moved) {
    case Moved::all: break;
    case Moved::source_empty: in.readable = false; [[fallthrough]];
    case Moved::target_full:  // not an outcome of splice_in
    case Moved::refused:
    case Moved::ended:
    case Moved::failed:
      // The copying path reads the end of file or the error again, and says what it means.
      context_.pipes.put(std::move(in.pipe));
      in.no_splice = in.no_splice || moved == Moved::refused;
      return moved == Moved::source_empty ? Splice::stop : Splice::copy;
  }
  in.reader.skip(static_cast<std::uint32_t>(bytes));
  if (streams(in)) in.nfs->moved(bytes);
  &in == &in_ ? count_in(bytes) : count_out(bytes);
  return push_pipe(in, to, to_fd);
}

// Moves on what is in the direction's pipe. The record ends here if its last bytes were in it.
Session::Splice Session::push_pipe(Inbound& in, Sink& to, int to_fd) {
  if (to.blocked()) return Splice::stop;
  switch (splice_out(*in.pipe, to_fd, in.reader.remaining() > 0)) {
    case Moved::all: break;
    case Moved::target_full: to.wait_writable(); return Splice::stop;
    default:
      to.fail();
      settle();
      return Splice::stop;
  }
  context_.pipes.put(std::move(in.pipe));
  if (in.reader.remaining() == 0) body_ended(in);
  return Splice::more;
}

}  // namespace gatehouse::session
