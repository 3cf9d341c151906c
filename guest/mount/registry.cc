#include "guest/mount/registry.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace gatehouse::guest {
namespace {

using Error = std::unexpected<std::string>;

Error failed(const std::string& what, const std::string& path) {
  return Error(what + ' ' + path + ": " + std::strerror(errno));
}

std::expected<void, std::string> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return failed("cannot make", path);
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) return failed("cannot look at", path);
  if (!S_ISDIR(st.st_mode) || st.st_uid != ::geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error(path + " is not a folder that root alone can write to: remove it");
  return {};
}

net::UniqueFd open_file(const std::string& path) {
  return net::UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

bool lock(int fd, int how) {
  int done = 0;
  do done = ::flock(fd, how);
  while (done != 0 && errno == EINTR);
  return done == 0;
}

std::uint16_t read_port(int fd) {
  char text[16];
  const ssize_t n = ::pread(fd, text, sizeof text, 0);
  std::uint16_t port = 0;
  if (n <= 0 || std::from_chars(text, text + n, port).ec != std::errc{}) return 0;
  return port;
}

bool write_port(int fd, std::uint16_t port) {
  const std::string text = std::to_string(port) + '\n';
  return ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

void InUse::keep_over_exec() const {
  ::fcntl(lock.get(), F_SETFD, 0);
}

std::expected<InUse, std::string> Registry::find_or_start(const net::VsockAddress& to) {
  if (const auto made = make_folder(folder_); !made) return Error(made.error());
  const std::string path = folder_ + "/vsock-" + std::to_string(*to.cid) + '-' + std::to_string(to.port);
  // First of all, so that a relay that is found stays. One that is about to end holds this lock until it has gone.
  InUse out{open_file(path + ".used"), 0};
  if (!out.lock || !lock(out.lock.get(), LOCK_SH)) return failed("cannot lock", path + ".used");
  const net::UniqueFd starting = open_file(path + ".lock");
  if (!starting || !lock(starting.get(), LOCK_EX)) return failed("cannot lock", path + ".lock");
  net::UniqueFd entry = open_file(path);
  if (!entry) return failed("cannot open", path);
  out.port = read_port(entry.get());
  if (!lock(entry.get(), LOCK_EX | LOCK_NB)) {
    if (errno != EWOULDBLOCK || out.port == 0) return failed("cannot use the relay of", path);
    return out;
  }
  // The port of the relay before, so that a mount that has outlived it finds the new one.
  auto listener = listen_(out.port);
  if (!listener) return Error(listener.error());
  if (!write_port(entry.get(), out.port)) return failed("cannot write", path);
  if (const auto fault = start_(to, std::move(*listener), std::move(entry), path + ".used"); !fault.empty())
    return Error(fault);
  return out;
}

}  // namespace gatehouse::guest
