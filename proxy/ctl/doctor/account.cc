#include "proxy/ctl/doctor/account.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>

namespace gatehouse::doctor {
namespace {

std::optional<id_t> as_number(const std::string& text) {
  id_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

std::vector<gid_t> groups_of(const passwd& entry) {
  int count = 64;
  std::vector<gid_t> out(static_cast<std::size_t>(count));
  // It says how many there are when they do not fit.
  if (::getgrouplist(entry.pw_name, entry.pw_gid, out.data(), &count) < 0) {
    out.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(entry.pw_name, entry.pw_gid, out.data(), &count) < 0) count = 0;
  }
  out.resize(static_cast<std::size_t>(count));
  return out;
}

std::optional<Account> known(const std::string& name) {
  const auto number = as_number(name);
  const passwd* entry = number ? ::getpwuid(*number) : ::getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  return Account{entry->pw_name, entry->pw_uid, entry->pw_gid, groups_of(*entry)};
}

}  // namespace

Account current_account() {
  const passwd* entry = ::getpwuid(::geteuid());
  Account out{entry == nullptr ? "uid " + std::to_string(::geteuid()) : entry->pw_name, ::geteuid(), ::getegid(), {}};
  const int count = ::getgroups(0, nullptr);
  out.groups.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count > 0 && ::getgroups(count, out.groups.data()) < 0) out.groups.clear();
  return out;
}

std::expected<Account, std::string> find_account(const std::string& name, const Unit& unit) {
  const std::string& asked = name.empty() ? unit.user : name;
  auto out = known(asked.empty() ? "gatehouse" : asked);
  if (!out && !asked.empty())
    return std::unexpected("there is no user " + asked + (name.empty() ? ", which the unit's User= names" : ""));
  if (!out) out = current_account();
  for (const std::string& group_name : unit.groups)
    if (const group* g = ::getgrnam(group_name.c_str()); g != nullptr) out->groups.push_back(g->gr_gid);
  return *std::move(out);
}

Acting::Acting(const Account& account) : uid_(::geteuid()), gid_(::getegid()) {
  acting_ = uid_ == account.uid;
  if (acting_ || uid_ != 0) return;
  const int count = ::getgroups(0, nullptr);
  groups_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count > 0 && ::getgroups(count, groups_.data()) < 0) return;
  switched_ = ::setgroups(account.groups.size(), account.groups.data()) == 0;
  acting_ = switched_ && ::setegid(account.gid) == 0 && ::seteuid(account.uid) == 0;
}

Acting::~Acting() {
  if (!switched_) return;
  // A process that cannot go back would find the rest as somebody else, and say wrong things of it.
  if (::seteuid(uid_) != 0 || ::setegid(gid_) != 0 || ::setgroups(groups_.size(), groups_.data()) != 0) ::_exit(1);
}

Access access_of(const Account& account, const std::string& path, int what) {
  const Acting as(account);
  if (!as.acting()) return Access::unknown;
  return ::faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0 ? Access::yes : Access::no;
}

}  // namespace gatehouse::doctor
