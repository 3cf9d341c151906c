// What the event loop calls.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

namespace gatehouse::guest {

/// Handler: gets the events of one descriptor; epoll's user data points to it.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;
  /// on_events: the EPOLL* bits that came.
  virtual void on_events(std::uint32_t events) = 0;

  /// watch: adds `fd` to epoll with these bits; unwatch: takes it out; rewatch: changes the bits.
  /// False: the kernel has no memory for it.
  bool watch(int epoll, int fd, std::uint32_t events) { return control(epoll, EPOLL_CTL_ADD, fd, events); }
  bool rewatch(int epoll, int fd, std::uint32_t events) { return control(epoll, EPOLL_CTL_MOD, fd, events); }
  void unwatch(int epoll, int fd) { control(epoll, EPOLL_CTL_DEL, fd, 0); }

 private:
  bool control(int epoll, int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = this;
    return ::epoll_ctl(epoll, operation, fd, &event) == 0;
  }
};

}  // namespace gatehouse::guest
