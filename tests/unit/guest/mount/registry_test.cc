#include "guest/mount/registry.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::guest;

namespace {

// The "relays" that were started: their entries, whose locks they hold while they are here.
std::vector<net::UniqueFd> relays;
std::uint16_t wanted = 0;
std::string start_says;
std::function<void()> while_starting;

std::expected<net::UniqueFd, std::string> listen_stub(std::uint16_t& port) {
  wanted = port;
  if (while_starting) while_starting();
  if (port == 0) port = 960;
  return net::UniqueFd(::open("/dev/null", O_RDWR));
}

std::string start_stub(const net::VsockAddress&, net::UniqueFd, net::UniqueFd entry, const std::string&) {
  if (start_says.empty()) relays.push_back(std::move(entry));
  return start_says;
}

struct Folder {
  Folder() {
    char name[] = "/tmp/gatehouse-registry-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = std::string(name) + "/run";
    relays.clear();
    start_says.clear();
  }
  ~Folder() {
    relays.clear();
    std::filesystem::remove_all(std::filesystem::path(path).parent_path());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

const net::VsockAddress kHost{2, 2049};

bool helper_may_lock(const std::string& path, int how) {
  const net::UniqueFd fd(::open(path.c_str(), O_RDWR));
  return ::flock(fd.get(), how | LOCK_NB) == 0;
}

// Whether a thread of this process waits for an flock (proc(5), /proc/locks: "->" marks who waits).
bool somebody_waits_for_a_lock() {
  std::ifstream in("/proc/locks");
  const std::string who = ' ' + std::to_string(::getpid()) + ' ';
  for (std::string line; std::getline(in, line);)
    if (line.find("-> FLOCK") != std::string::npos && line.find(who) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a relay is started once for a target, and found while it lives") {
  const Folder folder;
  Registry registry(folder.path, listen_stub, start_stub);
  const auto first = registry.find_or_start(kHost);
  REQUIRE(first);
  CHECK(first->port == 960);
  CHECK(relays.size() == 1);
  const auto second = registry.find_or_start(kHost);
  REQUIRE(second);
  CHECK(second->port == 960);
  CHECK(relays.size() == 1);
  REQUIRE(registry.find_or_start({2, 2050}));
  REQUIRE(registry.find_or_start({3, 2049}));
  CHECK(relays.size() == 3);
}

TEST_CASE("a relay cannot end while a mount is under way, and can when none is") {
  const Folder folder;
  const std::string lock = folder.path + "/vsock-2-2049.used";
  Registry registry(folder.path, listen_stub, start_stub);
  {
    const auto in_use = registry.find_or_start(kHost);
    REQUIRE(in_use);
    CHECK_FALSE(helper_may_lock(lock, LOCK_EX));
    CHECK(helper_may_lock(lock, LOCK_SH));
  }
  CHECK(helper_may_lock(lock, LOCK_EX));
}

TEST_CASE("after a relay has gone the next one gets its port, for the mounts that are still there") {
  const Folder folder;
  Registry registry(folder.path, listen_stub, start_stub);
  REQUIRE(registry.find_or_start(kHost));
  CHECK(wanted == 0);
  relays.clear();
  REQUIRE(registry.find_or_start(kHost));
  CHECK(wanted == 960);
  CHECK(relays.size() == 1);
}

TEST_CASE("a helper waits for one that is starting the relay, and uses it") {
  const Folder folder;
  Registry registry(folder.path, listen_stub, start_stub);
  std::thread second;
  std::uint16_t port = 0;
  std::atomic<bool> returned = false;
  while_starting = [&] {
    second = std::thread([&] {
      if (const auto in_use = registry.find_or_start(kHost)) port = in_use->port;
      returned = true;
    });
    while (!returned && !somebody_waits_for_a_lock()) std::this_thread::yield();
  };
  const auto first = registry.find_or_start(kHost);
  while_starting = nullptr;
  second.join();
  REQUIRE(first);
  CHECK(first->port == 960);
  CHECK(port == 960);
  CHECK(relays.size() == 1);
}

TEST_CASE("a relay that cannot start is an error, and the next helper tries again") {
  const Folder folder;
  Registry registry(folder.path, listen_stub, start_stub);
  start_says = "no program";
  CHECK(registry.find_or_start(kHost).error() == "no program");
  start_says.clear();
  CHECK(registry.find_or_start(kHost));
}

TEST_CASE("a registry that others can write to is refused, and rubbish in it is no port") {
  const Folder folder;
  Registry registry(folder.path, listen_stub, start_stub);
  REQUIRE(::mkdir(folder.path.c_str(), 0755) == 0);
  std::ofstream(folder.path + "/vsock-2-2049") << "rubbish\n";
  REQUIRE(registry.find_or_start(kHost));
  CHECK(wanted == 0);
  REQUIRE(::chmod(folder.path.c_str(), 0777) == 0);
  CHECK(registry.find_or_start(kHost).error().find("root alone") != std::string::npos);
  // A link instead of a file could make the helper write elsewhere.
  REQUIRE(::chmod(folder.path.c_str(), 0755) == 0);
  REQUIRE(::symlink("/dev/null", (folder.path + "/vsock-9-9").c_str()) == 0);
  CHECK_FALSE(registry.find_or_start({9, 9}));
}
