// The last decision to forward, remembered.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/session/credential.h"
#include "proxy/session/nfs_note.h"

namespace gatehouse::session {

/// ForwardMemo: most calls of a connection repeat the program, version, procedure and credential of the one before.
/// What was decided and encoded for that one holds for them byte for byte, because policy::decide is a function of just
/// these, the guest and the source port, which a session never changes. Only decisions to forward are kept: a refusal
/// is decided, and logged, anew each time. Not thread-safe.
class ForwardMemo {
 public:
  /// matches: whether `call` differs from the remembered one in nothing that a decision looks at.
  [[nodiscard]] bool matches(const rpc::CallHeader& call) const;

  /// store: remembers `d` (verdict forward) for `call`, what is to be done with its arguments, and encodes the
  /// credential with `machine` as its name.
  void store(const rpc::CallHeader& call, const policy::Decision& d, std::string_view machine, const NfsNote& note);

  [[nodiscard]] const policy::Decision& decision() const { return forwarding_.decision(); }
  /// auth: the credential for the backend and its empty verifier, as they stand behind the procedure of a call header.
  [[nodiscard]] rpc::Bytes auth() const { return forwarding_.auth(); }
  [[nodiscard]] const NfsNote& note() const { return note_; }

 private:
  std::uint32_t program_ = 0;
  std::uint32_t version_ = 0;
  std::uint32_t procedure_ = 0;
  std::uint32_t flavor_ = 0;
  std::size_t claim_size_ = 0;
  NfsNote note_;
  Forwarding forwarding_;
  std::array<std::uint8_t, rpc::kMaxAuthBytes> claim_;
};

}  // namespace gatehouse::session
