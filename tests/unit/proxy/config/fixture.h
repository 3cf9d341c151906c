// Configuration texts for tests.
#pragma once

#include <string>

#include "proxy/config/config.h"
#include "tests/support/catch.h"

namespace gatehouse::test {

/// kBase: listeners, backends and a guest that are as they should be; 24 lines, ending with the guest's.
inline const std::string kBase = R"([[listener]]
name = "v"
address = "vsock:any:2049"
[[listener]]
name = "u"
address = "unix:/run/u.sock"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:3-4", "100227:3"]
[[backend]]
name = "mountd"
address = "tcp:127.0.0.1:20048"
programs = ["mountd:3"]
[[backend]]
name = "rpcbind"
address = "unix:/run/rpcbind.sock"
programs = ["rpcbind:2-4"]
[trust]
allowed = ["build1"]
[[guest]]
name = "build1"
cid = 41
backends = ["nfs", "mountd"]
)";

/// kGuest: one more guest, whose keys may go on from line 28 of kBase + kGuest.
inline const std::string kGuest = R"([[guest]]
name = "web1"
cid = 42
)";

/// errors: what parsing finds, each as "LINE:COLUMN text"; empty: nothing.
inline std::vector<std::string> errors(const std::string& text) {
  const auto c = config::parse(text, "f");
  std::vector<std::string> out;
  if (c) return out;
  for (const config::Problem& p : c.error()) {
    CHECK(p.file == "f");
    out.push_back(std::to_string(p.line) + ':' + std::to_string(p.column) + ' ' + p.text);
  }
  return out;
}

/// warnings: of a configuration that must be good.
inline std::vector<std::string> warnings(const std::string& text) {
  const auto c = config::parse(text, "f");
  std::vector<std::string> out;
  if (!c) FAIL(c.error().front().str());
  for (const config::Problem& p : c->warnings)
    out.push_back(std::to_string(p.line) + ':' + std::to_string(p.column) + ' ' + p.text);
  return out;
}

/// good: the configuration, which must be good.
inline config::Config good(const std::string& text) {
  auto c = config::parse(text, "f");
  if (!c) FAIL(c.error().front().str());
  return *std::move(c);
}

/// guest: the guest called `name`.
inline const policy::Guest& guest(const config::Config& c, const std::string& name) {
  for (const policy::Guest& g : c.guests)
    if (g.name == name) return g;
  FAIL("no guest " + name);
  return c.guests.front();
}

/// check_one: whether the one problem is at "LINE:COLUMN " and has the words in it.
inline void check_one(const std::vector<std::string>& found, const std::string& place, const std::string& words) {
  CAPTURE(found, place, words);
  REQUIRE(found.size() == 1);
  CHECK(found[0].substr(0, place.size() + 1) == place + ' ');
  CHECK(found[0].find(words) != std::string::npos);
}

}  // namespace gatehouse::test
