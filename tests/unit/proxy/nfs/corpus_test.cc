// What the Linux client and server said to each other: tests/fuzz/corpus, files kernel-*.
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "proxy/nfs/rewrite3.h"
#include "tests/unit/proxy/nfs/ids.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using test::Keys;
using Message = nfs::Message;
using Text = std::vector<std::uint8_t>;
namespace fs = std::filesystem;

namespace {

std::map<std::string, Text> recorded(const char* target, const char* prefix) {
  std::map<std::string, Text> out;
  for (const auto& entry : fs::directory_iterator(fs::path(GATEHOUSE_SOURCE_DIR) / "tests/fuzz/corpus" / target)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    out[name] = Text(text.begin(), text.end());
  }
  return out;
}

// kernel-3-NAME-PROCEDURE-NUMBER
std::uint32_t procedure_of(std::string name) {
  name.resize(name.rfind('-'));
  return static_cast<std::uint32_t>(std::stoul(name.substr(name.rfind('-') + 1)));
}

Message kind(const std::string& name, bool results) {
  const bool callback = name.find("-cb-") != std::string::npos;
  return results ? (callback ? Message::callback_reply : Message::reply)
                 : (callback ? Message::callback : Message::call);
}

Text rewritten(const Rules& rules, Message message, CallNote note, const Text& in) {
  Text out(in.size() + growth(rules, message, in.size()));
  Rewrite r(rules, message, note, in, out);
  const Rewritten what = r.run();
  REQUIRE((what == Rewritten::same || what == Rewritten::changed));
  if (what == Rewritten::same) return in;
  out.resize(r.size());
  return out;
}

}  // namespace

TEST_CASE("recorded COMPOUNDs of versions 4.0, 4.1 and 4.2 are walked to their end and written back byte for byte") {
  int seen = 0;
  for (const bool results : {false, true}) {
    for (const auto& [name, bytes] : recorded(results ? "nfs_results" : "nfs_args", "kernel-4")) {
      INFO(name);
      Walker walker(kind(name, results), bytes, 0);
      std::size_t none = 0;
      REQUIRE(walker.walk({}, none) == Walk::done);
      CHECK(walker.facts().at.index + 1 == walker.facts().operations);
      Text out(bytes.size());
      CHECK(apply(bytes, {}, out) == bytes.size());
      CHECK(out == bytes);
      CHECK(rewritten({}, kind(name, results), {}, bytes) == bytes);
      ++seen;
    }
  }
  CHECK(seen > 100);
}

TEST_CASE("a recorded reply that a guest was shown leads back to the server's ids, its own alone [V8]") {
  const Keys a("a"), b("b");
  const Points ids = Point::session | Point::client | Point::state;
  int seen = 0;
  for (const auto& [name, bytes] : recorded("nfs_results", "kernel-4")) {
    if (kind(name, true) != Message::reply) continue;
    INFO(name);
    const CallNote note{name.starts_with("kernel-4.0") ? 0U : 1U, {}};
    const Text shown = rewritten({.keys = &a}, Message::reply, note, bytes);
    REQUIRE(shown.size() == bytes.size());
    Walker walker(Message::reply, bytes, ids);
    std::array<Spot, 16> spots;
    std::size_t count = 0;
    REQUIRE(walker.walk(spots, count) == Walk::done);
    for (const Spot& s : std::span(spots).first(count)) {
      const auto way = [&](const GuestKeys& keys, std::span<std::uint8_t> id) {
        if (s.point == Point::session) keys.session_to_server(id.first<16>());
        if (s.point == Point::client) keys.client_to_server(id.first<8>());
        if (s.point == Point::state && note.minor == 0) keys.state_to_server(id.first<16>());
      };
      const auto at = [&s](const Text& t) {
        const auto begin = t.begin() + static_cast<std::ptrdiff_t>(s.offset);
        return Text(begin, begin + static_cast<std::ptrdiff_t>(s.length));
      };
      Text own = at(shown), stolen = at(shown);
      way(a, own);
      way(b, stolen);
      CHECK(own == at(bytes));
      if (at(shown) == at(bytes)) continue;  // a state id with a meaning of its own, or of a later minor version
      CHECK(stolen != at(bytes));
      ++seen;
    }
  }
  CHECK(seen > 20);
}

TEST_CASE("recorded handles are bound and found again in calls, in every reply that shows them [P9]") {
  const Keys a("a"), b("b");
  int seen = 0;
  for (const auto& [name, bytes] : recorded("nfs_results", "kernel-4")) {
    if (kind(name, true) != Message::reply) continue;
    INFO(name);
    CallNote note{1, {}};
    const Text shown = rewritten({.keys = &a, .bind_handles = true}, Message::reply, note, bytes);
    // Every handle of the reply takes the way back as the argument of PUTFH.
    Walker before(Message::reply, bytes, bit(Point::handle)), after(Message::reply, shown, bit(Point::handle));
    std::array<Spot, 64> server, guest;
    std::size_t n = 0, m = 0;
    REQUIRE(before.walk(server, n) == Walk::done);
    REQUIRE(after.walk(guest, m) == Walk::done);
    REQUIRE(n == m);
    for (std::size_t i = 0; i < n; ++i) {
      const rpc::Bytes handle = content_of(shown, guest[i]);
      const auto own = servers_handle({a.handles()}, handle);
      REQUIRE(own);
      CHECK(std::ranges::equal(*own, content_of(bytes, server[i])));
      CHECK_FALSE(servers_handle({b.handles()}, handle));
      ++seen;
    }
  }
  CHECK(seen > 5);
}

TEST_CASE("recorded NFSv3 results that show handles are bound, and MNT's name the gateway's flavors [P1] [P9]") {
  const Keys a("a");
  const std::array list = {Flavor::krb5p};
  const Rules rules{.keys = &a, .bind_handles = true, .flavors = list};
  int seen = 0;
  for (const auto& [name, bytes] : recorded("nfs_results", "kernel-3")) {
    if (name.find("-error-") != std::string::npos) continue;
    INFO(name);
    const bool mount = name.starts_with("kernel-3-mnt");
    const std::uint32_t procedure = procedure_of(name);
    Text out(bytes.size() * 2 + kMostFlavorBytes);
    std::size_t size = 0;
    CHECK(rewrite3_reply(rules, {mount ? Program3::mount : Program3::nfs, procedure}, bytes, out, size) ==
          Rewritten::changed);
    CHECK(size > bytes.size());
    ++seen;
  }
  CHECK(seen >= 5);
  for (const auto& [name, bytes] : recorded("nfs_args", "kernel-3")) {
    INFO(name);
    const std::uint32_t procedure = procedure_of(name);
    Text out(bytes.size() + kMostFailure3);
    std::size_t size = 0;
    CHECK(rewrite3_call({.keys = &a, .bind_handles = true}, {Program3::nfs, procedure}, bytes, out, size) ==
          Rewritten::answered);  // handles that are not bound
  }
}
