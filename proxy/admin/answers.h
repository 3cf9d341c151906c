// Answers as lines of JSON.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "proxy/admin/control.h"

namespace gatehouse::admin {

/// Answer: the lines of one answer, made as the client takes them: rows, {"row": ...}, and last one {"done": ...} or
/// {"error": ...}. Belongs to one thread at a time.
class Answer {
 public:
  virtual ~Answer() = default;
  /// next: appends the next line with its newline. False: it was the last.
  virtual bool next(std::string& out) = 0;
};

/// answer: of each kind of result; a list is rows, and {"done": {"rows": N}}.
template <class T>
std::unique_ptr<Answer> answer(std::expected<T, Refusal> result);
/// refusal: {"error": {"code", "text", "problems"}}.
std::unique_ptr<Answer> refusal(Refusal why);
/// refusal_line: the same as one line, for who is not served.
std::string refusal_line(const Refusal& why);

/// trace_row: a call that passed.
std::string trace_row(const runtime::TraceRecord& r, const std::string& guest);
/// dropped_row: so many calls are missing here.
std::string dropped_row(std::uint64_t dropped);
/// trace_done: how a trace ended.
std::unique_ptr<Answer> trace_done(std::uint64_t calls, std::uint64_t dropped);

}  // namespace gatehouse::admin
