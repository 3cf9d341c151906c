// A daemon that answers when a test says so.
#pragma once

#include <mutex>

#include "proxy/admin/control.h"

namespace gatehouse::test {

/// FakeControl: three guests; a reload is answered by finish_reload(). What it was asked is counted. Thread-safe.
class FakeControl final : public admin::Control {
 public:
  std::size_t rows = 3;
  std::shared_ptr<runtime::TraceSwitch> web1 = std::make_shared<runtime::TraceSwitch>();

  void status(admin::Done<admin::Status> done) override {
    admin::Status s;
    s.version = "1";
    done(std::move(s));
  }
  void guests(admin::Done<admin::Rows<admin::Guest>> done) override {
    admin::Rows<admin::Guest> out(rows);
    for (std::size_t i = 0; i < rows; ++i) out[i].name = "web" + std::to_string(i);
    done(std::move(out));
  }
  void sessions(const std::optional<std::string>&, admin::Done<admin::Rows<admin::Session>> done) override {
    done(admin::Rows<admin::Session>{});
  }
  void contexts(const std::optional<std::string>& guest, admin::Done<admin::Rows<admin::Context>> done) override {
    done(std::unexpected(admin::Refusal{admin::Code::not_found, "there is no guest " + guest.value_or("")}));
  }
  void evict(const admin::Eviction& what, admin::Done<admin::Evicted> done) override {
    const std::lock_guard lock(mutex_);
    evictions.push_back(what);
    done(admin::Evicted{2, 3});
  }
  void drain(const std::optional<std::string>&, bool undo, admin::Done<admin::Drained> done) override {
    done(admin::Drained{1, !undo});
  }
  void reload(admin::Done<admin::Reloaded> done) override {
    const std::lock_guard lock(mutex_);
    reloads_.push_back(std::move(done));
  }
  void log_level(const std::optional<std::string>&, admin::Done<admin::Level> done) override {
    done(admin::Level{"info"});
  }
  void acted(const admin::Credentials&, const admin::Request& what,
             const std::optional<std::string>& refused) override {
    const std::lock_guard lock(mutex_);
    acts.push_back(std::string(command_word(what.command)) + ": " + refused.value_or("done"));
  }
  std::expected<std::shared_ptr<runtime::TraceSwitch>, admin::Refusal> trace(const std::string&) override {
    rings_.make();
    web1->on = true;
    return web1;
  }
  void untrace(const std::shared_ptr<runtime::TraceSwitch>& guest) override { guest->on = false; }
  void recorded(std::vector<runtime::TraceRecord>& out) override { rings_.take(out); }

  /// reloads_asked: that were not finished yet.
  std::size_t reloads_asked() {
    const std::lock_guard lock(mutex_);
    return reloads_.size();
  }
  void finish_reload(std::expected<admin::Reloaded, admin::Refusal> result) {
    const std::lock_guard lock(mutex_);
    reloads_.front()(std::move(result));
    reloads_.erase(reloads_.begin());
  }
  /// call: one passes, on thread 0.
  void call(std::uint32_t xid) {
    runtime::TraceRecord r;
    r.guest = web1.get();
    r.xid = xid;
    if (web1->wanted()) rings_.record(0, r, *web1);
  }
  std::vector<admin::Eviction> evictions;
  std::vector<std::string> acts;  ///< "COMMAND: done", or why not

 private:
  std::mutex mutex_;
  std::vector<admin::Done<admin::Reloaded>> reloads_;
  runtime::TraceRings rings_{1};
};

}  // namespace gatehouse::test
