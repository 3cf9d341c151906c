// The security flavors of configuration: exports(5)'s sec=.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::policy {

/// Sec: one word of `sec`. The krb5 words are RPCSEC_GSS with Kerberos and service none, integrity or privacy.
enum class Sec : std::uint8_t { none, sys, krb5, krb5i, krb5p };

/// parse_sec: the flavor that a word of `sec` names, if it names one.
std::optional<Sec> parse_sec(std::string_view word);
/// sec_name: the word.
std::string_view sec_name(Sec s);

/// SecSet: a set of flavors, in the order in which they were added: the order of `sec`, by which clients choose. A
/// plain value.
class SecSet {
 public:
  static constexpr std::size_t kMost = 5;

  constexpr SecSet() = default;
  constexpr SecSet(std::initializer_list<Sec> list) {
    for (const Sec s : list) add(s);
  }
  constexpr void add(Sec s) {
    if (has(s)) return;
    bits_ = static_cast<std::uint8_t>(bits_ | 1U << static_cast<unsigned>(s));
    list_[size_++] = s;
  }
  [[nodiscard]] constexpr bool has(Sec s) const { return (bits_ >> static_cast<unsigned>(s) & 1U) != 0; }
  /// has_kerberos: krb5, krb5i or krb5p is in it.
  [[nodiscard]] constexpr bool has_kerberos() const { return has(Sec::krb5) || has(Sec::krb5i) || has(Sec::krb5p); }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr const Sec* begin() const { return list_.data(); }
  [[nodiscard]] constexpr const Sec* end() const { return list_.data() + size_; }
  friend constexpr bool operator==(const SecSet&, const SecSet&) = default;

 private:
  std::uint8_t bits_ = 0;
  std::uint8_t size_ = 0;
  std::array<Sec, kMost> list_{};
};

}  // namespace gatehouse::policy
