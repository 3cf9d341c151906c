// The user that gatehoused runs as, and what it may do.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "proxy/ctl/doctor/unit.h"

namespace gatehouse::doctor {

/// Account: a user of this host with its groups.
struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< all of them
};

/// find_account: the user `name`, a name or number; else, where it is empty, the unit's User=; else "gatehouse", if
/// there is such a user; else who runs this. The groups are the account's and the unit's SupplementaryGroups=. The
/// error is a sentence: there is no such user.
std::expected<Account, std::string> find_account(const std::string& name, const Unit& unit);

/// current_account: who runs this, with or without an entry in the system's accounts.
Account current_account();

/// Acting: this process has the effective ids and groups of the account for as long as this lives. For processes of one
/// thread. acting() is false when the host refused; nothing is changed then.
class Acting {
 public:
  explicit Acting(const Account& account);
  Acting(const Acting&) = delete;
  Acting& operator=(const Acting&) = delete;
  ~Acting();
  [[nodiscard]] bool acting() const { return acting_; }

 private:
  bool switched_ = false;
  bool acting_ = false;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
};

/// Access: whether a user may do something with a file.
enum class Access : std::uint8_t { yes, no, unknown };

/// access_of: whether the account may do `what` (R_OK, W_OK, X_OK or several of them, access(2)) with `path`, its
/// folders and access lists included. unknown: this process can neither be nor become the account. errno is set with
/// `no`.
Access access_of(const Account& account, const std::string& path, int what);

}  // namespace gatehouse::doctor
