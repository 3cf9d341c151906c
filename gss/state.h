// What may happen to a context, and what is done about it: one table.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::gss {

/// State: of a context as the gateway knows it under a handle.
enum class State : std::uint8_t {
  absent,       ///< no such handle: never given out, another guest's, destroyed or evicted
  nascent,      ///< an INIT whose token is with the acceptor; nobody has its handle yet
  established,  ///< has a key
  expired,      ///< has a key, but the ticket or the lifetime ended
};
inline constexpr std::size_t kStates = 4;

/// Event: a message of the client, the acceptor's answer, or time.
enum class Event : std::uint8_t {
  init,
  continue_init,
  data,
  destroy,
  accepted,  ///< the acceptor took the token
  refused,   ///< the acceptor refused it, wanted another leg, or gave no answer in time
  lapse,     ///< the ticket or the lifetime ends
  drop,      ///< evicted, swept, or its guest is gone
};
inline constexpr std::size_t kEvents = 8;

/// Deed: what is done. `impossible`: the cell cannot be reached, and why stands in the table beside it.
enum class Deed : std::uint8_t {
  impossible,
  accept,       ///< give the token to the acceptor
  establish,    ///< send the handle with success
  fail_init,    ///< answer the creation request in the RFC's shape: success, empty handle and token, majors filled
  verify_data,  ///< MIC, MAXSEQ, window, policy, body
  verify_destroy,
  credproblem,
  ctxproblem,
  none,    ///< only the state changes
  forget,  ///< the context is freed
};

struct Cell {
  State next;
  Deed deed;
  std::string_view why;
};

/// cell: the row and column of the table; never fails.
const Cell& cell(State state, Event event);

std::string_view state_word(State s);
std::string_view event_word(Event e);
std::string_view deed_word(Deed d);

}  // namespace gatehouse::gss
