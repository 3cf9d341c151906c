#include "guest/mount/spec.h"

#include <charconv>

namespace gatehouse::guest {
namespace {

constexpr std::uint32_t kAnyCid = 0xffffffffU;

std::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
  return std::unexpected('"' + std::string(text) + "\" " + std::string(what) +
                         ": write CID:/PATH, for example 2:/export (2 is the host)");
}

}  // namespace

std::expected<Spec, std::string> parse_spec(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return wrong(text, "names no CID");
  const std::string_view cid = text.substr(0, colon);
  const std::string_view path = text.substr(colon + 1);
  if (cid.empty()) return wrong(text, "has nothing before the colon");
  Spec out;
  const auto [end, error] = std::from_chars(cid.data(), cid.data() + cid.size(), out.cid);
  if (end != cid.data() + cid.size() || error == std::errc::invalid_argument || (cid.size() > 1 && cid.front() == '0'))
    return wrong(text, "has no number before the colon");
  if (error != std::errc{} || out.cid == kAnyCid) return wrong(text, "has a CID above 4294967294");
  if (path.empty()) return wrong(text, "names no directory");
  if (path.front() != '/') return wrong(text, "has a path that does not begin with /");
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return wrong("...", "has a control character");
  out.path = path;
  return out;
}

}  // namespace gatehouse::guest
