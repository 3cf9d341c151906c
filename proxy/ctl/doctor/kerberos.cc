#include "proxy/ctl/doctor/kerberos.h"

#include <array>

namespace gatehouse::doctor {

Krb5::Krb5() {
  if (const krb5_error_code error = krb5_init_context(&context_); error != 0)
    fault_ = "libkrb5 does not start: " + text(error);
}

Krb5::~Krb5() {
  if (context_ != nullptr) krb5_free_context(context_);
}

std::string Krb5::text(krb5_error_code error) const {
  const char* message = krb5_get_error_message(context_, error);
  std::string out = message;
  krb5_free_error_message(context_, message);
  return out;
}

std::string Krb5::name(krb5_const_principal principal) const {
  char* text = nullptr;
  if (krb5_unparse_name(context_, principal, &text) != 0) return "?";
  std::string out = text;
  krb5_free_unparsed_name(context_, text);
  return out;
}

std::expected<std::vector<Key>, std::string> Krb5::keys(const std::string& file) const {
  std::vector<Key> out;
  krb5_keytab from = nullptr;
  krb5_kt_cursor cursor = nullptr;
  krb5_error_code error = krb5_kt_resolve(context_, ("FILE:" + file).c_str(), &from);
  if (error != 0) return std::unexpected(text(error));
  error = krb5_kt_start_seq_get(context_, from, &cursor);
  krb5_keytab_entry entry{};
  while (error == 0 && (error = krb5_kt_next_entry(context_, from, &entry, &cursor)) == 0) {
    std::array<char, 64> enctype{};
    if (krb5_enctype_to_name(entry.key.enctype, 0, enctype.data(), enctype.size()) != 0) enctype[0] = '\0';
    out.push_back({name(entry.principal), entry.vno, entry.key.enctype,
                   enctype[0] != '\0' ? enctype.data() : "enctype " + std::to_string(entry.key.enctype)});
    krb5_free_keytab_entry_contents(context_, &entry);
  }
  if (cursor != nullptr) krb5_kt_end_seq_get(context_, from, &cursor);
  std::string why = error == KRB5_KT_END ? std::string() : text(error);
  krb5_kt_close(context_, from);
  if (error != KRB5_KT_END) return std::unexpected(std::move(why));
  return out;
}

}  // namespace gatehouse::doctor
