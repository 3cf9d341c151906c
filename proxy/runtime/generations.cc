#include "proxy/runtime/generations.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "proxy/net/fd.h"

namespace gatehouse::runtime {
namespace {

using Unexpected = std::unexpected<std::string>;

// A line is a number, a space and a name, which has neither spaces nor control characters.
bool read_line(std::string_view line, std::map<std::string, std::uint32_t>& into) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), count);
  const auto used = static_cast<std::size_t>(end - line.data());
  if (error != std::errc() || count == 0 || used + 1 >= line.size() || line[used] != ' ') return false;
  return into.emplace(line.substr(used + 1), count).second;
}

// Whole and on disk before it takes the old one's place. False: errno says why.
bool write_file(const std::string& path, const std::string& text) {
  std::string other = path + ".XXXXXX";
  const net::UniqueFd fd(::mkostemp(other.data(), O_CLOEXEC));
  if (!fd) return false;
  const bool written = ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd.get()) == 0 && ::rename(other.c_str(), path.c_str()) == 0;
  const int error = errno;
  if (!written) ::unlink(other.c_str());
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const net::UniqueFd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) (void)::fsync(directory.get());
  errno = error;
  return written;
}

}  // namespace

std::expected<Generations, std::string> Generations::load(std::string path) {
  Generations out;
  out.path_ = std::move(path);
  if (out.path_.empty()) return out;
  struct stat st{};
  if (::lstat(out.path_.c_str(), &st) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return out;
    return Unexpected(out.path_ + " cannot be read: " + std::strerror(errno));
  }
  if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != ::geteuid()) || (st.st_mode & 022U) != 0)
    return Unexpected(out.path_ +
                      " must be a regular file of root or of the user that runs gatehoused, whom nobody "
                      "else can write for");
  std::ifstream in(out.path_);
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number)
    if (!read_line(line, out.counts_))
      return Unexpected(out.path_ + ":" + std::to_string(number) +
                        ": not a count and a name: restore the file, or take it away (guests that got the name of one "
                        "that went then share its NFSv4 keys)");
  if (!in.eof()) return Unexpected(out.path_ + " cannot be read");
  return out;
}

std::uint32_t Generations::of(const std::string& name) const {
  const auto at = counts_.find(name);
  return at == counts_.end() ? 0 : at->second;
}

std::expected<void, std::string> Generations::raise(std::span<const std::string> names) {
  if (names.empty()) return {};
  bool full = false;
  for (const std::string& n : names) {
    const auto at = counts_.find(n);
    full = full || (at == counts_.end() && counts_.size() >= kMost);
    if (at != counts_.end())
      ++at->second;
    else if (counts_.size() < kMost)
      counts_.emplace(n, 1);
  }
  std::ostringstream text;
  for (const auto& [name, count] : counts_) text << count << ' ' << name << '\n';
  if (!path_.empty() && !write_file(path_, text.str()))
    return Unexpected(path_ + " cannot be written: " + std::strerror(errno));
  if (full) return Unexpected(path_ + " has " + std::to_string(kMost) + " names already");
  return {};
}

}  // namespace gatehouse::runtime
