#include "gss/acceptors/text.h"

#include <system_error>

#include "gss/acceptors/handles.h"

namespace gatehouse::gss {
namespace {

constexpr std::size_t kMaxText = 300;

void append_status(std::string& text, OM_uint32 status, int kind) {
  OM_uint32 more = 0;
  do {
    OM_uint32 minor = 0;
    GssBuffer message;
    if (gss_display_status(&minor, status, kind, gss_mech_krb5, &more, message.out()) != GSS_S_COMPLETE) return;
    // What libkrb5 says of a failure of its GSS layer that has no text of its own.
    if (message.text() == "Success") continue;
    if (!text.empty()) text += ": ";
    text += message.text();
  } while (more != 0 && text.size() < kMaxText);
}

}  // namespace

std::string printable(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text.substr(0, kMaxText)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  if (text.size() > kMaxText) out += "...";
  return out;
}

std::string error_text(int error) {
  return std::generic_category().message(error);
}

std::string status_text(std::uint32_t major, std::uint32_t minor) {
  std::string text;
  // The mechanism's text says more than the major's and mostly includes its meaning.
  if (minor != 0) append_status(text, minor, GSS_C_MECH_CODE);
  if (text.empty() || GSS_ROUTINE_ERROR(major) != GSS_S_FAILURE) append_status(text, major, GSS_C_GSS_CODE);
  return printable(text);
}

std::string ids_text(const Ids& ids) {
  return "uid " + std::to_string(ids.uid) + ", gid " + std::to_string(ids.gid) + ", " +
         std::to_string(ids.groups.size()) + (ids.groups.size() == 1 ? " group" : " groups");
}

}  // namespace gatehouse::gss
