#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/bench/send_queue.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {

// Work is what every client of one run does.
struct Work {
  Procedure procedure = Procedure::getattr;
  std::uint32_t payload = 0;           // bytes a READ or WRITE carries
  std::uint32_t depth = 1;             // calls outstanding a connection, at most 256
  std::uint32_t batch = 1;             // calls that share one send; 1 is what NFS clients do
  std::uint32_t compound_version = 0;  // calls are the COMPOUND of compound.h, sent as this version; 0: NFSv3
  std::vector<std::uint8_t> handle;    // of such calls
};

// Seen is what a dialect makes of the first bytes of a reply.
struct Seen {
  // Rest says what the bytes after them are: `payload` is the pattern, to be checked as it comes; `record` has to be
  // gathered and given to Dialect::open; `skipped` is not looked at, because this reply is not in the sample.
  enum class Rest { payload, record, skipped };
  const char* fault = nullptr;
  Rest rest = Rest::payload;
};

// Dialect is how the calls and replies of one connection look: AUTH_SYS, or RPCSEC_GSS with a service. It checks the
// replies: nullptr or no fault means that all that was looked at is right. One thread.
class Dialect {
 public:
  virtual ~Dialect() = default;

  // call queues one call. Slots are below Work's depth; a slot has one call outstanding. False: no more can be made.
  virtual bool call(std::uint32_t slot, std::uint32_t xid, SendQueue& out) = 0;

  // head_size returns how many bytes of a reply, of `record` bytes with its mark, examine wants to see; at most record.
  virtual std::size_t head_size(std::size_t record) const = 0;

  // examine checks a reply's first head_size bytes. It may change them.
  virtual Seen examine(std::uint32_t slot, std::uint32_t xid, std::span<std::uint8_t> head) = 0;

  // open checks a whole reply that examine wanted gathered. It may change it.
  virtual const char* open(std::uint32_t slot, std::uint32_t xid, std::span<std::uint8_t> record) = 0;
};

// make_auth_sys returns the dialect of AUTH_SYS; a payload passes as it comes.
std::unique_ptr<Dialect> make_auth_sys(const Work& work);

}  // namespace gatehouse::bench
