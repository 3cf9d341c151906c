#include "gss/acceptors/keytab_cred.h"

#include <krb5/krb5.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "gss/acceptors/text.h"

namespace gatehouse::gss {
namespace {

// The strongest first: libgssapi chooses the acceptor's subkey by it.
constexpr std::array<krb5_enctype, 4> kEnctypes = {ENCTYPE_AES256_CTS_HMAC_SHA384_192, ENCTYPE_AES256_CTS_HMAC_SHA1_96,
                                                   ENCTYPE_AES128_CTS_HMAC_SHA256_128, ENCTYPE_AES128_CTS_HMAC_SHA1_96};

// A name of a service without its host: any key service/HOST of the keytab matches.
std::expected<GssName, std::string> service_name(const std::string& service) {
  gss_buffer_desc text{service.size(), const_cast<char*>(service.data())};
  OM_uint32 minor = 0;
  GssName name;
  const OM_uint32 major = gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, name.out());
  if (major != GSS_S_COMPLETE) return std::unexpected("service \"" + service + "\": " + status_text(major, minor));
  return name;
}

}  // namespace

KeytabCreds::KeytabCreds(std::string keytab, std::string service, std::string replay_cache)
    : keytab_(std::move(keytab)), service_(std::move(service)), replay_cache_(std::move(replay_cache)) {}

std::expected<KeytabCreds::Loan, std::string> KeytabCreds::borrow() {
  const auto now = version();
  if (!now) return std::unexpected(now.error());
  if (auto ready = prepare_replay_cache(); !ready) return std::unexpected(std::move(ready.error()));
  std::shared_ptr<const ServiceKeys> keys;
  {
    const std::lock_guard lock(mutex_);
    if (keys_ == nullptr || version_ != *now) {
      idle_.clear();
      keys_.reset();
      auto loaded = ServiceKeys::load(keytab_, service_);
      if (!loaded) return std::unexpected(std::move(loaded.error()));
      keys_ = std::move(*loaded);
      version_ = *now;
    }
    if (!idle_.empty()) {
      Loan loan = std::move(idle_.back());
      idle_.pop_back();
      return loan;
    }
    keys = keys_;
  }
  auto cred = acquire(*keys);
  if (!cred) return std::unexpected(std::move(cred.error()));
  return Loan{.cred = std::move(*cred), .version = *now};
}

void KeytabCreds::give_back(Loan loan) {
  const std::lock_guard lock(mutex_);
  if (keys_ != nullptr && version_ == loan.version) idle_.push_back(std::move(loan));
}

std::expected<KeytabCreds::Version, std::string> KeytabCreds::version() const {
  struct stat s{};
  if (::stat(keytab_.c_str(), &s) != 0 || ::access(keytab_.c_str(), R_OK) != 0)
    return std::unexpected("keytab " + keytab_ + " cannot be read: " + error_text(errno));
  return Version{.device = s.st_dev, .inode = s.st_ino, .size = s.st_size, .modified = s.st_mtim};
}

// The directory is the gateway's alone: who can write there could make room for replays, or make every accept fail.
// Looked at for each accept: whoever repairs it need not restart anything.
std::expected<void, std::string> KeytabCreds::prepare_replay_cache() const {
  if (replay_cache_.empty()) return {};
  const std::string where = "replay cache directory " + replay_cache_;
  if (::mkdir(replay_cache_.c_str(), 0700) != 0 && errno != EEXIST)
    return std::unexpected(where + " cannot be made: " + error_text(errno));
  struct stat s{};
  if (::lstat(replay_cache_.c_str(), &s) != 0) return std::unexpected(where + ": " + error_text(errno));
  if (!S_ISDIR(s.st_mode)) return std::unexpected(where + " is no directory");
  if (s.st_uid != ::geteuid() || (s.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return std::unexpected(where + " must belong to uid " + std::to_string(::geteuid()) + " and have mode 0700");
  return {};
}

std::expected<GssCred, std::string> KeytabCreds::acquire(const ServiceKeys& keys) const {
  const auto name = service_name(service_);
  if (!name) return std::unexpected(name.error());
  const std::string replay_cache = "file2:" + replay_cache_ + "/gatehouse.rcache2";
  std::array<gss_key_value_element_desc, 2> elements{};
  gss_key_value_set_desc store{.count = 1, .elements = elements.data()};
  elements[0] = {.key = "keytab", .value = keys.name().c_str()};
  if (!replay_cache_.empty()) {
    elements[1] = {.key = "rcache", .value = replay_cache.c_str()};
    store.count = 2;
  }

  gss_OID_set_desc krb5{.count = 1, .elements = const_cast<gss_OID>(gss_mech_krb5)};
  OM_uint32 minor = 0;
  GssCred cred;
  OM_uint32 major = gss_acquire_cred_from(&minor, name->get(), GSS_C_INDEFINITE, &krb5, GSS_C_ACCEPT, &store,
                                          cred.out(), nullptr, nullptr);
  if (major != GSS_S_COMPLETE)
    return std::unexpected("the keys of keytab " + keytab_ + " cannot be used: " + status_text(major, minor));
  // Of the ticket's session key and the client's subkey; krb5.conf may permit more to others.
  std::array<krb5_enctype, kEnctypes.size()> enctypes = kEnctypes;
  major = gss_krb5_set_allowable_enctypes(&minor, cred.get(), enctypes.size(), enctypes.data());
  if (major != GSS_S_COMPLETE)
    return std::unexpected("encryption types cannot be limited: " + status_text(major, minor));
  return cred;
}

}  // namespace gatehouse::gss
