// A client that watches calls pass.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/admin/connection.h"
#include "proxy/admin/request.h"

namespace gatehouse::admin {

/// TraceClient: what one client's trace is at: whose calls, how many more, until when. What the client does not take is
/// counted and left out; nobody waits for it. Belongs to the server's thread.
class TraceClient {
 public:
  TraceClient(std::shared_ptr<runtime::TraceSwitch> guest, const Request& asked, std::uint64_t now)
      : guest_(std::move(guest)),
        name_(*asked.guest),
        most_(asked.count),
        until_(asked.for_ms ? std::optional(now + std::min(*asked.for_ms, kLongest)) : std::nullopt),
        dropped_before_(guest_->dropped.load()) {}

  /// show: those of `records` that are of its guest, to `to`. True: it has seen all it asked for.
  bool show(const std::vector<runtime::TraceRecord>& records, Connection& to, std::uint64_t now);
  /// over: the last line of the answer.
  [[nodiscard]] std::unique_ptr<Answer> over() const { return trace_done(shown_, dropped()); }

  [[nodiscard]] const std::shared_ptr<runtime::TraceSwitch>& guest() const { return guest_; }
  [[nodiscard]] std::optional<std::uint64_t> until() const { return until_; }

 private:
  static constexpr std::uint64_t kLongest = std::uint64_t{1} << 40;  // ms: 35 years, and no overflow
  [[nodiscard]] std::uint64_t dropped() const { return behind_ + guest_->dropped.load() - dropped_before_; }
  void tell_dropped(Connection& to, std::uint64_t now);

  const std::shared_ptr<runtime::TraceSwitch> guest_;
  const std::string name_;
  const std::optional<std::uint64_t> most_;
  const std::optional<std::uint64_t> until_;
  const std::uint64_t dropped_before_;
  std::uint64_t shown_ = 0;
  std::uint64_t behind_ = 0;  ///< calls that the client had no room for
  std::uint64_t told_ = 0;    ///< of dropped()
};

}  // namespace gatehouse::admin
