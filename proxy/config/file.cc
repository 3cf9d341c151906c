#include "proxy/config/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace gatehouse::config {
namespace {

namespace fs = std::filesystem;

struct Descriptor {
  int fd;
  explicit Descriptor(int f) : fd(f) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

void report(std::vector<Problem>& problems, const fs::path& file, std::string text) {
  problems.push_back({file.string(), 0, 0, std::move(text)});
}

std::string os_error() {
  return std::strerror(errno);
}

// requirement L7: what others could have written decides nothing.
bool trustworthy(const fs::path& file, const struct stat& st, std::vector<Problem>& problems) {
  if (st.st_uid != 0 && st.st_uid != ::geteuid()) {
    report(problems, file,
           "belongs to uid " + std::to_string(st.st_uid) +
               ", who could change it: chown it to root or to the user "
               "that runs gatehoused");
    return false;
  }
  if ((st.st_mode & S_IWOTH) != 0) {
    report(problems, file, "can be written by everybody: chmod o-w it");
    return false;
  }
  return true;
}

std::optional<std::string> read_all(int fd, const fs::path& file, std::vector<Problem>& problems) {
  std::string out;
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0) return out;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      report(problems, file, "cannot be read: " + os_error());
      return std::nullopt;
    }
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() <= kMaxFileBytes) continue;
    report(problems, file, "is larger than " + std::to_string(kMaxFileBytes) + " bytes: is it a configuration?");
    return std::nullopt;
  }
}

struct CloseFolder {
  void operator()(DIR* d) const { ::closedir(d); }
};

}  // namespace

std::optional<std::string> read_file(const fs::path& file, std::vector<Problem>& problems) {
  const Descriptor d(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat st{};
  if (d.fd < 0 || ::fstat(d.fd, &st) != 0) {
    report(problems, file, "cannot be opened: " + os_error());
    return std::nullopt;
  }
  if (!S_ISREG(st.st_mode)) {
    report(problems, file, "is no regular file: name a configuration file");
    return std::nullopt;
  }
  if (!trustworthy(file, st, problems)) return std::nullopt;
  auto text = read_all(d.fd, file, problems);
  // Half of a file may be a configuration, too: of one with fewer guests.
  struct stat after{};
  const auto moved = [](const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec;
  };
  if (text && (::fstat(d.fd, &after) != 0 || after.st_size != st.st_size || moved(st.st_mtim, after.st_mtim) ||
               text->size() != static_cast<std::size_t>(st.st_size))) {
    report(problems, file, "was written to while it was read: try again when whoever writes it is done");
    return std::nullopt;
  }
  return text;
}

std::vector<fs::path> drop_ins(const fs::path& file, std::vector<Problem>& problems) {
  const fs::path folder = file.parent_path() / "conf.d";
  std::vector<fs::path> out;
  const std::unique_ptr<DIR, CloseFolder> dir(::opendir(folder.c_str()));
  if (dir == nullptr) {
    if (errno != ENOENT) report(problems, folder, "cannot be opened: " + os_error());
    return out;
  }
  struct stat st{};
  if (::fstat(::dirfd(dir.get()), &st) != 0 || !trustworthy(folder, st, problems)) return out;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".conf") && !name.starts_with('.')) out.push_back(folder / name);
    errno = 0;
  }
  if (errno != 0) report(problems, folder, "cannot be read: " + os_error());
  std::ranges::sort(out);
  return out;
}

}  // namespace gatehouse::config
