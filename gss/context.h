// One established RPCSEC_GSS context.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gss/crypto/protection.h"
#include "gss/identity.h"
#include "gss/window.h"

namespace gatehouse::gss {

/// Handle: what names a context on the wire: 16 random bytes, which nobody can guess.
using Handle = std::array<std::uint8_t, 16>;

/// Clock: the time as the caller read it: this library reads none.
struct Clock {
  std::uint64_t monotonic_ms = 0;
  std::int64_t wall_s = 0;  ///< seconds since 1970
};

/// Context: an established context, owned by one guest and shared by all workers. Everything in it is immutable or
/// atomic, but for the lanes, each of which belongs to one thread.
class Context {
 public:
  struct Terms {
    SessionKey key;
    Identity identity;
    std::int64_t ticket_end_s = 0;      ///< wall clock
    std::uint64_t lifetime_end_ms = 0;  ///< monotonic
    std::uint32_t window = SequenceWindow::kDefaultSize;
  };
  /// make: a context with a fresh handle and room for `threads` lanes, of which that of thread `first` is made now;
  /// null when there is no randomness or the key cannot be used.
  static std::shared_ptr<Context> make(Terms terms, std::size_t threads, std::size_t first = 0);

  /// State: all that makes a context what it is, so that it can go on in another process. Holds its key.
  struct State {
    Terms terms;  ///< key.send_seq: of the next token of this side; window: as in `window`
    Handle handle{};
    SequenceWindow::State window;
    std::uint64_t last_used_ms = 0;  ///< monotonic
  };
  /// state: as it is now. Of a context that is still used, what happens after is not in it: a call that it then takes
  /// would be taken again where the context goes on.
  [[nodiscard]] State state() const;
  /// restore: the context of `state`, under its old handle, with room for `threads` lanes; null when its key fits no
  /// enctype or its window is not consistent. Lanes are made at their first use.
  static std::shared_ptr<Context> restore(State state, std::size_t threads);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] const Handle& handle() const { return handle_; }
  [[nodiscard]] const Identity& identity() const { return terms_.identity; }
  [[nodiscard]] SequenceWindow& window() { return window_; }

  /// lane: the tokens' maker of thread `thread`, made at its first use; null when OpenSSL refuses. Only that thread may
  /// call it with its number.
  [[nodiscard]] Protection* lane(std::size_t thread);
  /// next_token_seq: the number of the next token of this side; each is given once. Thread-safe.
  std::uint64_t next_token_seq() { return send_seq_.fetch_add(1, std::memory_order_relaxed); }

  /// expired: the ticket or the context's lifetime has ended.
  [[nodiscard]] bool expired(const Clock& now) const {
    return now.wall_s >= terms_.ticket_end_s || now.monotonic_ms >= terms_.lifetime_end_ms;
  }
  /// ends_in: milliseconds until it has expired; 0: it has.
  [[nodiscard]] std::uint64_t ends_in(const Clock& now) const {
    if (expired(now)) return 0;
    const auto ticket = static_cast<std::uint64_t>(terms_.ticket_end_s - now.wall_s) * 1000;
    return std::min(ticket, terms_.lifetime_end_ms - now.monotonic_ms);
  }
  /// taken_in: when its table took it in (monotonic ms). set_taken_in: before anybody else knows it.
  [[nodiscard]] std::uint64_t taken_in() const { return taken_in_; }
  void set_taken_in(std::uint64_t now_ms) { taken_in_ = now_ms; }

  /// retire: the context was destroyed or evicted: nobody may use it any more. retired: whether it was.
  void retire() { retired_.store(true, std::memory_order_release); }
  [[nodiscard]] bool retired() const { return retired_.load(std::memory_order_acquire); }
  /// touch, last_used: when it was last used (monotonic ms), for the choice of whom to evict.
  void touch(std::uint64_t now_ms) { last_used_.store(now_ms, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t last_used() const { return last_used_.load(std::memory_order_relaxed); }

 private:
  Context(State state, std::size_t threads);

  const Terms terms_;
  //= rfc2203#5.2.2
  //# the handle of a context never changes
  const Handle handle_;
  SequenceWindow window_;
  std::atomic<std::uint64_t> send_seq_;
  std::atomic<bool> retired_{false};
  std::atomic<std::uint64_t> last_used_{0};
  std::uint64_t taken_in_ = 0;
  std::vector<std::unique_ptr<Protection>> lanes_;  // by thread; each element belongs to its thread
};

}  // namespace gatehouse::gss
