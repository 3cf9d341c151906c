// Why a request of an admin client was not done.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/config.h"

namespace gatehouse::admin {

/// Code: the kinds of refusals; their words (code_word) are an interface, docs/operations/admin.md.
enum class Code : std::uint8_t {
  bad_request,    ///< not what the protocol says
  too_long,       ///< a line beyond kMostLine
  not_permitted,  ///< the caller may not do that
  not_found,      ///< no such guest, session or principal
  refused,        ///< the daemon will not: a configuration with errors, a second reload at a time
  busy,           ///< too many clients at a time
  timed_out,      ///< the client was silent for too long
};
std::string_view code_word(Code c);

/// Refusal: a kind, one line for people, and for a configuration what is wrong with it.
struct Refusal {
  Code code = Code::bad_request;
  std::string text;
  std::vector<config::Problem> problems = {};
};

}  // namespace gatehouse::admin
