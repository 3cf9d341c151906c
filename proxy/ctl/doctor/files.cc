// Who may read and write what: the configuration, the secret, the keytab, the replay cache, directories of sockets.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>

#include "proxy/config/file.h"
#include "proxy/ctl/doctor/checks.h"
#include "proxy/runtime/secret.h"

namespace gatehouse::doctor {
namespace {

constexpr const char* kDefaultKeytab = "/etc/krb5.keytab";
// Where LoadCredential= puts what it hands to a service, while that runs.
constexpr std::string_view kCredentials = "/run/credentials/";

std::string octal(mode_t mode) {
  std::string out = "0000";
  for (std::size_t i = 4; i-- > 0; mode >>= 3) out[i] = static_cast<char>('0' + (mode & 7U));
  return out;
}

std::string owner_of(const struct stat& st) {
  return "uid " + std::to_string(st.st_uid) + ", gid " + std::to_string(st.st_gid) + ", mode " +
         octal(st.st_mode & 07777U);
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// The file checks of one run, with what they share.
class Files {
 public:
  Files(const Exam& e, Account account, Findings& out) : exam_(e), account_(std::move(account)), out_(out) {}

  void configuration();
  void secret();
  bool keytab();  // false: it is not there
  void replay_cache();
  void socket_folders();
  void audit_log();

 private:
  // Whether the account may do that. False: it may not, or nobody here can tell, and that is said.
  bool may(const std::string& path, int what, std::string_view word, const std::string& mend);
  bool owned_well(const std::string& path, const struct stat& st);
  bool good_folder(const std::string& user, const std::string& folder);

  const Exam& exam_;
  const Account account_;
  Findings& out_;
};

bool Files::may(const std::string& path, int what, std::string_view word, const std::string& mend) {
  switch (access_of(account_, path, what)) {
    case Access::yes: return true;
    case Access::no: {
      const std::string error = std::strerror(errno);
      out_.problem(account_.name + " may not " + std::string(word) + ' ' + path + ": " + error, mend);
      return false;
    }
    case Access::unknown: break;
  }
  out_.unknown("whether " + account_.name + " may " + std::string(word) + ' ' + path + " cannot be told",
               "run gatehousectl doctor as root or as " + account_.name);
  return false;
}

// config::load has looked at owners and at "others" already.
void Files::configuration() {
  std::vector<config::Problem> ignored;
  std::vector<std::filesystem::path> files = config::drop_ins(exam_.file, ignored);
  files.insert(files.begin(), exam_.file);
  const std::string& name = account_.name;
  std::size_t good = 0;
  for (const std::filesystem::path& file : files) {
    const std::string path = file.string();
    struct stat st{};
    if (::stat(path.c_str(), &st) == 0 && (st.st_mode & S_IWGRP) != 0 && st.st_gid != 0)
      out_.warning(path + " can be written by its group (" + owner_of(st) + "): who is in it decides about all guests",
                   "chmod g-w " + path);
    if (may(path, R_OK, "read", "chmod o+r " + path + ", or chgrp it to a group of " + name + " and chmod g+r")) ++good;
  }
  if (good == files.size())
    out_.ok(name + " may read " + (good == 1 ? exam_.file : "all " + std::to_string(good) + " configuration files"));
}

void Files::secret() {
  const auto where = runtime::secret_path(exam_.conf->gateway.secret, std::getenv("STATE_DIRECTORY"));
  struct stat st{};
  if (::stat(where.path.c_str(), &st) != 0) {
    const std::string folder = folder_of(where.path);
    if (errno != ENOENT)
      return out_.unknown(where.path + ": " + std::strerror(errno), "run gatehousectl doctor as root");
    if (::access(folder.c_str(), F_OK) != 0)
      return out_.warning("the secret " + where.path + " is not there, nor is its directory",
                          "install -d -m 700 -o " + account_.name + ' ' + folder +
                              "; or else NFSv4 clients lose their open files when gatehoused restarts");
    if (may(folder, W_OK | X_OK, "make a file in", "chown " + account_.name + ' ' + folder))
      out_.ok("the secret " + where.path + " is made at the first start");
    return;
  }
  if (!owned_well(where.path, st)) return;
  if ((st.st_mode & 077U) != 0)
    return out_.problem("the secret " + where.path + " is open to its group or to everybody (" + owner_of(st) + ')',
                        "chmod 600 " + where.path + "; if others may have read it, take it away: a new one is made");
  if (may(where.path, R_OK, "read", "chown " + account_.name + ' ' + where.path))
    out_.ok("the secret " + where.path + " is readable to " + account_.name + " and to nobody else");
}

bool Files::owned_well(const std::string& path, const struct stat& st) {
  if (st.st_uid == 0 || st.st_uid == account_.uid) return true;
  out_.problem(path + " belongs to somebody else (" + owner_of(st) + ')', "chown " + account_.name + ' ' + path);
  return false;
}

bool Files::keytab() {
  const std::string& path = exam_.conf->kerberos.keytab;
  const std::string& name = account_.name;
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) {
    const int error = errno;
    const std::string seen = "the keytab " + path + ": " + std::strerror(error);
    const std::string mend = "kadmin -q 'ktadd -k " + path + ' ' + exam_.conf->kerberos.service + "/NAME', chown " +
                             name + " and chmod 600 it";
    if (path.starts_with(kCredentials))
      out_.unknown(seen, "it is there only while gatehoused.service runs: look again then");
    else if (error == EACCES)
      out_.unknown(seen, "run gatehousectl doctor as root");
    else if (path == kDefaultKeytab && error == ENOENT)
      out_.warning(seen, mend + "; or, if no guest is to use Kerberos, sec = [\"sys\"] in [defaults]");
    else
      out_.problem(seen, mend);
    return false;
  }
  if (!owned_well(path, st)) return true;
  if ((st.st_mode & S_IRWXO) != 0)
    out_.problem("the keytab " + path + " is open to everybody (" + owner_of(st) + ')',
                 "chmod o= " + path + "; who has read it can be the service, and any user to it: make new keys");
  else if (may(path, R_OK, "read",
               "a keytab of its own (chown " + name + ", chmod 600), or LoadCredential=, docs/operations/service.md"))
    out_.ok("the keytab " + path + " is readable to " + name + ", and not to others (" + owner_of(st) + ')');
  return true;
}

// As gss::KeytabCreds wants it.
void Files::replay_cache() {
  const std::string& path = exam_.conf->kerberos.replay_cache;
  if (path.empty()) return out_.ok("the replay cache is libkrb5's own");
  const std::string& name = account_.name;
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) {
    const std::string folder = folder_of(path);
    if (errno == EACCES) return out_.unknown(path + ": " + std::strerror(errno), "run gatehousectl doctor as root");
    if (may(folder, W_OK | X_OK, "make a directory in", "install -d -m 700 -o " + name + ' ' + folder))
      out_.ok("the replay cache " + path + " is made with the first context");
    return;
  }
  if (!S_ISDIR(st.st_mode) || st.st_uid != account_.uid || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return out_.problem("the replay cache " + path + " is not a directory of " + name + " alone (" + owner_of(st) +
                            "): every Kerberos context is refused",
                        "take it away, then install -d -m 700 -o " + name + ' ' + path);
  out_.ok("the replay cache " + path + " is a directory of " + name + " alone");
}

bool Files::good_folder(const std::string& user, const std::string& folder) {
  const std::string& name = account_.name;
  struct stat st{};
  if (hidden_by_unit(exam_.unit, folder)) {
    out_.problem(user + ": the service does not see the " + folder + " of others (PrivateTmp=, ProtectHome=)",
                 "move it, for example below /run/gatehouse");
  } else if (::stat(folder.c_str(), &st) != 0) {
    out_.warning(user + ": its directory " + folder + ": " + std::strerror(errno),
                 "make it, writable for " + name + "; gatehoused tries again every second");
  } else if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0) {
    out_.problem(user + ": anybody can put another file in its place in " + folder + " (" + owner_of(st) + ')',
                 "chmod o-w " + folder);
  } else if (!writable_by_unit(exam_.unit, folder)) {
    out_.problem(user + ": the unit lets the service write nothing in " + folder + " (ProtectSystem=strict)",
                 "systemctl edit gatehoused, and state ReadWritePaths=" + folder);
  } else {
    return may(folder, W_OK | X_OK, "make a file in",
               "chgrp " + folder + " to a group of " + name + " and chmod g+wx it");
  }
  return false;
}

void Files::socket_folders() {
  Names good;
  std::set<std::string> seen;
  const auto look = [&](const std::string& user, const std::string& path) {
    const std::string folder = folder_of(path);
    if (seen.insert(folder).second && good_folder(user, folder)) good.add(folder);
  };
  const auto of = [&](const std::string& user, const net::ListenAddress& address) {
    if (const auto* u = std::get_if<net::UnixAddress>(&address)) look(user, u->path);
    if (const auto* h = std::get_if<net::HybridAddress>(&address)) look(user, h->uds_path);
  };
  for (const config::Listener& l : exam_.conf->listeners) of("listener " + l.name, l.address);
  if (exam_.conf->admin.http_address) of("[admin] http", *exam_.conf->admin.http_address);
  if (!exam_.conf->admin.socket.empty()) look("[admin] socket", exam_.conf->admin.socket);
  if (!good.empty()) out_.ok("sockets can be made in " + good.str());
}

// As the daemon makes and opens it at its start.
void Files::audit_log() {
  const std::string& path = exam_.conf->audit.log;
  if (path == config::Audit::kJournal || path == config::Audit::kNone) return;
  const std::string folder = folder_of(path);
  struct stat st{};
  if (!good_folder("[audit] log", folder)) return;
  if (::lstat(path.c_str(), &st) == 0 &&
      !may(path, W_OK, "write to", "chown " + account_.name + ' ' + path + "; gatehoused does not start otherwise"))
    return;
  out_.ok("the audit log " + path + " can be written");
}

}  // namespace

void check_files(const Exam& e, std::size_t /*part*/, Findings& out) {
  auto account = service_account(e);
  if (!account) out.problem(account.error(), "systemd-sysusers makes it, or name who gatehoused runs as: --user NAME");
  Files files(e, account ? *std::move(account) : current_account(), out);
  files.configuration();
  files.secret();
  if (e.conf->kerberos.acceptor == config::Kerberos::Acceptor::keytab && may_use_kerberos(*e.conf) && files.keytab())
    files.replay_cache();
  files.socket_folders();
  files.audit_log();
}

}  // namespace gatehouse::doctor
