// What can be asked of the daemon, apart from how it is asked.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "proxy/admin/facts.h"
#include "proxy/admin/refusal.h"
#include "proxy/admin/request.h"
#include "proxy/admin/rights.h"

namespace gatehouse::admin {

/// Done: takes an answer, once, on any thread; it may be called before the question returns, or never when the daemon
/// ends. Never blocks.
template <class T>
using Done = std::function<void(std::expected<T, Refusal>)>;

/// Rows: a list as an answer.
template <class T>
using Rows = std::vector<T>;

/// Eviction: what to end: a session, or all of a guest, or contexts of a principal (of one guest, or of all).
struct Eviction {
  std::optional<std::string> guest;
  std::optional<std::uint64_t> session;
  std::optional<std::string> principal;
};

/// Control: the daemon as the admin server sees it. Called on the server's thread alone; no call of it may block:
/// what takes a while is answered later. A guest that is not there is Code::not_found.
class Control {
 public:
  virtual ~Control() = default;

  virtual void status(Done<Status> done) = 0;
  virtual void guests(Done<Rows<Guest>> done) = 0;
  /// sessions, contexts: of one guest, or (nothing stated) of all.
  virtual void sessions(const std::optional<std::string>& guest, Done<Rows<Session>> done) = 0;
  virtual void contexts(const std::optional<std::string>& guest, Done<Rows<Context>> done) = 0;
  virtual void evict(const Eviction& what, Done<Evicted> done) = 0;
  /// drain: a guest, or (nothing stated) the daemon, as SIGTERM. `undo`: a guest may connect again.
  virtual void drain(const std::optional<std::string>& guest, bool undo, Done<Drained> done) = 0;
  /// reload: as SIGHUP. A configuration with errors is Code::refused with its problems.
  virtual void reload(Done<Reloaded> done) = 0;
  /// log_level: sets it if one is stated, and says which is in force. An unknown word is Code::bad_request.
  virtual void log_level(const std::optional<std::string>& level, Done<Level> done) = 0;

  /// acted: `who` asked for something that takes the right to write, and it was done, or refused for the reason given.
  virtual void acted(const Credentials& who, const Request& what, const std::optional<std::string>& refused) = 0;

  /// trace: the switch by which a guest's calls are recorded, switched on; each trace() is followed by one untrace().
  virtual std::expected<std::shared_ptr<runtime::TraceSwitch>, Refusal> trace(const std::string& guest) = 0;
  virtual void untrace(const std::shared_ptr<runtime::TraceSwitch>& guest) = 0;
  /// recorded: the records since the last time, of all guests that are traced.
  virtual void recorded(std::vector<runtime::TraceRecord>& out) = 0;
};

}  // namespace gatehouse::admin
