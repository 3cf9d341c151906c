// The operations of NFSv4.0, 4.1 and 4.2 with the shapes of their arguments and results: RFC 7530 section 16, RFC 8881
// section 18, RFC 7862 section 15, RFC 8276 section 8; of callbacks RFC 8881 section 20, RFC 7862 section 16.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>

#include "proxy/nfs/field.h"

namespace gatehouse::nfs {

inline constexpr std::uint32_t kFirstOperation = 3;
inline constexpr std::uint32_t kLastOperation = 75;
inline constexpr std::uint32_t kLastCallback = 15;
inline constexpr std::uint32_t kIllegal = 10044;  // OP_ILLEGAL and OP_CB_ILLEGAL
inline constexpr std::uint32_t kLastMinor = 2;

/// Message: the four messages that are COMPOUNDs.
enum class Message : std::uint8_t { call, reply, callback, callback_reply };

/// is_reply: whether the message holds results.
constexpr bool is_reply(Message m) {
  return m == Message::reply || m == Message::callback_reply;
}

/// arguments_of, results_of, callback_arguments_of, callback_results_of: the shape of operation `number`; null when
/// there is no such operation. Results begin with the status.
const Shape* arguments_of(std::uint32_t number);
const Shape* results_of(std::uint32_t number);
const Shape* callback_arguments_of(std::uint32_t number);
const Shape* callback_results_of(std::uint32_t number);

/// results_hold: the operations whose results, in 4.1 and later, have something in them that the rules may change
/// besides file handles: one bit each, as Facts::seen.
std::array<std::uint64_t, 2> results_hold();

/// first_minor: the minor version that brought the operation. One that a later minor version took away is still read
/// there: a server may, too.
constexpr std::uint32_t first_minor(std::uint32_t number) {
  return number < 40 ? 0 : number < 59 ? 1 : 2;
}
constexpr std::uint32_t first_callback_minor(std::uint32_t number) {
  return number < 5 ? 0 : number < 15 ? 1 : 2;
}

/// kDepth: how deep the bodies of the tables nest, an operation's own fields included.
inline constexpr int kDepth = 4;

/// deepest: the nesting of a shape, for checks at compile time.
consteval int deepest(const Field* first, std::size_t count) {
  if (count == 0) return 0;
  int most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Field& f = first[i];
    const bool arms = f.kind == Kind::choice;
    for (std::size_t a = 0; a < (arms ? f.count : 1); ++a) {
      const int inner = arms ? deepest(f.arms[a].body, f.arms[a].count) : deepest(f.body, f.count);
      most = inner > most ? inner : most;
    }
  }
  return most + 1;
}
template <std::size_t N>
consteval bool shallow(const Shape (&shapes)[N]) {
  for (const Shape& s : shapes)
    if (deepest(s.first, s.count) > kDepth) return false;
  return true;
}

}  // namespace gatehouse::nfs
