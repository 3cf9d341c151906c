#include "gss/crypto/suite.h"

#include <algorithm>
#include <utility>

namespace gatehouse::gss {

namespace {

// RFC 3962 section 6, RFC 8009 sections 3 and 5.
constexpr std::array<Suite, 4> kSuites{{
    {Enctype::aes128_sha1, Hash::sha1, 16, 16, 12, false},
    {Enctype::aes256_sha1, Hash::sha1, 32, 32, 12, false},
    {Enctype::aes128_sha256, Hash::sha256, 16, 16, 16, true},
    {Enctype::aes256_sha384, Hash::sha384, 32, 24, 24, true},
}};

}  // namespace

const Suite* suite_of(std::uint32_t enctype) {
  const auto* const it =
      std::ranges::find(kSuites, enctype, [](const Suite& s) { return std::to_underlying(s.enctype); });
  return it == kSuites.end() ? nullptr : it;
}

}  // namespace gatehouse::gss
