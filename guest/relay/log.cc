#include "guest/relay/log.h"

#include <syslog.h>
#include <unistd.h>

#include <ctime>

namespace gatehouse::guest::log {
namespace {

bool use_syslog = false;

const char* name_of(Level level) {
  switch (level) {
    case Level::error: return "error";
    case Level::warning: return "warning";
    case Level::info: return "info";
  }
  return "info";
}

std::string timestamp() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::localtime_r(&now.tv_sec, &parts);
  char date[32];
  char zone[8];
  const auto n = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.", &parts);
  const auto z = std::strftime(zone, sizeof zone, "%z", &parts);
  const std::string millis = std::to_string(1000 + now.tv_nsec / 1'000'000).substr(1);
  return std::string(date, n) + millis + std::string(zone, z);
}

}  // namespace

void to_syslog(const char* program) {
  ::openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
  use_syslog = true;
}

Line& Line::add(std::string_view key, std::string_view value) {
  const bool quoted = value.empty() || value.find(' ') != std::string_view::npos;
  text_.append(" ").append(key).append(quoted ? "=\"" : "=").append(value).append(quoted ? "\"" : "");
  return *this;
}

void Line::write() const {
  if (use_syslog) {
    ::syslog(static_cast<int>(level_), "%s", text_.c_str());
    return;
  }
  const std::string line = timestamp() + " level=" + name_of(level_) + ' ' + text_ + '\n';
  // Nobody is left to be told when standard error does not take it.
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

}  // namespace gatehouse::guest::log
