#include <charconv>

#include "proxy/config/sections.h"
#include "rpc/names.h"

namespace gatehouse::config {
namespace {

bool read_version(std::string_view& s, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  if (error != std::errc{}) return false;
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return true;
}

}  // namespace

std::optional<ProgramRange> parse_program_range(std::string_view text) {
  ProgramRange out;
  const auto colon = text.find(':');
  const auto program = rpc::program_number(text.substr(0, colon));
  if (!program) return std::nullopt;
  out.program = *program;
  if (colon == std::string_view::npos) return out;
  std::string_view versions = text.substr(colon + 1);
  out.versions_stated = true;
  if (!read_version(versions, out.low)) return std::nullopt;
  out.high = out.low;
  if (versions.starts_with('-')) {
    versions.remove_prefix(1);
    if (!read_version(versions, out.high)) return std::nullopt;
  }
  if (!versions.empty() || out.high < out.low) return std::nullopt;
  return out;
}

std::string format_range(std::uint32_t program, std::uint32_t low, std::uint32_t high) {
  const std::string name = rpc::program_name(program);
  if (low == high) return name + " version " + std::to_string(low);
  return name + " versions " + std::to_string(low) + " to " + std::to_string(high);
}

}  // namespace gatehouse::config
