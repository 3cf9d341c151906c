// Without this every entry would say where in our source it was made.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/audit/sink.h"

namespace gatehouse::audit {
namespace {

constexpr const char* kSocket = "/run/systemd/journal/socket";

bool journal_there() {
  return ::access(kSocket, F_OK) == 0;
}

int priority(Kind k) {
  switch (k) {
    case Kind::lost: return LOG_ERR;
    case Kind::call_refused:
    case Kind::connection_refused:
    case Kind::connection_closed:
    case Kind::context_refused:
    case Kind::suppressed: return LOG_WARNING;
    default: return LOG_NOTICE;
  }
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number);
  std::string out;
  for (const std::uint32_t each : std::get<std::vector<std::uint32_t>>(value))
    out.append(out.empty() ? "" : " ").append(std::to_string(each));
  return out;
}

class JournalSink final : public Sink {
 public:
  Outcome write(const Line& line) override {
    // Without a socket libsystemd drops the entry and says that all is well.
    if (!journal_there()) return fail(ENOENT);
    std::vector<std::string> entry = {"MESSAGE=" + line.json, "PRIORITY=" + std::to_string(priority(line.kind)),
                                      "SYSLOG_IDENTIFIER=gatehoused"};
    // The entry has a time of its own, and this one is in the message.
    for (const auto& [name, value] : line.fields)
      if (name != "time") entry.push_back(journal_name(name) + '=' + text_of(value));
    std::vector<iovec> parts;
    for (std::string& part : entry) parts.push_back({part.data(), part.size()});
    const int result = ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
    return result < 0 ? fail(-result) : Outcome::written;
  }
  [[nodiscard]] std::string name() const override { return "journal"; }
  [[nodiscard]] std::string error() const override { return std::strerror(error_); }

 private:
  Outcome fail(int error) {
    error_ = error;
    const bool of_the_line = error == EINVAL || error == EMSGSIZE || error == E2BIG;
    return of_the_line ? Outcome::refused : Outcome::later;
  }

  int error_ = 0;
};

}  // namespace

std::unique_ptr<Sink> open_journal() {
  return journal_there() ? std::make_unique<JournalSink>() : nullptr;
}

std::string journal_name(std::string_view field) {
  static constexpr std::array<std::string_view, 5> kPlain = {"guest", "cid", "peer", "principal", "rule"};
  std::string out(std::ranges::find(kPlain, field) == kPlain.end() ? "GATEHOUSE_" : "");
  for (const char c : field) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

}  // namespace gatehouse::audit
