#include "proxy/log/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace gatehouse::log {
namespace {

constexpr std::size_t kMaxValue = 256;

spdlog::level::level_enum to_spdlog(Level l) {
  switch (l) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool plain(char c) {
  return (c > ' ' && c < 0x7f) && c != '"' && c != '\\' && c != '=';
}

}  // namespace

void init(Level level) {
  auto logger = spdlog::stderr_logger_mt("gatehouse");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
  logger->set_level(to_spdlog(level));
  spdlog::set_default_logger(std::move(logger));
}

std::string escaped(std::string_view text) {
  const bool cut = text.size() > kMaxValue;
  text = text.substr(0, kMaxValue);
  if (!cut && !text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == ' ' || c == '=' || plain(c)) {
      out += c;
    } else if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else {
      const auto u = static_cast<unsigned char>(c);
      out.append({'\\', 'x', kHex[u >> 4], kHex[u & 15]});
    }
  }
  return out.append(cut ? "...\"" : "\"");
}

void Line::write() const {
  spdlog::log(to_spdlog(level_), "{}", text_);
}

}  // namespace gatehouse::log
