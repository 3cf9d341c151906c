// The keys of one service out of a keytab file.
#pragma once

#include <krb5/krb5.h>

#include <expected>
#include <memory>
#include <string>

namespace gatehouse::gss {

/// ServiceKeys: a keytab in memory with those keys of a file that are for `service`/* and of an encryption type that is
/// taken (17 to 20). What is not in it opens no ticket: none for another service, and none under a weak key, whatever
/// krb5.conf permits. The library frees (and wipes) it when this and all credentials made of it are gone. Thread-safe
/// to read.
class ServiceKeys {
 public:
  /// load: the error is a sentence that says what is wrong with the file.
  static std::expected<std::shared_ptr<const ServiceKeys>, std::string> load(const std::string& file,
                                                                             const std::string& service);
  /// takes: whether keys of this encryption type are taken.
  static bool takes(krb5_enctype enctype);
  ServiceKeys(const ServiceKeys&) = delete;
  ServiceKeys& operator=(const ServiceKeys&) = delete;
  ~ServiceKeys();

  /// name: what libgssapi knows it by.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  ServiceKeys() = default;
  std::expected<void, std::string> copy(const std::string& file, const std::string& service);
  [[nodiscard]] std::string text(krb5_error_code error) const;

  std::string name_;
  krb5_context context_ = nullptr;
  krb5_keytab keys_ = nullptr;
};

}  // namespace gatehouse::gss
