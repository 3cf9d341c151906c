// Arguments of NFSv4 COMPOUNDs: those are state operations alone that a grammar, written down apart from the parser,
// says are; and of what is taken nothing can be left out, added, or exchanged for another operation.
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "proxy/policy/decide.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using policy::only_state_operations;
using rpc::Bytes;

/// Position: the offset behind what was recognized; nothing: it was not.
using Position = std::optional<std::size_t>;

Position fixed(Bytes in, std::size_t at, std::size_t n) {
  return at <= in.size() && n <= in.size() - at ? Position(at + n) : std::nullopt;
}
std::optional<std::uint32_t> word(Bytes in, std::size_t at) {
  if (!fixed(in, at, 4)) return std::nullopt;
  return std::uint32_t{in[at]} << 24 | std::uint32_t{in[at + 1]} << 16 | std::uint32_t{in[at + 2]} << 8 | in[at + 3];
}
Position opaque(Bytes in, std::size_t at, std::size_t most) {
  const auto n = word(in, at);
  return n && *n <= most ? fixed(in, at + 4, rpc::padded(*n)) : std::nullopt;
}
Position word_among(Bytes in, std::size_t at, std::initializer_list<std::uint32_t> values) {
  const auto n = word(in, at);
  return n && std::ranges::find(values, *n) != values.end() ? Position(at + 4) : std::nullopt;
}

Position shape(std::string_view text, Bytes in, Position at);

Position array(std::string_view element, Bytes in, std::size_t at, std::size_t most) {
  const auto n = word(in, at);
  if (!n || *n > most) return std::nullopt;
  Position p = at + 4;
  for (std::uint32_t i = 0; i < *n && p; ++i) p = shape(element, in, p);
  return p;
}

// The arm of a union by its discriminant; an empty text: void. Not among them: none.
Position arm(Bytes in, std::size_t at, std::initializer_list<std::pair<std::uint32_t, std::string_view>> arms) {
  const auto n = word(in, at);
  for (const auto& [value, text] : arms)
    if (n && *n == value) return shape(text, in, at + 4);
  return std::nullopt;
}

// A bitmap of attributes: lease_time and none besides.
Position lease_time(Bytes in, std::size_t at) {
  const auto n = word(in, at);
  Position p = n && *n > 0 ? word_among(in, at + 4, {0x400}) : std::nullopt;
  for (std::uint32_t i = 1; n && i < *n && p; ++i) p = word_among(in, *p, {0});
  return p;
}

constexpr std::size_t kAny = 0xffffffffU;

// What one letter of the grammar stands for.
Position letter(char c, Bytes in, std::size_t at) {
  switch (c) {
    case 'w': return fixed(in, at, 4);
    case 'l': return fixed(in, at, 8);   // a client id, a verifier
    case 's': return fixed(in, at, 16);  // a session id
    case 't': return fixed(in, at, 12);  // a time
    case '?': return word_among(in, at, {0, 1});
    case 'd': return word_among(in, at, {1, 2, 3, 7});
    case 'v': return word_among(in, at, {1, 2, 3});
    case 'o': return opaque(in, at, kAny);
    case 'O': return opaque(in, at, 1024);
    case 'M': return opaque(in, at, 255);
    case 'b': return array("w", in, at, kAny);
    case 'a': return array("o", in, at, kAny);
    case 'g': return array("w", in, at, 16);
    case 'r': return array("w", in, at, 1);
    case 'i': return array("oot", in, at, 1);
    case 'L': return lease_time(in, at);
    case 'p': return arm(in, at, {{0, ""}, {1, "bb"}, {2, "bbaaww"}});
    case 'c': return array("f", in, at, kAny);
    case 'f': return arm(in, at, {{0, ""}, {1, "wMwwg"}, {6, "voo"}});
    default: return std::nullopt;
  }
}

Position shape(std::string_view text, Bytes in, Position at) {
  for (const char c : text)
    if (at) at = letter(c, in, *at);
  return at;
}

// The arguments of `op`, which stands behind `before`: PUTROOTFH and GETATTR of the lease time come as a pair.
std::string_view grammar(std::uint32_t minor, std::uint32_t before, std::uint32_t op) {
  if (op == 9 || before == 24) return op == 9 && before == 24 ? "L" : "!";
  if (op == 24) return "";
  if (minor == 0) return op == 30 ? "l" : op == 35 ? "lOwoow" : op == 36 ? "ll" : "!";
  switch (op) {
    case 41: return "sd?";
    case 42: return "lOwpi";
    case 43: return "lwwwwwwwwrwwwwwwrwc";
    case 44: return "s";
    case 53: return "swww?";
    case 57: return "l";
    case 58: return "?";
    default: return "!";
  }
}

bool state_operations(Bytes in) {
  Position at = opaque(in, 0, kAny);
  const auto minor = at ? word(in, *at) : std::nullopt;
  const auto count = at ? word(in, *at + 4) : std::nullopt;
  if (!minor || *minor > 2 || !count || *count == 0) return false;
  at = *at + 8;
  std::uint32_t before = 0;
  for (std::uint32_t i = 0; i < *count && at; ++i) {
    const auto op = word(in, *at);
    at = op ? shape(grammar(*minor, before, *op), in, *at + 4) : std::nullopt;
    before = op.value_or(0);
  }
  return at == in.size() && before != 24;
}

void put_word(std::vector<std::uint8_t>& out, std::size_t at, std::uint32_t n) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes args(data, size);
  const bool taken = only_state_operations(args);
  expect(taken == state_operations(args), "the grammar decides");
  if (!taken) return 0;
  const std::size_t count_at = *opaque(args, 0, kAny) + 4;
  const std::uint32_t count = *word(args, count_at);
  std::vector<std::uint8_t> other(args.begin(), args.end());
  expect(!only_state_operations(Bytes(other).first(size - 4)), "the last word is needed");
  fuzz::Dice dice(args);
  expect(!only_state_operations(Bytes(other).first(dice.below(size))), "all of it is needed");
  put_word(other, count_at, count + 1);
  expect(!only_state_operations(other), "as many operations as are counted");
  other.resize(size + 4);
  put_word(other, size, 24);
  expect(!only_state_operations(other), "PUTROOTFH behind them makes an ordinary COMPOUND");
  put_word(other, count_at, count);
  expect(!only_state_operations(other), "nothing may follow");
  return 0;
}
