// Random blocks in quick succession.
#pragma once

#include <cstdint>
#include <span>

#include "gss/crypto/suite.h"

namespace gatehouse::gss {

/// fresh_confounder: fills `out` with random bytes (RFC 3961 section 3: a confounder). They come from OpenSSL's
/// generator, some kilobytes at a time for each thread, since one call of it costs as much as sealing a short message;
/// what was given out is wiped. False: the generator failed. Not safe across fork().
[[nodiscard]] bool fresh_confounder(std::span<std::uint8_t, kBlock> out);

}  // namespace gatehouse::gss
