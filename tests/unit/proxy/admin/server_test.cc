// The admin socket's server, asked over real sockets.
#include "proxy/admin/server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/folder.h"
#include "tests/unit/proxy/admin/fake_control.h"

using namespace gatehouse;
using namespace gatehouse::admin;
using test::FakeControl;

namespace {

constexpr int kLong = 20000;  // ms: what a test waits for at most

// Whatever comes in time; the condition that is waited for, not a pause.
bool comes(int fd, short events) {
  pollfd p{fd, events, 0};
  return ::poll(&p, 1, kLong) == 1;
}

template <class Condition>
void until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLong);
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::yield();
  }
}

class Asking {
 public:
  explicit Asking(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un sa{};
    sa.sun_family = AF_UNIX;
    path.copy(sa.sun_path, sizeof sa.sun_path - 1);
    REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa) == 0);
  }
  Asking& say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) break;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return *this;
  }
  void end() { ::shutdown(fd_.get(), SHUT_WR); }
  // A line without its newline; "closed" when there is none.
  std::string line() {
    for (;;) {
      if (const auto at = in_.find('\n'); at != std::string::npos) {
        std::string out = in_.substr(0, at);
        in_.erase(0, at + 1);
        return out;
      }
      std::array<char, 65536> buffer;
      REQUIRE(comes(fd_.get(), POLLIN));
      const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0) return "closed";
      in_.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }
  // Whether the server closes, whatever lies there unread.
  bool left() { return comes(fd_.get(), 0); }
  std::string ask(std::string_view request) { return say(std::string(request) + '\n').line(); }

 private:
  net::UniqueFd fd_;
  std::string in_;
};

struct Running {
  explicit Running(Terms terms = {}) {
    config::Admin conf;
    conf.socket = path;
    auto at = open_socket(conf);
    REQUIRE(at);
    auto started = Server::start(std::move(*at), {}, control, terms);
    REQUIRE(started);
    server = std::move(*started);
  }
  Asking client() { return Asking(path); }

  test::Folder folder;
  const std::string path = (folder.path / "admin.sock").string();
  FakeControl control;
  std::unique_ptr<Server> server;
};

bool has(const std::string& line, std::string_view part) {
  INFO(line);
  return line.find(part) != std::string::npos;
}

constexpr const char* kStatus = R"({"command":"status"})";

}  // namespace

