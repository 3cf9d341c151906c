// The contexts of one guest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "gss/context.h"

namespace gatehouse::gss {

/// ContextTable: the contexts that one guest owns, whatever connections it has. At the cap the one that was unused
/// longest goes (an expired one first), so that a guest evicts its own contexts only. Thread-safe; workers keep what
/// they found and ask again only for a handle they do not know.
class ContextTable {
 public:
  explicit ContextTable(std::size_t cap) : cap_(cap) {}

  /// Ended: is told of each context that is retired. It may not use the table.
  using Ended = std::function<void(const Context&)>;

  /// find: the context with this handle, which may have expired; null: this guest has none (another guest's handle
  /// looks the same as one that never was). Compares length and all bytes.
  [[nodiscard]] std::shared_ptr<Context> find(rpc::Bytes handle) const;
  /// add: takes a context in. Returns how many were retired to make room: 0 or 1, more when the cap was lowered.
  std::size_t add(std::shared_ptr<Context> context, const Clock& now, const Ended& ended = {});
  /// remove: retires a context; false when it was not there any more.
  bool remove(const Context& context);
  /// sweep: retires what expired `grace_ms` (for the ticket's end, whole seconds of it) or longer ago; returns how
  /// many.
  std::size_t sweep(const Clock& now, std::uint64_t grace_ms, const Ended& ended = {});
  /// clear: retires all: the guest is gone. Returns how many.
  std::size_t clear(const Ended& ended = {});
  /// retire_unless: retires those that `keep` is false for; returns how many. `keep` may not use the table.
  std::size_t retire_unless(const std::function<bool(const Context&)>& keep, const Ended& ended = {});
  /// set_cap: from now on; contexts beyond it go when the next one comes.
  void set_cap(std::size_t cap);

  [[nodiscard]] std::size_t size() const;
  /// all: every context that is in the table now, in no order.
  [[nodiscard]] std::vector<std::shared_ptr<Context>> all() const;

 private:
  struct HandleHash {
    std::size_t operator()(const Handle& h) const;
  };
  mutable std::mutex mutex_;
  std::size_t cap_;
  std::unordered_map<Handle, std::shared_ptr<Context>, HandleHash> contexts_;
};

}  // namespace gatehouse::gss
