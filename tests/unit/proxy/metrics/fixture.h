// A configuration in force with something to count, for tests.
#pragma once

#include "proxy/metrics/sources.h"
#include "tests/unit/proxy/config/fixture.h"

namespace gatehouse::test {

/// Running: two workers' worth of state, without the workers. kBase and web1, see there.
struct Running {
  explicit Running(const std::string& text = kBase + kGuest + "backends = [\"nfs\", \"mountd\"]\n")
      : shared(*runtime::make_snapshot(good(text), {3, secret}, {}), 3) {}

  std::vector<std::uint8_t> secret = std::vector<std::uint8_t>(32, 7);
  runtime::Shared shared;
  metrics::ConfigLoad load;
  metrics::Sources sources{shared, load, "1.2.3", 1000};

  runtime::GuestState& web1() { return *shared.now()->guests[1]; }
  /// beat: every thread was seen at `now_ms`.
  void beat(std::uint64_t now_ms) {
    for (std::size_t i = 0; i < shared.heartbeats.size(); ++i) shared.heartbeats.beat(i, now_ms);
  }
  void listen() {
    for (auto& l : shared.now()->listening) l = true;
  }
};

}  // namespace gatehouse::test
