#include "proxy/ctl/doctor/doctor.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "proxy/ctl/doctor/checks.h"
#include "proxy/ctl/doctor/run.h"
#include "proxy/ctl/exit_status.h"

namespace gatehouse::doctor {
namespace {

constexpr std::size_t kWidth = 15;  // of the longest id and a blank

std::string padded(std::string_view word, std::size_t width) {
  return std::string(word) + std::string(word.size() < width ? width - word.size() : 1, ' ');
}

}  // namespace

std::string text(std::span<const Finding> findings) {
  std::string out;
  std::array<std::size_t, 4> counts{};
  for (const Finding& f : findings) {
    ++counts[static_cast<std::size_t>(f.result)];
    out += padded(result_word(f.result), 9) + padded(f.check, kWidth) + f.seen + '\n';
    if (!f.mend.empty()) out += std::string(9 + kWidth, ' ') + "-> " + f.mend + '\n';
  }
  const auto count = [&](Result r) { return counts[static_cast<std::size_t>(r)]; };
  return out + counted(count(Result::problem), "problem") + ", " + counted(count(Result::warning), "warning") + ", " +
         std::to_string(count(Result::unknown)) + " unknown, " + std::to_string(count(Result::ok)) + " ok\n";
}

std::string json(std::span<const Finding> findings) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Finding& f : findings)
    out.push_back({{"check", f.check},
                   {"result", result_word(f.result)},
                   {"seen", f.seen},
                   {"mend", f.mend.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(f.mend)}});
  return out.dump(2) + '\n';
}

std::string check_list() {
  std::string out = "Checks:\n";
  for (const Check& c : checks()) out += "  " + padded(c.id, kWidth) + std::string(c.what) + '\n';
  return out;
}

Report examine(const std::string& file, const std::string& user, bool as_json) {
  Exam exam;
  exam.file = file;
  exam.unit = read_unit(exam.host);
  exam.user = user;
  auto conf = config::load(file);
  if (conf)
    exam.conf = *std::move(conf);
  else
    exam.problems = std::move(conf.error());
  const std::vector<Finding> findings = run_checks(checks(), exam, kPatience);
  const bool faulty = std::ranges::any_of(findings, [](const Finding& f) { return f.result == Result::problem; });
  return {as_json ? json(findings) : text(findings), !exam.conf ? ctl::kError : faulty ? ctl::kRefused : ctl::kDone};
}

}  // namespace gatehouse::doctor
