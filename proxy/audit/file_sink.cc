#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "proxy/audit/sink.h"
#include "proxy/net/fd.h"

namespace gatehouse::audit {
namespace {

constexpr mode_t kMode = 0640;
constexpr std::chrono::seconds kLookEvery{1};

struct File {
  net::UniqueFd fd;
  struct stat st{};
  bool half_line = false;  ///< what is there does not end with a newline
};

std::unexpected<std::string> refuse(const std::string& path, const std::string& why) {
  return std::unexpected("the audit log " + path + ' ' + why);
}

// Opens what is there, or makes it. Read and write: the last byte is looked at, and a FIFO is opened without anybody
// who reads it (fifo(7)).
net::UniqueFd open_or_make(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  net::UniqueFd fd(::open(path.c_str(), kFlags));
  if (fd || errno != ENOENT) return fd;
  fd.reset(::open(path.c_str(), kFlags | O_CREAT | O_EXCL, kMode));
  // The service's umask is for secrets; a group may be given to this file so as to read it.
  if (fd) (void)::fchmod(fd.get(), kMode);
  return fd;
}

std::expected<File, std::string> open_at(const std::string& path) {
  File out;
  out.fd = open_or_make(path);
  if (!out.fd)
    return refuse(path, errno == ELOOP ? "is a symbolic link: name the file itself"
                                       : std::string("cannot be opened: ") + std::strerror(errno));
  if (::fstat(out.fd.get(), &out.st) != 0) return refuse(path, std::strerror(errno));
  if (!S_ISREG(out.st.st_mode) && !S_ISFIFO(out.st.st_mode))
    return refuse(path, "is neither a regular file nor a FIFO");
  if ((out.st.st_mode & S_IWOTH) != 0) return refuse(path, "may be written by everybody: chmod o-w it");
  char last = '\n';
  // Left by a process that was killed in the middle of a line, or a host that was.
  if (S_ISREG(out.st.st_mode) && out.st.st_size > 0)
    out.half_line = ::pread(out.fd.get(), &last, 1, out.st.st_size - 1) != 1 || last != '\n';
  return out;
}

class FileSink final : public Sink {
 public:
  FileSink(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}

  Outcome write(const Line& line) override {
    if (moved_away() && !open_anew()) return Outcome::later;
    text_.assign(file_.half_line ? "\n" : "").append(line.json).append("\n");
    const ssize_t n = ::write(file_.fd.get(), text_.data(), text_.size());
    if (n == static_cast<ssize_t>(text_.size())) {
      file_.half_line = false;
      return Outcome::written;
    }
    // Less than all of it: the disk was full in the middle.
    error_ = std::strerror(n < 0 ? errno : ENOSPC);
    if (n > 0) take_back(n);
    return Outcome::later;
  }
  [[nodiscard]] std::string name() const override { return path_; }
  [[nodiscard]] std::string error() const override { return error_; }

 private:
  // Takes the `n` bytes of a line that were written off the file again. Where somebody else has written behind them, or
  // the file system lets nobody shorten the file (chattr +a), the next line begins on a line of its own instead.
  void take_back(ssize_t n) {
    struct stat now{};
    const off_t end = ::lseek(file_.fd.get(), 0, SEEK_CUR);
    const bool last = end >= n && ::fstat(file_.fd.get(), &now) == 0 && now.st_size == end;
    if (!last || ::ftruncate(file_.fd.get(), end - n) != 0) file_.half_line = true;
  }

  // Whether the path names another file now, or none: what is written goes where nobody looks for it. Asked once a
  // second.
  bool moved_away() {
    const auto now = std::chrono::steady_clock::now();
    if (now < look_at_) return false;
    look_at_ = now + kLookEvery;
    struct stat there{};
    if (::lstat(path_.c_str(), &there) != 0) return errno == ENOENT;
    return there.st_dev != file_.st.st_dev || there.st_ino != file_.st.st_ino;
  }

  bool open_anew() {
    auto file = open_at(path_);
    if (!file) {
      error_ = std::move(file.error());
      look_at_ = {};  // asked again before the next line: none goes to the file that went
      return false;
    }
    file_ = std::move(*file);
    return true;
  }

  const std::string path_;
  File file_;
  std::string text_;
  std::string error_;
  std::chrono::steady_clock::time_point look_at_;
};

}  // namespace

std::expected<std::unique_ptr<Sink>, std::string> open_file(const std::string& path) {
  auto file = open_at(path);
  if (!file) return std::unexpected(file.error() + "; see [audit] log");
  return std::make_unique<FileSink>(path, std::move(*file));
}

}  // namespace gatehouse::audit
