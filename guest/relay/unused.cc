#include "guest/relay/unused.h"

#include <fcntl.h>
#include <sys/file.h>

#include "guest/relay/mounts.h"

namespace gatehouse::guest {
namespace {
constexpr std::uint64_t kLookAgainMs = 60'000;
}

bool Unused::begin(int epoll, std::uint64_t now_ms) {
  table_.reset(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  touch(now_ms);
  // proc(5): a change of the table is an EPOLLPRI.
  return table_ && watch(epoll, table_.get(), EPOLLPRI);
}

void Unused::on_events(std::uint32_t) {
  due_ms_ = 0;
  table_changed_ = true;
}

bool Unused::is_unused(std::size_t connections, std::uint64_t now_ms) {
  due_ms_ = kNever;
  if (table_changed_) {
    table_changed_ = false;
    touch(now_ms);
    return false;
  }
  if (connections != 0) return false;  // the relay announces the last one's end
  if (mounted(port_)) {
    // So does the table, of mounts in this name space; for those of others there is this look now and then.
    due_ms_ = now_ms + kLookAgainMs;
    return false;
  }
  net::UniqueFd lock(::open(lock_path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  // Without the file there is no helper that could use this relay.
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
    // Left to the end of the process, which closes descriptors from the lowest on: the registry's entry, which came
    // with the start, is free before a waiting helper has this lock and looks at it.
    (void)lock.release();
    return true;
  }
  touch(now_ms);  // a helper's end is not announced
  return false;
}

}  // namespace gatehouse::guest
