#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/dialect.h"
#include "tests/bench/histogram.h"
#include "tests/bench/net.h"
#include "tests/bench/send_queue.h"

namespace gatehouse::bench {

// Totals is what all clients of one run count together.
struct Totals {
  std::uint64_t calls = 0;      // replies seen and verified
  std::uint64_t connected = 0;  // clients that have seen a reply
  bool measuring = false;       // latencies are recorded
  bool stopping = false;        // no new calls
  Histogram latency;
};

// LoadClient keeps `depth` calls outstanding on one connection and verifies every reply. Edge-triggered; the read
// buffer is lent by the caller. Totals and Work outlive it.
class LoadClient {
 public:
  LoadClient(Fd fd, std::uint32_t index, const Work& work, std::unique_ptr<Dialect> dialect, Totals& totals);

  // start sends the first calls. False: fault() says what went wrong.
  bool start();

  // on_events handles epoll's event bits. False: fault() says what went wrong.
  bool on_events(std::uint32_t events, std::span<std::uint8_t> buffer);

  const Fd& fd() const { return fd_; }
  const std::string& fault() const { return fault_; }
  std::uint32_t outstanding() const { return outstanding_; }

 private:
  struct Slot {
    std::uint32_t xid = 0;
    std::uint64_t since = 0;  // when its call was queued; 0: the slot is free
  };
  bool wrong(std::string why);
  bool flush();
  bool issue(std::uint32_t slot, std::uint64_t now);
  bool consume(std::span<std::uint8_t> bytes);
  bool begin_reply(std::span<std::uint8_t> head, std::size_t record, std::uint64_t now);
  bool take_rest(std::span<std::uint8_t>& bytes, std::uint64_t now);
  bool complete(std::span<std::uint8_t> record, std::uint64_t now);
  bool finish(std::uint32_t slot, std::uint64_t now);

  Fd fd_;
  const Work& work_;
  Totals& totals_;
  std::unique_ptr<Dialect> dialect_;
  std::vector<Slot> slots_;
  std::uint32_t next_xid_;
  std::uint32_t outstanding_ = 0;
  std::uint32_t unsent_ = 0;           // calls queued since the last flush
  std::vector<std::uint8_t> partial_;  // the head of a reply that is not complete yet
  std::uint32_t reading_ = 0;          // the slot whose reply is coming in
  Seen::Rest rest_ = Seen::Rest::payload;
  std::size_t rest_left_ = 0;         // bytes of it that are still to come
  std::vector<std::uint8_t> record_;  // what came of a reply that has to be opened whole
  SendQueue out_;
  bool readable_ = false;
  bool replied_ = false;
  std::string fault_;
};

}  // namespace gatehouse::bench
