// Acceptor credentials from a keytab, made anew when the file changes.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gss/acceptors/handles.h"
#include "gss/acceptors/service_keys.h"

namespace gatehouse::gss {

/// KeytabCreds: lends credentials to threads. libgssapi locks a credential for as long as an accept takes, so that each
/// accept that runs has one of its own; there are as many as ran at a time at most. Nothing is remembered of a failure.
/// Thread-safe.
class KeytabCreds {
 public:
  /// KeytabCreds: keys of `service`/* in the file `keytab`; the replay cache is a file in the directory `replay_cache`,
  /// or the library's default when that is empty.
  KeytabCreds(std::string keytab, std::string service, std::string replay_cache);

  /// Version: which file a credential was made of.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    friend bool operator==(const Version& a, const Version& b) {
      return a.device == b.device && a.inode == b.inode && a.size == b.size && a.modified.tv_sec == b.modified.tv_sec &&
             a.modified.tv_nsec == b.modified.tv_nsec;
    }
  };
  /// Loan: a credential that belongs to one thread until it is given back.
  struct Loan {
    GssCred cred;
    Version version;
  };

  /// borrow: a credential of the keytab as it is now; the error is a sentence that says what is wrong with the file or
  /// with the replay cache.
  std::expected<Loan, std::string> borrow();
  /// give_back: for the next borrow(), unless the keytab changed.
  void give_back(Loan loan);

 private:
  [[nodiscard]] std::expected<Version, std::string> version() const;
  [[nodiscard]] std::expected<GssCred, std::string> acquire(const ServiceKeys& keys) const;
  [[nodiscard]] std::expected<void, std::string> prepare_replay_cache() const;

  const std::string keytab_;
  const std::string service_;
  const std::string replay_cache_;
  std::mutex mutex_;
  Version version_;                          // of keys_
  std::shared_ptr<const ServiceKeys> keys_;  // null: not loaded, or could not be
  std::vector<Loan> idle_;                   // all of version_
};

}  // namespace gatehouse::gss
