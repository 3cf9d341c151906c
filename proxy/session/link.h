// One connection from a session to a backend.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/net/fd.h"
#include "proxy/runtime/state.h"
#include "proxy/session/call_table.h"
#include "proxy/session/gather.h"
#include "proxy/session/nfs_body.h"
#include "proxy/session/pipe.h"
#include "proxy/session/sink.h"
#include "rpc/record.h"

namespace gatehouse::session {

class Session;
struct Link;

/// Endpoint: what epoll hands back: a session's client side (link null) or one of its links.
struct Endpoint {
  Session* session = nullptr;
  Link* link = nullptr;
};

/// Inbound: the reading side of a socket. Plain data of its session.
struct Inbound {
  explicit Inbound(rpc::RecordLimits limits) : reader(limits) {}

  rpc::RecordReader reader;
  std::vector<std::uint8_t> held;  ///< read and, from `held_from` on, not yet used
  std::size_t held_from = 0;
  std::shared_ptr<const runtime::GuestPolicy> nfs_policy;  ///< that `nfs` refers to
  std::unique_ptr<NfsBody> nfs;                            ///< made at the first record that it looks at
  std::unique_ptr<Pipe> pipe;                              ///< while a body is spliced and its target is full
  bool readable = false;                                   ///< the socket may have bytes that were not read
  bool hangup = false;                                     ///< EPOLLRDHUP was seen: a short read is not the last
  bool ended = false;                                      ///< end of file was read
  bool no_splice = false;                                  ///< this socket refused to splice
  std::uint64_t partial_since = 0;                         ///< ms; 0: no record is half-read
};

/// SealedReply: a reply that is collected until its results can be protected.
struct SealedReply {
  std::uint32_t xid = 0;
  Outstanding call;
  Gather results;
  std::uint64_t reserved = 0;  ///< bytes of gss_reply_bytes taken for it
};

/// Link: plain data of its session; the functions that work on it are the session's.
struct Link {
  enum class State : std::uint8_t { idle, waiting, connecting, greeting, up };

  Link(Session* s, std::uint16_t number_, rpc::RecordLimits limits, BufferPool& pool)
      : endpoint{s, this}, number(number_), sink(pool), in(limits) {}

  Endpoint endpoint;
  const std::uint16_t number;                      ///< of the session's links
  std::optional<std::uint16_t> place;              ///< of the backend in the configuration; nothing: it went
  std::shared_ptr<runtime::BackendState> backend;  ///< set while the link has a place
  State state = State::idle;
  net::UniqueFd fd;
  Sink sink;
  Inbound in;
  std::size_t outstanding = 0;  ///< client calls without a reply
  bool carried_nfs4 = false;
  bool waiting = false;  ///< for the guest's gss_reply_bytes
  SealedReply sealed;
  bool discarding = false;          ///< the rest of the record being read goes nowhere
  CallTable callbacks;              ///< calls of the backend without a reply, in their own xid space
  std::uint64_t dialing_since = 0;  ///< ms; when the link was first tried
  std::uint32_t backoff = 0;        ///< ms until the next try
};

}  // namespace gatehouse::session
