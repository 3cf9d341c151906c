// The system's accounts and their groups.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <expected>
#include <unordered_set>

#include "gss/acceptors/mapper.h"
#include "gss/acceptors/text.h"

namespace gatehouse::gss {
namespace {

constexpr std::size_t kFirstBuffer = 4096;
constexpr std::size_t kMaxBuffer = std::size_t{16} << 20;
constexpr std::size_t kFirstGroups = 64;
/// kMaxGroups: NGROUPS_MAX of Linux, and the primary group, which getgrouplist lists too.
constexpr std::size_t kMaxGroups = 65536 + 1;
/// kNobodysGroup: a name that no directory has.
constexpr const char* kNobodysGroup = "gatehouse-nobodys-group";

struct Account {
  uid_t uid;
  gid_t gid;
};
/// Lookup: an errno value, or the account; ENOENT: there is none.
using Lookup = std::expected<Account, int>;

// getpwnam_r returns 0 without a result for "no such account", and so do, by their manual page, ENOENT and ESRCH. Every
// other number is a failure of a source: then nobody knows whether the account is there.
Lookup find_account(const std::string& name) {
  std::vector<char> buffer(kFirstBuffer);
  for (;;) {
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error == 0 && found != nullptr) return Account{.uid = entry.pw_uid, .gid = entry.pw_gid};
    if (error == 0 || error == ENOENT || error == ESRCH) return std::unexpected(ENOENT);
    if (error == EINTR) continue;
    if (error != ERANGE || buffer.size() >= kMaxBuffer) return std::unexpected(error);
    buffer.resize(buffer.size() * 4);
  }
}

// Whether every source of groups answers: nobody's group must be said not to be there. 0, or what failed.
int groups_fault() {
  std::array<char, 1024> buffer{};
  for (;;) {
    group entry{};
    group* found = nullptr;
    const int error = ::getgrnam_r(kNobodysGroup, &entry, buffer.data(), buffer.size(), &found);
    if (error == EINTR) continue;
    return error == ENOENT || error == ESRCH || error == ERANGE ? 0 : error;
  }
}

// What a source that fails leaves in errno. ENOENT and the like stay there after success too: a name service cache
// daemon that does not run, a file that nobody needs.
bool tells_of_failure(int error) {
  static constexpr std::array kFailures = {EAGAIN,  ECONNREFUSED, ECONNRESET, ECONNABORTED, EHOSTUNREACH,
                                           EIO,     EMFILE,       ENETDOWN,   ENETUNREACH,  ENFILE,
                                           ENOBUFS, ENOMEM,       EPIPE,      ETIMEDOUT};
  return std::ranges::find(kFailures, error) != kFailures.end();
}

/// GroupList: all groups, the primary one among them, or an errno value when the list cannot be relied upon.
using GroupList = std::expected<std::vector<gid_t>, int>;

GroupList list_groups(const std::string& name, gid_t primary) {
  std::vector<gid_t> groups(kFirstGroups);
  for (;;) {
    int count = static_cast<int>(groups.size());
    errno = 0;
    const int got = ::getgrouplist(name.c_str(), primary, groups.data(), &count);
    if (tells_of_failure(errno)) return std::unexpected(errno);
    if (got >= 0) {
      groups.resize(static_cast<std::size_t>(count));
      return groups;
    }
    if (groups.size() == kMaxGroups) return std::unexpected(E2BIG);
    const std::size_t wanted = std::max(static_cast<std::size_t>(std::max(count, 0)), groups.size() * 2);
    groups.resize(std::min(wanted, kMaxGroups));
  }
}

// getgrouplist has no way to say that a source failed: it lists what the others know. So its errno is looked at, once
// more when it tells of a failure (the first may have been a cache daemon's socket that is stale, which is not asked
// again), and all sources are asked for a group that is not there. What remains: a source that fails without a word, or
// that is not the last to be asked and says ENOENT.
GroupList all_groups(const std::string& name, gid_t primary) {
  GroupList groups = list_groups(name, primary);
  if (!groups && groups.error() != E2BIG) groups = list_groups(name, primary);
  if (!groups) return groups;
  if (const int fault = groups_fault(); fault != 0) return std::unexpected(fault);
  return groups;
}

std::vector<std::uint32_t> supplementary(const std::vector<gid_t>& all, gid_t primary) {
  std::vector<std::uint32_t> out;
  std::unordered_set<gid_t> seen{primary};
  for (const gid_t gid : all)
    if (seen.insert(gid).second) out.push_back(gid);
  return out;
}

Mapping failed(std::string how) {
  return {.outcome = Mapping::Outcome::lookup_failed, .ids = {}, .how = std::move(how)};
}

}  // namespace

Mapping local_account(const std::string& name) {
  const std::string account = "account " + printable(name);
  const Lookup found = find_account(name);
  if (!found && found.error() == ENOENT)
    return {.outcome = Mapping::Outcome::no_account, .ids = {}, .how = account + ": there is none"};
  if (!found) return failed(account + " cannot be looked up: " + error_text(found.error()));
  const GroupList groups = all_groups(name, found->gid);
  if (!groups && groups.error() == E2BIG) return failed(account + " is in more than 65536 groups");
  if (!groups) return failed(account + ": its groups cannot be looked up: " + error_text(groups.error()));

  Mapping out{.outcome = Mapping::Outcome::ids, .ids = {}, .how = {}};
  out.ids = {.uid = found->uid, .gid = found->gid, .groups = supplementary(*groups, found->gid)};
  out.how = account + ": " + ids_text(out.ids);
  return out;
}

}  // namespace gatehouse::gss
