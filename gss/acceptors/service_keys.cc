#include "gss/acceptors/service_keys.h"

#include <atomic>

#include "gss/acceptors/text.h"

namespace gatehouse::gss {
namespace {

// The library finds a keytab in memory by its name; no name is given twice.
std::string fresh_name() {
  static std::atomic<unsigned> count{0};
  return "MEMORY:gatehouse-" + std::to_string(count.fetch_add(1));
}

bool is_for(const krb5_principal_data& principal, const std::string& service) {
  if (principal.length < 2) return false;
  return std::string_view(principal.data[0].data, principal.data[0].length) == service;
}

// Counts of a keytab's keys.
struct Census {
  int taken = 0;
  int weak = 0;
  int other_services = 0;
};

std::string what_is_missing(const Census& c, const std::string& service) {
  if (c.weak > 0)
    return "has keys for " + service +
           "/*, but only of encryption types that are not taken (RC4, DES, Camellia): make new keys";
  if (c.other_services > 0) return "has no key for " + service + "/*, only keys for others";
  return "has no keys";
}

}  // namespace

bool ServiceKeys::takes(krb5_enctype enctype) {
  return enctype >= ENCTYPE_AES128_CTS_HMAC_SHA1_96 && enctype <= ENCTYPE_AES256_CTS_HMAC_SHA384_192;
}

ServiceKeys::~ServiceKeys() {
  if (keys_ != nullptr) krb5_kt_close(context_, keys_);
  if (context_ != nullptr) krb5_free_context(context_);
}

std::string ServiceKeys::text(krb5_error_code error) const {
  const char* message = krb5_get_error_message(context_, error);
  std::string out = printable(message);
  krb5_free_error_message(context_, message);
  return out;
}

std::expected<std::shared_ptr<const ServiceKeys>, std::string> ServiceKeys::load(const std::string& file,
                                                                                 const std::string& service) {
  std::shared_ptr<ServiceKeys> made(new ServiceKeys);
  made->name_ = fresh_name();
  krb5_error_code error = krb5_init_context(&made->context_);
  if (error == 0) error = krb5_kt_resolve(made->context_, made->name_.c_str(), &made->keys_);
  if (error != 0) return std::unexpected("libkrb5 does not start (is krb5.conf well-formed?): " + made->text(error));
  if (auto copied = made->copy(file, service); !copied)
    return std::unexpected("keytab " + file + " " + std::move(copied.error()));
  return made;
}

std::expected<void, std::string> ServiceKeys::copy(const std::string& file, const std::string& service) {
  krb5_keytab from = nullptr;
  krb5_kt_cursor cursor = nullptr;
  krb5_error_code error = krb5_kt_resolve(context_, ("FILE:" + file).c_str(), &from);
  if (error != 0) return std::unexpected("cannot be read: " + text(error));
  error = krb5_kt_start_seq_get(context_, from, &cursor);
  Census census;
  krb5_keytab_entry entry{};
  while (error == 0 && (error = krb5_kt_next_entry(context_, from, &entry, &cursor)) == 0) {
    if (!is_for(*entry.principal, service)) {
      ++census.other_services;
    } else if (!takes(entry.key.enctype)) {
      ++census.weak;
    } else {
      ++census.taken;
      error = krb5_kt_add_entry(context_, keys_, &entry);
    }
    krb5_free_keytab_entry_contents(context_, &entry);
  }
  if (cursor != nullptr) krb5_kt_end_seq_get(context_, from, &cursor);
  krb5_kt_close(context_, from);
  if (error != KRB5_KT_END) return std::unexpected("cannot be read: " + text(error));
  if (census.taken == 0) return std::unexpected(what_is_missing(census, service));
  return {};
}

}  // namespace gatehouse::gss
