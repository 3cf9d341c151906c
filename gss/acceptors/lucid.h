// The key of a context that libgssapi established.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "gss/acceptors/handles.h"
#include "gss/crypto/session_key.h"

namespace gatehouse::gss {

/// ExportedContext: what is needed of an established context.
struct ExportedContext {
  SessionKey key;
  std::int64_t ticket_end_s = 0;
};

/// export_context: takes the key out of `context`, which is gone afterwards, whatever the outcome. The acceptor's
/// subkey if there is one, else the context's key (RFC 4121 section 2). The error is a sentence: no RFC 4121 context,
/// or an encryption type that is not taken.
std::expected<ExportedContext, std::string> export_context(GssContext context);

/// enctype_of: the Enctype with this number if it is taken and its keys are `size` bytes long; the error is a sentence.
std::expected<Enctype, std::string> enctype_of(std::uint32_t number, std::size_t size);

}  // namespace gatehouse::gss
