// What is mounted: "CID:/path".
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace gatehouse::guest {

/// Spec: a directory that the machine with this CID exports; 2 is the host.
struct Spec {
  std::uint32_t cid = 2;
  std::string path;  ///< absolute
};

/// parse_spec: reads "2:/export"; the error says what is wrong and what to write. The CID is a plain decimal number
/// below 4294967295, which means "any" and is nobody.
std::expected<Spec, std::string> parse_spec(std::string_view text);

}  // namespace gatehouse::guest
