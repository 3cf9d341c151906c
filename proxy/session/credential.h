// The credential that a decision gives a call, encoded.
#pragma once

#include <array>
#include <string_view>

#include "proxy/policy/decide.h"

namespace gatehouse::session {

/// kMaxAuth: bytes of an AUTH_SYS credential at its largest and an empty verifier, both with their flavors and lengths.
inline constexpr std::size_t kMaxAuth = 16 + rpc::kMaxAuthSysBody;

/// write_credential: the credential of `d` (verdict forward) with `machine` as its machine name, and its empty
/// verifier, as they stand behind the procedure of a call header. At most kMaxAuth bytes.
void write_credential(rpc::XdrWriter& w, const policy::Decision& d, std::string_view machine);

/// Forwarding: a decision to forward and its credential, encoded once for the calls that repeat it. A plain value.
class Forwarding {
 public:
  /// set: takes over `d` (verdict forward or forward_state); `machine` is the credential's machine name.
  void set(const policy::Decision& d, std::string_view machine);

  /// there: set() was called.
  [[nodiscard]] bool there() const { return auth_size_ != 0; }
  [[nodiscard]] const policy::Decision& decision() const { return decision_; }
  /// auth: credential and verifier for the backend; as write_credential.
  [[nodiscard]] rpc::Bytes auth() const { return {auth_.data(), auth_size_}; }

 private:
  policy::Decision decision_;
  std::size_t auth_size_ = 0;
  std::array<std::uint8_t, kMaxAuth> auth_;
};

}  // namespace gatehouse::session
