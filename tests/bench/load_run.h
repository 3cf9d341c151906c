#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load_client.h"
#include "tests/bench/net.h"

namespace gatehouse::bench {

// Plan is one run as the command line asks for it. Times in nanoseconds.
struct Plan {
  Address target;
  Work work;
  std::function<std::unique_ptr<Dialect>(std::size_t index)> dialect;  // for each connection, counted from 0
  std::uint32_t connections = 1;
  std::uint64_t warm_up = 0;
  std::uint64_t duration = 0;  // of the measured part; not used if `calls` is given
  std::uint64_t calls = 0;     // of the measured part; 0: by duration
  pid_t pid = 0;               // whose CPU time is measured; 0: nobody's
};

// Measured is what the steady part of a run came to.
struct Measured {
  std::uint64_t calls = 0;
  std::uint64_t wall = 0;  // ns
  std::uint64_t cpu = 0;   // ns of the pid, 0 without one
  Histogram latency;
};

// LoadRun drives the clients of one plan in one thread. Any wrong or missing reply (none for ten seconds) is an error.
class LoadRun {
 public:
  explicit LoadRun(const Plan& plan);

  // steady connects, warms up (at least until each connection has a reply), measures, and waits for the last replies.
  std::expected<Measured, std::string> steady();

  // one_call_each adds `count` connections, makes one call on each and leaves them open. Plan's work has depth 1.
  std::expected<void, std::string> one_call_each(std::uint32_t count);

 private:
  std::expected<void, std::string> open(std::uint32_t count);
  std::expected<std::uint64_t, std::string> turn();
  std::expected<std::uint64_t, std::string> cpu() const;
  std::expected<void, std::string> drain();

  const Plan& plan_;
  Fd epoll_;
  Totals totals_;
  std::vector<std::uint8_t> buffer_;
  std::vector<std::unique_ptr<LoadClient>> clients_;
  std::uint64_t progress_calls_ = 0;
  std::uint64_t progress_at_ = 0;
};

}  // namespace gatehouse::bench
