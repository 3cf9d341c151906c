// libkrb5 for the checks of keytab and KDC.
#pragma once

#include <krb5/krb5.h>

#include <expected>
#include <string>
#include <vector>

namespace gatehouse::doctor {

/// Key: an entry of a keytab, without the key.
struct Key {
  std::string principal;
  krb5_kvno kvno = 0;
  krb5_enctype enctype = 0;
  std::string enctype_name;
};

/// Krb5: a context of the library. Not thread-safe.
class Krb5 {
 public:
  Krb5();
  Krb5(const Krb5&) = delete;
  Krb5& operator=(const Krb5&) = delete;
  ~Krb5();

  /// fault: not empty: the library does not start, and why.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] krb5_context get() const { return context_; }
  [[nodiscard]] std::string text(krb5_error_code error) const;
  /// keys: all entries of the keytab file; the error is the library's.
  [[nodiscard]] std::expected<std::vector<Key>, std::string> keys(const std::string& file) const;
  /// name: a principal as text.
  [[nodiscard]] std::string name(krb5_const_principal principal) const;

 private:
  krb5_context context_ = nullptr;
  std::string fault_;
};

}  // namespace gatehouse::doctor
