// Alive, and ready to serve.
#include "proxy/metrics/health.h"

#include "tests/unit/proxy/metrics/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using metrics::healthy;
using metrics::kLate;
using metrics::ready;

TEST_CASE("whoever turned lately is healthy, and a stuck event loop is named [L6]") {
  Running r;
  CHECK(healthy(r.shared, 5000).text == "acceptor: has not begun\nworker-1: has not begun\nworker-2: has not begun\n");
  r.beat(5000);
  CHECK(healthy(r.shared, 5000).good);
  CHECK(healthy(r.shared, 5000 + kLate).good);
  CHECK(healthy(r.shared, 5000 + kLate).text == "ok\n");
  CHECK(healthy(r.shared, 4999).good);  // a thread may be ahead of our clock
  r.shared.heartbeats.beat(0, 9000);
  r.shared.heartbeats.beat(1, 9000);
  const auto stuck = healthy(r.shared, 5001 + kLate);
  CHECK_FALSE(stuck.good);
  CHECK(stuck.text == "worker-2: not seen for 3001 ms\n");
}

TEST_CASE("ready is who listens everywhere, and whose backends did not refuse the last try") {
  Running r;
  CHECK(ready(r.shared).text == "listener v: not listening\nlistener u: not listening\n");
  r.listen();
  CHECK(ready(r.shared).good);
  CHECK(ready(r.shared).text == "ok\n");
  r.shared.now()->listening[1] = false;
  CHECK(r.shared.now()->backends[0]->went_down());
  const auto v = ready(r.shared);
  CHECK_FALSE(v.good);
  CHECK(v.text == "listener u: not listening\nbackend nfs: down\n");
  r.shared.now()->listening[1] = true;
  CHECK(r.shared.now()->backends[0]->came_up());
  CHECK(ready(r.shared).good);
}

TEST_CASE("a change of a backend is told to one caller alone, and the first success is no change") {
  using Seen = runtime::BackendState::Seen;
  Running r;
  runtime::BackendState& b = *r.shared.now()->backends[0];
  CHECK(b.seen() == Seen::untried);
  CHECK_FALSE(b.came_up());
  CHECK(b.seen() == Seen::up);
  CHECK_FALSE(b.came_up());
  CHECK(b.went_down());
  CHECK_FALSE(b.went_down());
  CHECK(b.seen() == Seen::down);
  CHECK(b.came_up());
  CHECK_FALSE(b.came_up());
}
