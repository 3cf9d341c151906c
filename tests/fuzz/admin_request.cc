// Requests of admin clients: any line is a request with what its command needs, or is refused in one line of text.
#include "proxy/admin/request.h"

#include <algorithm>
#include <string_view>

#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using admin::Command;
using fuzz::expect;

void check_request(const admin::Request& r, std::string_view line) {
  expect(line.find("command") != std::string_view::npos || line.find('\\') != std::string_view::npos,
         "a command is stated");
  expect(
      line.find(admin::command_word(r.command)) != std::string_view::npos || line.find('\\') != std::string_view::npos,
      "the command is the one that was stated");
  for (const auto* text : {&r.guest, &r.principal, &r.level})
    expect(!*text || (*text)->size() <= line.size(), "no text is longer than what was sent");
  expect(r.count != 0U && r.for_ms != 0U, "counts and times are 1 or more");
  expect(r.command != Command::trace || r.guest, "a trace has a guest");
  expect(r.command != Command::evict || r.guest || r.session || r.principal, "an eviction says of what");
  expect(!r.undo || (r.command == Command::drain && r.guest), "only a guest's drain is undone");
  const bool shows = r.command == Command::status || r.command == Command::guests || r.command == Command::sessions ||
                     r.command == Command::contexts || (r.command == Command::log_level && !r.level);
  expect(admin::needed(r) == (shows ? admin::Rights::read : admin::Rights::write),
         "what changes takes the right to write");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto request = admin::parse_request(line);
  if (request) {
    check_request(*request, line);
    return 0;
  }
  expect(request.error().code == admin::Code::bad_request, "a refusal of a line is of its form");
  expect(!request.error().text.empty(), "a refusal says why");
  expect(std::ranges::none_of(request.error().text,
                              [](char c) { return c == '\n' || c == '\r' || c == '\x1b' || c == 0; }),
         "a refusal is one line without control characters");
  expect(request.error().text.size() < 600, "a refusal does not repeat what was sent");
  return 0;
}
