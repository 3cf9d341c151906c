// Sentences for logs out of what libraries and peers say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gss/identity.h"

namespace gatehouse::gss {

/// printable: `text` with everything but printable ASCII as \xNN, cut at 300 characters with "..." behind. Texts of
/// Kerberos libraries repeat names that a peer chose.
std::string printable(std::string_view text);

/// error_text: what strerror says of `error`. Thread-safe.
std::string error_text(int error);

/// status_text: what libgssapi says of a failure of the krb5 mechanism, printable. To be called on the thread that saw
/// the failure, before it calls the library again.
std::string status_text(std::uint32_t major, std::uint32_t minor);

/// ids_text: "uid 5001, gid 5001, 4 groups".
std::string ids_text(const Ids& ids);

}  // namespace gatehouse::gss
