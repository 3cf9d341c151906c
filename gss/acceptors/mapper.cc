#include "gss/acceptors/mapper.h"

#include <krb5/krb5.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "gss/acceptors/text.h"

namespace gatehouse::gss {
namespace {

/// kMaxCached: entries that the cache holds at most. A large list of groups is 256 KiB.
constexpr std::size_t kMaxCached = 4096;
constexpr int kUnknownForShorter = 10;  // "no account" is kept for a tenth of the time

// A context and a parsed principal of libkrb5. A context is made for each question, so that krb5.conf is read anew when
// it changed (libkrb5 looks at its time of change).
class Krb5 {
 public:
  Krb5() : error_(krb5_init_context(&context_)) {}
  Krb5(const Krb5&) = delete;
  Krb5& operator=(const Krb5&) = delete;
  ~Krb5() {
    krb5_free_principal(context_, principal_);
    if (context_ != nullptr) krb5_free_context(context_);
  }

  krb5_error_code parse(const std::string& principal) {
    if (error_ != 0) return error_;
    return krb5_parse_name_flags(context_, principal.c_str(), KRB5_PRINCIPAL_PARSE_REQUIRE_REALM, &principal_);
  }
  krb5_error_code local_name(std::array<char, 256>& name) {
    return krb5_aname_to_localname(context_, principal_, static_cast<int>(name.size()), name.data());
  }
  [[nodiscard]] std::string text(krb5_error_code error) const {
    const char* message = krb5_get_error_message(context_, error);
    std::string out = printable(message);
    krb5_free_error_message(context_, message);
    return out;
  }

 private:
  krb5_context context_ = nullptr;
  krb5_principal principal_ = nullptr;
  krb5_error_code error_;
};

Mapping nobody(Mapping::Outcome outcome, std::string how) {
  return {.outcome = outcome, .ids = {}, .how = std::move(how)};
}

Mapping account_after(const std::string& reason, const std::string& name) {
  Mapping out = local_account(name);
  out.how = reason + "; " + out.how;
  return out;
}

constexpr std::string_view kNoRule = "no [[principal]] rule matches";

// auth_to_local and auth_to_local_names of krb5.conf, and its localauth plugins: what gss_localname asks too, but with
// error codes that tell "no local name" from a configuration that cannot be read.
Mapping by_auth_to_local(const std::string& principal) {
  const std::string reason(kNoRule);
  Krb5 krb5;
  std::array<char, 256> name{};
  krb5_error_code error = krb5.parse(principal);
  if (error == KRB5_PARSE_MALFORMED)
    return nobody(Mapping::Outcome::no_account, reason + ", and it is no principal with a realm");
  if (error == 0) error = krb5.local_name(name);
  if (error == KRB5_LNAME_NOTRANS)
    return nobody(Mapping::Outcome::no_account, reason + "; auth_to_local gives no local name");
  // Whoever may make principals may make long ones: that is no failure of the system.
  if (error == KRB5_CONFIG_NOTENUFSPACE)
    return nobody(Mapping::Outcome::no_account, reason + "; the local name is longer than any account's");
  if (error != 0)
    return nobody(Mapping::Outcome::lookup_failed, reason + "; auth_to_local cannot be asked: " + krb5.text(error));
  return account_after(reason + "; auth_to_local gives \"" + printable(name.data()) + "\"", name.data());
}

Mapping by_rule(const PrincipalRule& rule, std::size_t number) {
  const std::string reason = "[[principal]] rule " + std::to_string(number) + " (\"" + printable(rule.match) + "\")";
  if (std::holds_alternative<PrincipalRule::Deny>(rule.map))
    return nobody(Mapping::Outcome::denied, reason + " denies");
  if (const auto* name = std::get_if<std::string>(&rule.map))
    return account_after(reason + " gives \"" + printable(*name) + "\"", *name);
  const Ids& ids = std::get<Ids>(rule.map);
  return {.outcome = Mapping::Outcome::ids, .ids = ids, .how = reason + " gives " + ids_text(ids)};
}

Mapping as_found(const std::optional<Ids>& found) {
  const std::string reason(kNoRule);
  if (!found) return nobody(Mapping::Outcome::no_account, reason + "; gssproxy finds no account");
  return {.outcome = Mapping::Outcome::ids, .ids = *found, .how = reason + "; gssproxy gives " + ids_text(*found)};
}

}  // namespace

Mapper::Mapper(std::vector<PrincipalRule> rules, std::chrono::milliseconds time_to_live)
    : rules_(std::move(rules)), time_to_live_(time_to_live) {}

Mapping Mapper::map(const std::string& principal, bool looked_up, const std::optional<Ids>& found) {
  const PrincipalRule* const rule = first_match(rules_, principal);
  if (rule == nullptr && looked_up) return as_found(found);
  if (auto known = cached(principal)) return std::move(*known);
  Mapping mapping = rule == nullptr ? by_auth_to_local(principal)
                                    : by_rule(*rule, static_cast<std::size_t>(rule - rules_.data()) + 1);
  keep(principal, mapping);
  return mapping;
}

void Mapper::forget() {
  const std::lock_guard lock(mutex_);
  cache_.clear();
}

std::optional<Mapping> Mapper::cached(const std::string& principal) {
  const std::lock_guard lock(mutex_);
  const auto entry = cache_.find(principal);
  if (entry == cache_.end() || std::chrono::steady_clock::now() >= entry->second.until) return std::nullopt;
  return entry->second.mapping;
}

void Mapper::keep(const std::string& principal, const Mapping& mapping) {
  if (mapping.outcome == Mapping::Outcome::lookup_failed) return;
  const auto now = std::chrono::steady_clock::now();
  const bool unknown = mapping.outcome == Mapping::Outcome::no_account;
  const std::lock_guard lock(mutex_);
  if (cache_.size() >= kMaxCached && !cache_.contains(principal)) {
    std::erase_if(cache_, [&](const auto& entry) { return now >= entry.second.until; });
    if (cache_.size() >= kMaxCached) cache_.erase(cache_.begin());
  }
  cache_[principal] = {.mapping = mapping,
                       .until = now + (unknown ? time_to_live_ / kUnknownForShorter : time_to_live_)};
}

}  // namespace gatehouse::gss
