// What a check found.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gatehouse::doctor {

/// Result: what came of a check.
enum class Result : std::uint8_t {
  ok,
  warning,  ///< works, but not as safely or not for as long as it should
  problem,  ///< somebody is kept out who should not be, or let in who should not be
  unknown,  ///< cannot be told by this user, or from here
};

/// result_word: "ok", "warning", "problem" or "unknown".
std::string_view result_word(Result r);

/// Finding: one line of what was seen, and one of what to do. Both are single lines of printable ASCII.
struct Finding {
  std::string check;  ///< the check's id
  Result result = Result::unknown;
  std::string seen;
  std::string mend;  ///< empty: nothing to do
};

/// one_line: `text` with everything but printable ASCII as \xNN, cut at 1000 characters. Paths, names in keytabs and
/// what servers answer may hold anything.
std::string one_line(std::string_view text);

/// counted: "1 problem", "2 problems".
std::string counted(std::size_t n, std::string_view word);

/// kMostFindings: of one part of a check, beside those that are ok.
inline constexpr std::size_t kMostFindings = 20;

/// Findings: takes what one check finds and hands it on at once, so that nothing is lost when the check hangs later. Of
/// warnings, problems and unknowns the first kMostFindings go on, the rest are counted: a thousand guests with one
/// fault are no thousand lines.
class Findings {
 public:
  using Take = std::function<void(Finding)>;
  Findings(std::string_view check, Take take) : check_(check), take_(std::move(take)) {}

  void ok(std::string_view seen) { add(Result::ok, seen, {}); }
  void warning(std::string_view seen, std::string_view mend) { add(Result::warning, seen, mend); }
  void problem(std::string_view seen, std::string_view mend) { add(Result::problem, seen, mend); }
  void unknown(std::string_view seen, std::string_view mend) { add(Result::unknown, seen, mend); }
  void add(Result r, std::string_view seen, std::string_view mend);
  /// finish: says how many were left out; call once, at the end.
  void finish();

 private:
  std::string check_;
  Take take_;
  std::size_t faults_ = 0;
  std::size_t left_out_ = 0;
  Result worst_left_out_ = Result::unknown;
};

/// kMostNamed: of many guests, files or keys a finding names so many, and says how many more there are.
inline constexpr std::size_t kMostNamed = 5;

/// Names: a list for one line: "web1, web2, web3, web4, web5 and 95 more".
class Names {
 public:
  void add(std::string_view name);
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::string str() const;

 private:
  std::string named_;
  std::size_t count_ = 0;
};

}  // namespace gatehouse::doctor
