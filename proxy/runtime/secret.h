// The secret that the keys of all guests are made from (docs/design/nfs.md).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "proxy/nfs/guest_keys.h"

namespace gatehouse::runtime {

/// kMostSecret: bytes that the file may have at most; at least nfs::kSecretSize, and so many has one that is made.
inline constexpr std::size_t kMostSecret = 4096;

/// Secret: owned bytes, wiped when it dies. Moves; not thread-safe.
class Secret {
 public:
  enum class Origin : std::uint8_t {
    file,       ///< it was there
    made,       ///< made now, and written
    ephemeral,  ///< of this run alone: nothing was there, and nothing could be written
  };

  Secret(std::vector<std::uint8_t> bytes, Origin o, std::string w = {});
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) = delete;
  ~Secret();

  [[nodiscard]] rpc::Bytes bytes() const { return bytes_; }
  [[nodiscard]] bool ephemeral() const { return origin == Origin::ephemeral; }

  const Origin origin;
  const std::string why;  ///< of an ephemeral one: why nothing could be written

 private:
  std::vector<std::uint8_t> bytes_;
};

/// SecretPath: where the secret is, and whether the configuration says so.
struct SecretPath {
  std::string path;
  bool stated = false;
};

/// secret_path: `stated` when it is not empty; else "secret" in the first directory of `state_directory`, systemd's
/// $STATE_DIRECTORY; else (null or empty) in /var/lib/gatehouse.
SecretPath secret_path(const std::string& stated, const char* state_directory);

/// load_secret: reads it; what is not there is made, with the last directory of its path if need be, so that the first
/// of two at a time decides for both. A file that is there must be a regular one of nfs::kSecretSize to kMostSecret
/// bytes, belong to root or to the user that runs this, and be nobody else's to read or write. Where nothing is there
/// and nothing can be made, a stated path is an error, and another yields a secret of this run alone. An error says
/// which file, what is wrong, and what to do.
std::expected<Secret, std::string> load_secret(const SecretPath& where);

}  // namespace gatehouse::runtime
