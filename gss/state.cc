#include "gss/state.h"

#include <array>

namespace gatehouse::gss {
namespace {

using enum Deed;
using Row = std::array<Cell, kEvents>;

// A row for each State, a column for each Event, both in the order of their enums. `next` of a deed that may fail
// (verify_destroy) is where it leads when it succeeds; failing changes nothing.
constexpr std::array<Row, kStates> kTable = {{
    // absent
    {{{State::nascent, accept, "every INIT begins a context of its own"},
      {State::absent, fail_init, "nothing here waits for a further token: one leg is all there is"},
      {State::absent, credproblem, "no such handle"},
      {State::absent, credproblem, "no such handle"},
      {State::absent, forget, "who asked for the context is gone: its key is wiped"},
      {State::absent, none, "who asked for the context is gone"},
      {State::absent, impossible, "nothing here can end"},
      {State::absent, impossible, "nothing here can be dropped"}}},
    // nascent
    {{{State::nascent, impossible, "an INIT names no handle: it meets absent"},
      {State::nascent, impossible, "its handle was not given out: a guess meets absent"},
      {State::nascent, impossible, "its handle was not given out: a guess meets absent"},
      {State::nascent, impossible, "its handle was not given out: a guess meets absent"},
      {State::established, establish, "the token proved the principal"},
      {State::absent, fail_init, "the token proved nothing"},
      {State::nascent, impossible, "it has no end yet: an acceptor that takes too long refuses"},
      {State::absent, forget, "who asked for the context is gone"}}},
    // established
    {{{State::established, impossible, "an INIT names no handle: it meets absent"},
      {State::established, fail_init, "it waits for no further token, and what proves nothing changes nothing"},
      {State::established, verify_data, "the ordinary call"},
      {State::absent, verify_destroy, "by its client, who proves it; then the context is freed"},
      {State::established, impossible, "the acceptor answers once"},
      {State::established, impossible, "the acceptor answers once"},
      {State::expired, none, "the next call is told so"},
      {State::absent, forget, "evicted, or its guest is gone"}}},
    // expired
    {{{State::expired, impossible, "an INIT names no handle: it meets absent"},
      {State::expired, fail_init, "it waits for no further token"},
      {State::expired, ctxproblem, "the client makes a new context"},
      {State::expired, ctxproblem, "the client makes a new context; this one is swept soon"},
      {State::expired, impossible, "the acceptor answers once"},
      {State::expired, impossible, "the acceptor answers once"},
      {State::expired, none, "the other of its two ends: the ticket's, the lifetime's"},
      {State::absent, forget, "swept, evicted, or its guest is gone"}}},
}};

constexpr std::array<std::string_view, kStates> kStateWords = {"absent", "nascent", "established", "expired"};
constexpr std::array<std::string_view, kEvents> kEventWords = {"INIT",     "CONTINUE_INIT", "DATA",  "DESTROY",
                                                               "accepted", "refused",       "lapse", "drop"};
constexpr std::array<std::string_view, 10> kDeedWords = {"impossible",  "accept",         "establish",   "fail_init",
                                                         "verify_data", "verify_destroy", "credproblem", "ctxproblem",
                                                         "none",        "forget"};

// What must hold of every table of this kind: a cell that cannot be reached leads nowhere, and each says why.
constexpr bool is_sound() {
  for (std::size_t s = 0; s < kStates; ++s)
    for (const Cell& c : kTable[s])
      if (c.why.empty() || (c.deed == impossible && c.next != static_cast<State>(s))) return false;
  return true;
}
static_assert(is_sound());

}  // namespace

const Cell& cell(State state, Event event) {
  return kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

std::string_view state_word(State s) {
  return kStateWords[static_cast<std::size_t>(s)];
}
std::string_view event_word(Event e) {
  return kEventWords[static_cast<std::size_t>(e)];
}
std::string_view deed_word(Deed d) {
  return kDeedWords[static_cast<std::size_t>(d)];
}

}  // namespace gatehouse::gss