TEST_CASE("requests on one connection are answered in their order, also when they are sent together [L7]") {
  Running r;
  Asking a = r.client();
  CHECK(has(a.ask(kStatus), R"({"done":{"protocol":1,"version":"1")"));
  a.say(R"({"command":"guests"})"
        "\n"
        R"({"command":"log-level"})"
        "\n"
        R"({"command":"evict","guest":"web1"})"
        "\n");
  for (const char* name : {"web0", "web1", "web2"}) CHECK(has(a.line(), std::string(R"({"row":{"name":")") + name));
  CHECK(a.line() == R"({"done":{"rows":3}})");
  CHECK(a.line() == R"({"done":{"level":"info"}})");
  CHECK(a.line() == R"({"done":{"connections":2,"contexts":3}})");
  CHECK(r.control.evictions.at(0).guest == "web1");
  CHECK(r.control.acts == std::vector<std::string>{"evict: done"});
  CHECK(has(a.ask(R"({"command":"contexts","guest":"x"})"),
            R"({"error":{"code":"not-found","text":"there is no guest x"}})"));
  CHECK(has(a.ask(kStatus), "done"));
}

TEST_CASE("a request that comes byte by byte is answered, and a client that sends no more is answered still [L7]") {
  Running r;
  Asking a = r.client();
  for (const char c : std::string(kStatus) + '\n') a.say(std::string_view(&c, 1));
  CHECK(has(a.line(), "done"));
  a.say(std::string(kStatus) + '\n').end();
  CHECK(has(a.line(), "done"));
  CHECK(a.line() == "closed");
}

TEST_CASE("what is no request is answered with an error, and the connection closes behind it [L7]") {
  Running r;
  for (const std::string& line :
       {std::string("nonsense"), std::string(), std::string(1000, '['), std::string("\0\1\2", 3)}) {
    Asking a = r.client();
    CHECK(has(a.ask(line), R"({"error":{"code":"bad-request",)"));
    CHECK(a.line() == "closed");
  }
  Asking half = r.client();
  half.say(R"({"command":"sta)").end();
  CHECK(has(half.line(), "a newline is missing"));
  CHECK(half.line() == "closed");
  CHECK(has(r.client().ask(kStatus), "done"));
}

TEST_CASE("a line beyond its bound is refused, however long it goes on [L7]") {
  Running r;
  Asking a = r.client();
  a.say(std::string(std::size_t{1} << 20, 'x'));
  CHECK(has(a.line(), R"({"error":{"code":"too-long",)"));
  CHECK(a.line() == "closed");
  // To the byte: 65536 with the newline is taken, and refused for what it says; one more is too long.
  std::string fits = R"({"command":"log-level","level":")";
  fits += std::string(65535 - fits.size() - 2, 'a') + "\"}";
  CHECK(has(r.client().ask(fits), "done"));
  fits.insert(fits.size() - 2, 1, 'a');
  CHECK(has(r.client().ask(fits), "too-long"));
}

TEST_CASE("while one client waits for a reload the others are answered, and its later requests wait [L7]") {
  Running r;
  Asking slow = r.client(), other = r.client();
  slow.say(R"({"command":"reload"})"
           "\n" +
           std::string(kStatus) + '\n');
  for (int i = 0; i < 20 || r.control.reloads_asked() == 0; ++i) CHECK(has(other.ask(kStatus), "done"));
  CHECK(r.control.acts.empty());
  r.control.finish_reload(std::unexpected(Refusal{Code::refused, "bad", {{"f", 3, 4, "wrong \"x\""}}}));
  CHECK(
      slow.line() ==
      R"({"error":{"code":"refused","text":"bad","problems":[{"file":"f","line":3,"column":4,"text":"wrong \"x\""}]}})");
  CHECK(has(slow.line(), "protocol"));
  CHECK(r.control.acts == std::vector<std::string>{"reload: bad"});
}

TEST_CASE("the answer for a client that has gone goes nowhere, also after the server has ended [L7]") {
  Running r;
  {
    Asking gone = r.client();
    gone.say("{\"command\":\"reload\"}\n");
    until([&] { return r.control.reloads_asked() > 0; });
  }
  CHECK(has(r.client().ask(kStatus), "done"));
  r.control.finish_reload(Reloaded{2, 1});
  Asking last = r.client();
  last.say("{\"command\":\"reload\"}\n");
  until([&] { return r.control.reloads_asked() > 0; });
  r.server.reset();
  CHECK(last.line() == "closed");
  r.control.finish_reload(Reloaded{3, 1});
  struct stat st{};
  CHECK(::lstat(r.path.c_str(), &st) != 0);
}

TEST_CASE("of clients that are silent, or stop in a line, each is told so and closed [L7]") {
  Running r({.patience = {.silence = 50, .stall = kLong}});
  Asking silent = r.client(), half = r.client();
  half.say("{\"comm");
  for (Asking* each : {&silent, &half}) {
    CHECK(has(each->line(), R"({"error":{"code":"timed-out",)"));
    CHECK(each->line() == "closed");
  }
}

TEST_CASE("a client that does not take its answer is closed; the others are served meanwhile [L7]") {
  Running r({.patience = {.silence = kLong, .stall = 200}});
  r.control.rows = 100000;
  Asking stuck = r.client();
  stuck.say("{\"command\":\"guests\"}\n");
  // Until it is given up: what it was sent ends before its answer does.
  for (int i = 0; i < 50; ++i) CHECK(has(r.client().ask(kStatus), "done"));
  CHECK(stuck.left());
  std::string last, line;
  while ((line = stuck.line()) != "closed") last = line;
  CHECK_FALSE(has(last, "done"));
  CHECK(has(r.client().ask(kStatus), "done"));
}

