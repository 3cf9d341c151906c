#include "proxy/ctl/nfs_rules.h"

namespace gatehouse::ctl {
namespace {

constexpr std::uint32_t kNfs = 100003;
constexpr std::uint32_t kMount = 100005;
constexpr std::uint32_t kNfsAcl = 100227;

std::string bound(const char* what, bool is) {
  return std::string(what) + (is ? " bound" : " plain");
}

void add_version_4(const policy::NfsRules& rules, std::vector<std::string>& out) {
  out.push_back(bound("state ids", rules.bind_state));
  out.push_back(bound("client owners", rules.bind_owners));
  out.emplace_back(rules.callback_addresses ? "callback addresses plain" : "no callback addresses");
  out.emplace_back(rules.pass_unknown ? "unknown operations passed" : "unknown operations refused");
}

}  // namespace

std::vector<std::string> nfs_rules(const policy::NfsRules& rules, std::uint32_t program, std::uint32_t version) {
  std::vector<std::string> out;
  const bool files = program == kNfs || program == kNfsAcl;
  if (!files && program != kMount) return out;
  if (program == kNfs && version == 4) add_version_4(rules, out);
  out.push_back(bound("file handles", rules.bind_handles));
  if (files && rules.ro) out.emplace_back("read-only: what changes something is answered ROFS");
  if (program == kMount)
    for (const std::string& path : rules.mount_paths) out.push_back("mounts of " + path);
  return out;
}

}  // namespace gatehouse::ctl
