#include "proxy/runtime/secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "proxy/net/fd.h"

namespace gatehouse::runtime {
namespace {

using Octets = std::vector<std::uint8_t>;
using Unexpected = std::unexpected<std::string>;

std::string os_error() {
  return std::strerror(errno);
}

std::string named(const std::string& path) {
  return "the secret file " + path + ' ';
}

// What is wrong with the file that is there; nothing: it may be read.
std::optional<std::string> fault_of(const struct stat& st) {
  if (!S_ISREG(st.st_mode)) return "is no regular file: state another in [gateway] secret, or take it away";
  if (st.st_uid != 0 && st.st_uid != ::geteuid())
    return "belongs to uid " + std::to_string(st.st_uid) +
           ", who could read and change it: chown it to root or to the user that runs gatehoused";
  if ((st.st_mode & 077U) != 0)
    return "is open to its group or to everybody: chmod 600 it; if others may have read it, take it away, and a new "
           "one "
           "is made";
  const auto size = static_cast<std::uint64_t>(st.st_size);
  if (size < nfs::kSecretSize || size > kMostSecret)
    return "has " + std::to_string(size) + " bytes, not " + std::to_string(nfs::kSecretSize) + " to " +
           std::to_string(kMostSecret) + ": take it away, and a new one is made";
  return std::nullopt;
}

// False: the file ends before, or cannot be read (errno).
bool read_all(int fd, std::span<std::uint8_t> into) {
  errno = EIO;
  while (!into.empty()) {
    const ssize_t n = ::read(fd, into.data(), into.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool write_all(int fd, rpc::Bytes from) {
  while (!from.empty()) {
    const ssize_t n = ::write(fd, from.data(), from.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    from = from.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// Nothing: there is no such file.
std::expected<std::optional<Secret>, std::string> read_secret(const std::string& path, Secret::Origin origin) {
  const net::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && errno == ENOENT) return std::nullopt;
  struct stat st{};
  if (!fd || ::fstat(fd.get(), &st) != 0)
    return Unexpected(named(path) + "cannot be opened: " + os_error() +
                      "; let the user that runs gatehoused read it, or state another in [gateway] secret");
  if (const auto fault = fault_of(st)) return Unexpected(named(path) + *fault);
  Octets bytes(static_cast<std::size_t>(st.st_size));
  const bool whole = read_all(fd.get(), bytes);
  Secret out(std::move(bytes), origin);  // wiped whatever comes
  if (!whole) return Unexpected(named(path) + "cannot be read: " + os_error());
  return out;
}

std::optional<Secret> random_secret(Secret::Origin origin, std::string why = {}) {
  Octets bytes(nfs::kSecretSize);
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  return Secret(std::move(bytes), origin, std::move(why));
}

// Under another name until it is whole and on disk; a link never takes the place of what is there already.
bool place(const std::string& path, rpc::Bytes bytes) {
  std::string other = path + ".XXXXXX";
  const net::UniqueFd fd(::mkostemp(other.data(), O_CLOEXEC));
  if (!fd) return false;
  const bool there = write_all(fd.get(), bytes) && ::fchmod(fd.get(), 0600) == 0 && ::fsync(fd.get()) == 0 &&
                     (::link(other.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(other.c_str());
  errno = error;
  return there;
}

// Nothing: there is a file now, this one or that of somebody who was first. Else why not.
std::optional<std::string> make_file(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return folder + " cannot be made: " + os_error();
  const auto fresh = random_secret(Secret::Origin::made);
  if (!fresh) return "the kernel gives no random bytes: " + os_error();
  if (!place(path, fresh->bytes())) return "it cannot be made in " + folder + ": " + os_error();
  const net::UniqueFd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) (void)::fsync(directory.get());
  return std::nullopt;
}

std::expected<Secret, std::string> without_file(const SecretPath& where, const std::string& why) {
  if (where.stated)
    return Unexpected(named(where.path) + "is not there, and " + why +
                      "; make the directory, writable for the user that runs gatehoused");
  auto out = random_secret(Secret::Origin::ephemeral, why);
  if (!out) return Unexpected(named(where.path) + "is not there, and the kernel gives no random bytes: " + os_error());
  return *std::move(out);
}

}  // namespace

Secret::Secret(std::vector<std::uint8_t> bytes, Origin o, std::string w)
    : origin(o), why(std::move(w)), bytes_(std::move(bytes)) {}

Secret::~Secret() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

SecretPath secret_path(const std::string& stated, const char* state_directory) {
  if (!stated.empty()) return {stated, true};
  const std::string list = state_directory == nullptr ? "" : state_directory;
  const std::string first = list.substr(0, list.find(':'));
  return {(first.empty() ? "/var/lib/gatehouse" : first) + "/secret", false};
}

std::expected<Secret, std::string> load_secret(const SecretPath& where) {
  auto there = read_secret(where.path, Secret::Origin::file);
  if (!there) return Unexpected(there.error());
  if (*there) return *std::move(*there);
  if (const auto why = make_file(where.path)) return without_file(where, *why);
  auto made = read_secret(where.path, Secret::Origin::made);
  if (!made) return Unexpected(made.error());
  if (!*made) return Unexpected(named(where.path) + "is a link to nothing: take it away, and a new one is made");
  return *std::move(*made);
}

}  // namespace gatehouse::runtime
