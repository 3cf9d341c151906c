// Messages to a worker's event loop from other threads.
#pragma once

#include <sys/eventfd.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "proxy/net/fd.h"

namespace gatehouse::runtime {

/// Mailbox: any thread posts, one thread takes. The descriptor is readable while something is in it.
template <class Message>
class Mailbox {
 public:
  Mailbox() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  /// fd: for the owner's epoll set. -1: the process had no descriptor left when the mailbox was made.
  [[nodiscard]] int fd() const { return event_.get(); }

  /// post: thread-safe. Wakes the owner only when the box was empty.
  void post(Message m) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      wake = box_.empty();
      box_.push_back(std::move(m));
    }
    if (wake) {
      const std::uint64_t one = 1;
      (void)!::write(event_.get(), &one, sizeof one);
    }
  }

  /// take: everything posted so far, in order; owner only. `into` is emptied and its memory used again.
  void take(std::vector<Message>& into) {
    into.clear();
    std::uint64_t count = 0;
    (void)!::read(event_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    box_.swap(into);
  }

 private:
  net::UniqueFd event_;
  std::mutex mutex_;
  std::vector<Message> box_;
};

}  // namespace gatehouse::runtime
