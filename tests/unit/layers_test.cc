// The direction of the includes: docs/design/README.md, "Layers".
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/support/catch.h"

namespace fs = std::filesystem;

namespace {

// For each folder, the folders of the project it may include besides itself. A folder that is not here may not exist.
const std::map<std::string, std::set<std::string>> kMay = {
    {"rpc", {}},
    {"gss/crypto", {"rpc"}},
    {"gss", {"rpc", "gss/crypto"}},
    {"gss/acceptors", {"rpc", "gss", "gss/crypto", "gss/acceptors/gssx"}},
    {"gss/acceptors/gssx", {}},
    {"authunix", {"rpc"}},
    {"proxy/policy", {"rpc", "authunix", "gss"}},
    {"proxy/nfs", {"rpc", "gss/crypto"}},
    {"proxy/rpcbind", {"rpc", "proxy/net/vsock_address.h"}},
    {"proxy/config", {"rpc", "authunix", "gss", "proxy/policy", "proxy/net/address.h"}},
    {"proxy/net", {"rpc", "proxy/config"}},
    {"proxy/log", {}},
    {"proxy/audit",
     {"rpc", "gss", "proxy/policy", "proxy/config", "proxy/net", "proxy/log", "proxy/runtime/log_limiter.h"}},
    {"proxy/runtime",
     {"proxy/audit", "rpc", "authunix", "gss", "proxy/policy", "proxy/config", "proxy/net", "proxy/nfs",
      "proxy/rpcbind"}},
    {"proxy/offload", {"rpc", "gss", "gss/acceptors", "proxy/runtime"}},
    {"proxy/session",
     {"proxy/audit", "rpc", "authunix", "gss", "gss/crypto", "proxy/nfs", "proxy/policy", "proxy/config", "proxy/net",
      "proxy/log", "proxy/runtime", "proxy/offload", "proxy/rpcbind"}},
    {"proxy/worker",
     {"proxy/audit", "proxy/config", "proxy/net", "proxy/log", "proxy/runtime", "proxy/offload", "proxy/session"}},
    {"proxy/handover",
     {"rpc", "gss", "gss/crypto", "gss/acceptors/wiped.h", "proxy/policy", "proxy/config", "proxy/net", "proxy/log",
      "proxy/runtime"}},
    {"proxy/metrics",
     {"rpc", "gss", "proxy/policy", "proxy/config", "proxy/net", "proxy/log", "proxy/runtime", "proxy/offload"}},
    {"proxy/admin", {"rpc", "proxy/policy", "proxy/config", "proxy/net", "proxy/log", "proxy/runtime"}},
    {"proxy/daemon",
     {"proxy/audit", "gss", "gss/acceptors", "proxy/admin", "proxy/config", "proxy/metrics", "proxy/net", "proxy/log",
      "proxy/runtime", "proxy/offload", "proxy/worker", "proxy/handover", "proxy/session/facts.h"}},
    {"proxy/manual", {"proxy/config"}},
    {"proxy/ctl",
     {"rpc", "authunix", "gss", "gss/acceptors", "proxy/policy", "proxy/config", "proxy/net", "proxy/runtime",
      "proxy/admin", "proxy/ctl/doctor"}},
    {"proxy/ctl/doctor",
     {"rpc", "gss/acceptors", "proxy/policy", "proxy/config", "proxy/net", "proxy/runtime", "proxy/ctl/exit_status.h"}},
    // What runs inside a virtual machine: the wire, and of the transport code what needs no library.
    {"guest/relay",
     {"proxy/net/address.h", "proxy/net/fd.h", "proxy/net/unix_listen.h", "proxy/net/vsock_address.h",
      "proxy/session/pipe.h", "proxy/runtime/log_limiter.h"}},
    {"guest/mount", {"rpc", "guest/relay", "proxy/net/address.h", "proxy/net/fd.h"}},
};
// Of the pure libraries: what would open sockets, read clocks or files.
const std::set<std::string> kImpure = {"sys/socket.h", "sys/epoll.h", "sys/stat.h",   "unistd.h",
                                       "fcntl.h",      "time.h",      "ctime",        "chrono",
                                       "fstream",      "filesystem",  "toml++/toml.h"};
const std::set<std::string> kPure = {"rpc",          "gss",       "gss/crypto",   "authunix",
                                     "proxy/policy", "proxy/nfs", "proxy/rpcbind"};

// What stands between the two marks of an #include line; empty: the line is none of that kind.
std::string included(const std::string& line, char open, char close) {
  const std::string begin = std::string("#include ") + open;
  if (!line.starts_with(begin)) return {};
  return line.substr(begin.size(), line.find(close, begin.size()) - begin.size());
}

bool allowed(const std::string& folder, const std::string& include) {
  const std::string its_folder = fs::path(include).parent_path().string();
  if (its_folder == folder) return true;
  const auto& may = kMay.at(folder);
  return may.contains(its_folder) || may.contains(include);
}

// Calls `look` with each source file of the project and each of its lines.
template <typename Look>
void each_line(const Look& look) {
  const fs::path root = GATEHOUSE_SOURCE_DIR;
  for (const char* top : {"rpc", "gss", "authunix", "proxy", "guest"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      const fs::path file = fs::relative(entry.path(), root);
      INFO(file.string());
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        INFO(line);
        look(file, line);
      }
    }
  }
}

}  // namespace

TEST_CASE("dependencies point one way, and the pure libraries know no socket, clock or file") {
  int seen = 0;
  each_line([&seen](const fs::path& file, const std::string& line) {
    const std::string folder = file.parent_path().string();
    REQUIRE(kMay.contains(folder));
    if (const std::string own = included(line, '"', '"'); !own.empty()) {
      CHECK(allowed(folder, own));
      ++seen;
    }
    if (kPure.contains(folder)) CHECK_FALSE(kImpure.contains(included(line, '<', '>')));
  });
  CHECK(seen > 100);
}

// Two of them need not meet in one file for the linker to take one's functions for both.
TEST_CASE("no two files define a type or a constant of one name in one namespace") {
  const std::regex opens(R"(^namespace ([\w:]*) ?\{)");
  const std::regex defines(
      R"(^(?:enum class|enum|struct|class) (\w+)(?: [^;]*)?\{|^inline constexpr [^=]* (k\w+)[ \[=])");
  std::map<std::string, std::string> where;
  std::string space;
  bool unnamed = false;
  each_line([&](const fs::path& file, const std::string& line) {
    std::smatch found;
    if (std::regex_search(line, found, opens)) {
      unnamed = found[1].length() == 0;
      if (!unnamed) space = found[1];
    } else if (line == "}  // namespace") {
      unnamed = false;
    } else if (!unnamed && std::regex_search(line, found, defines)) {
      const std::string name = space + "::" + found[found[1].matched ? 1 : 2].str();
      const auto [at, fresh] = where.emplace(name, file.string());
      INFO(name << " is in " << at->second << ", too");
      CHECK(fresh);
    }
  });
  CHECK(where.size() > 100);
}
