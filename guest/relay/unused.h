// When a relay that a mount helper started is no longer needed.
#pragma once

#include <cstdint>
#include <string>

#include "guest/relay/handler.h"
#include "proxy/net/fd.h"

namespace gatehouse::guest {

/// Unused: watches whether anybody still needs the relay on `port`. It is unused when nobody is connected, no mount
/// names its port and no mount helper holds a lock on the lock file, kGraceMs after one of these has changed. Not
/// thread-safe.
class Unused : public Handler {
 public:
  static constexpr std::uint64_t kGraceMs = 2000;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  Unused(std::string lock_path, std::uint16_t port) : lock_path_(std::move(lock_path)), port_(port) {}

  /// begin: watches the table of mounts. False: it cannot be watched.
  bool begin(int epoll, std::uint64_t now_ms);
  /// touch: something has changed: look again after the grace.
  void touch(std::uint64_t now_ms) { due_ms_ = now_ms + kGraceMs; }
  [[nodiscard]] std::uint64_t due_ms() const { return due_ms_; }

  /// is_unused: call when due_ms() has come. True: end now; the lock is held by this process from here on, so that no
  /// helper finds a relay that is about to go.
  bool is_unused(std::size_t connections, std::uint64_t now_ms);

  void on_events(std::uint32_t events) override;

 private:
  std::string lock_path_;
  std::uint16_t port_;
  net::UniqueFd table_;
  std::uint64_t due_ms_ = kNever;
  bool table_changed_ = false;
};

}  // namespace gatehouse::guest
