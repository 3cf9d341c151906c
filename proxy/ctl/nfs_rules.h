// What becomes of a guest's NFS messages beyond the decision about each call, in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/policy/guest.h"

namespace gatehouse::ctl {

/// nfs_rules: the rules that concern calls of the program and version, each in words: "state ids bound", "read-only"
/// ... None for programs that are not of NFS.
std::vector<std::string> nfs_rules(const policy::NfsRules& rules, std::uint32_t program, std::uint32_t version);

}  // namespace gatehouse::ctl
