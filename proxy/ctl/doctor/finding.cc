#include "proxy/ctl/doctor/finding.h"

#include <array>

namespace gatehouse::doctor {

std::string_view result_word(Result r) {
  constexpr std::array<std::string_view, 4> kWords = {"ok", "warning", "problem", "unknown"};
  return kWords[static_cast<std::size_t>(r)];
}

std::string one_line(std::string_view text) {
  constexpr std::size_t kLongest = 1000;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f)
      out += c;
    else
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    if (out.size() > kLongest) return out.substr(0, kLongest) + "...";
  }
  return out;
}

std::string counted(std::size_t n, std::string_view word) {
  return std::to_string(n) + ' ' + std::string(word) + (n == 1 ? "" : "s");
}

void Findings::add(Result r, std::string_view seen, std::string_view mend) {
  if (r == Result::ok || ++faults_ <= kMostFindings) return take_({check_, r, one_line(seen), one_line(mend)});
  ++left_out_;
  if (worst_left_out_ == Result::unknown || r == Result::problem) worst_left_out_ = r;
}

void Findings::finish() {
  if (left_out_ == 0) return;
  take_({check_, worst_left_out_, "and " + std::to_string(left_out_) + " more like these",
         "mend those above, and look again"});
}

void Names::add(std::string_view name) {
  if (++count_ > kMostNamed) return;
  if (count_ > 1) named_ += ", ";
  named_ += name;
}

std::string Names::str() const {
  return count_ <= kMostNamed ? named_ : named_ + " and " + std::to_string(count_ - kMostNamed) + " more";
}

}  // namespace gatehouse::doctor