TEST_CASE("an answer of many rows comes whole to who takes it [L7]") {
  Running r;
  r.control.rows = 100000;
  Asking a = r.client();
  a.say("{\"command\":\"guests\"}\n");
  std::size_t rows = 0;
  std::string line;
  while (has(line = a.line(), "row\":{")) ++rows;
  CHECK(rows == 100000);
  CHECK(line == R"({"done":{"rows":100000}})");
}

TEST_CASE("more clients than there is room for are told so; when some have gone there is room [L7]") {
  Running r({.clients = 2});
  Asking a = r.client();
  {
    Asking b = r.client();
    CHECK((has(a.ask(kStatus), "done") && has(b.ask(kStatus), "done")));
    Asking c = r.client();
    CHECK(has(c.line(), R"({"error":{"code":"busy",)"));
    CHECK(c.line() == "closed");
  }
  until([&] { return r.client().ask(kStatus).find("done") != std::string::npos; });
}

TEST_CASE("a trace shows calls until it has shown as many as were asked for, and the connection goes on [T7]") {
  Running r;
  Asking a = r.client();
  a.say(R"({"command":"trace","guest":"web1","count":2})"
        "\n");
  until([&] { return r.control.web1->wanted(); });
  for (std::uint32_t xid = 1; xid <= 5; ++xid) r.control.call(xid);
  CHECK(has(a.line(), R"("xid":1,)"));
  CHECK(has(a.line(), R"("xid":2,)"));
  CHECK(a.line() == R"({"done":{"calls":2,"dropped":0}})");
  CHECK_FALSE(r.control.web1->wanted());
  CHECK(has(a.ask(kStatus), "protocol"));
  CHECK(a.ask(R"({"command":"trace","guest":"web1","for_ms":20})") == R"({"done":{"calls":0,"dropped":0}})");
}

TEST_CASE("a trace whose reader stops reading loses calls and counts them, and ends when the client goes [T7]") {
  Running r;
  {
    Asking a = r.client();
    a.say(R"({"command":"trace","guest":"web1","for_ms":100000})"
          "\n");
    until([&] { return r.control.web1->wanted(); });
    // More than the ring, the client's room and the socket's buffers hold.
    constexpr std::uint32_t kCalls = 200000;
    for (std::uint32_t xid = 0; xid < kCalls; ++xid) r.control.call(xid);
    std::uint64_t shown = 0, missing = 0;
    while (shown + missing < kCalls) {
      const std::string line = a.line();
      const auto at = line.find(R"("dropped":)");
      if (at == std::string::npos)
        ++shown;
      else
        missing += std::stoull(line.substr(at + 10));
    }
    CHECK(shown + missing == kCalls);
    CHECK(missing > 0);
    CHECK(shown > 0);
  }
  until([&] { return !r.control.web1->wanted(); });
}

TEST_CASE(
    "the socket's file lets in the owner, and everybody where a group is stated, whose rights are then asked [L7]") {
  test::Folder folder;
  const auto mode_of = [&](std::optional<std::uint32_t> group, std::optional<std::uint32_t> read_group) {
    config::Admin conf;
    conf.socket = (folder.path / "s").string();
    conf.group_id = group;
    conf.read_group_id = read_group;
    const auto at = open_socket(conf);
    REQUIRE(at);
    struct stat st{};
    REQUIRE(::stat(conf.socket.c_str(), &st) == 0);
    ::unlink(conf.socket.c_str());
    return st.st_mode & 0777;
  };
  CHECK(mode_of({}, {}) == 0600);
  CHECK(mode_of(1, {}) == 0666);
  CHECK(mode_of({}, 1) == 0666);
  Running r;
  struct stat st{};
  r.server->set_access({1, {}});
  CHECK((::stat(r.path.c_str(), &st) == 0 && (st.st_mode & 0777) == 0666));
  r.server->set_access({});
  CHECK((::stat(r.path.c_str(), &st) == 0 && (st.st_mode & 0777) == 0600));
}

TEST_CASE("a socket that another process listens on is left alone") {
  Running r;
  config::Admin conf;
  conf.socket = r.path;
  const auto second = open_socket(conf);
  REQUIRE_FALSE(second);
  CHECK(has(second.error(), "another process listens on"));
}
