// What gatehousectl asks of the running daemon.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/admin/control.h"
#include "proxy/daemon/gateway.h"

namespace gatehouse::daemon {

/// GatewayControl: answers from what is thread-safe of the gateway; what is not is asked of the thread it belongs to,
/// and answered when that has come round to it. The gateway outlives it, and it outlives the server that asks.
class GatewayControl final : public admin::Control {
 public:
  /// `started`: seconds since 1970.
  GatewayControl(Gateway& gateway, std::int64_t started);

  /// note: what came of a reload, for status(). Thread-safe.
  void note(const Reloaded& reload);

  void status(admin::Done<admin::Status> done) override;
  void guests(admin::Done<admin::Rows<admin::Guest>> done) override;
  void sessions(const std::optional<std::string>& guest, admin::Done<admin::Rows<admin::Session>> done) override;
  void contexts(const std::optional<std::string>& guest, admin::Done<admin::Rows<admin::Context>> done) override;
  void evict(const admin::Eviction& what, admin::Done<admin::Evicted> done) override;
  void drain(const std::optional<std::string>& guest, bool undo, admin::Done<admin::Drained> done) override;
  void reload(admin::Done<admin::Reloaded> done) override;
  void log_level(const std::optional<std::string>& level, admin::Done<admin::Level> done) override;
  void acted(const admin::Credentials& who, const admin::Request& what,
             const std::optional<std::string>& refused) override;
  std::expected<std::shared_ptr<runtime::TraceSwitch>, admin::Refusal> trace(const std::string& guest) override;
  void untrace(const std::shared_ptr<runtime::TraceSwitch>& guest) override;
  void recorded(std::vector<runtime::TraceRecord>& out) override;

 private:
  using State = std::shared_ptr<runtime::GuestState>;
  [[nodiscard]] std::expected<State, admin::Refusal> find(const std::string& guest) const;
  [[nodiscard]] std::expected<std::vector<State>, admin::Refusal> chosen(const std::optional<std::string>& guest) const;
  void evict_sessions(const admin::Eviction& what, State guest, admin::Done<admin::Evicted> done);
  void drain_guest(const std::string& name, bool undo, const admin::Done<admin::Drained>& done);

  Gateway& gateway_;
  const std::int64_t started_;
  std::mutex mutex_;
  admin::Reload last_;                                      ///< under mutex_
  std::unordered_map<runtime::TraceSwitch*, int> tracing_;  ///< how many clients trace it
};

}  // namespace gatehouse::daemon
