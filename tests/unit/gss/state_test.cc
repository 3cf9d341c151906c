// The table of states, cell by cell, and the document that is made from it.
#include "gss/state.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/catch.h"

using namespace gatehouse::gss;

namespace {

constexpr const char* kDocument = GATEHOUSE_SOURCE_DIR "/docs/design/gss-states.md";
constexpr const char* kMark = "<!-- From here on made from the table in gss/state.cc by unit_tests. -->\n";

State state(std::size_t i) {
  return static_cast<State>(i);
}
Event event(std::size_t i) {
  return static_cast<Event>(i);
}

// Calls `visit` with every state, event and cell.
template <typename Visit>
void walk(Visit visit) {
  for (std::size_t s = 0; s < kStates; ++s)
    for (std::size_t e = 0; e < kEvents; ++e) visit(state(s), event(e), cell(state(s), event(e)));
}

std::string diagram() {
  std::ostringstream out;
  out << "```mermaid\nstateDiagram-v2\n  direction LR\n  [*] --> absent\n";
  walk([&out](State s, Event e, const Cell& c) {
    if (c.deed == Deed::impossible) return;
    out << "  " << state_word(s) << " --> " << state_word(c.next) << ": " << event_word(e) << " / " << deed_word(c.deed)
        << "\n";
  });
  out << "```\n";
  return out.str();
}

std::string table() {
  std::ostringstream out;
  out << "| state | event | deed | then | why |\n|---|---|---|---|---|\n";
  walk([&out](State s, Event e, const Cell& c) {
    out << "| " << state_word(s) << " | " << event_word(e) << " | " << deed_word(c.deed) << " | "
        << (c.deed == Deed::impossible ? "" : state_word(c.next)) << " | " << c.why << " |\n";
  });
  return out.str();
}

std::string document() {
  std::ifstream in(kDocument);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the table of states says what to do in every cell, and why [G1]") {
  std::size_t impossible = 0;
  walk([&impossible](State s, Event e, const Cell& c) {
    INFO(state_word(s) << ", " << event_word(e));
    CHECK_FALSE(c.why.empty());
    CHECK_FALSE(deed_word(c.deed).empty());
    CHECK(static_cast<std::size_t>(c.next) < kStates);
    if (c.deed == Deed::impossible) {
      CHECK(c.next == s);
      ++impossible;
    }
  });
  // A cell that becomes possible, or stops to be, is a decision: it is made here too.
  CHECK(impossible == 13);
}

TEST_CASE("no message meets an impossible cell but an INIT of a context that exists, which no message names [G1]") {
  for (const State s : {State::absent, State::established, State::expired})
    for (const Event e : {Event::init, Event::continue_init, Event::data, Event::destroy}) {
      INFO(state_word(s) << ", " << event_word(e));
      CHECK((cell(s, e).deed == Deed::impossible) == (e == Event::init && s != State::absent));
    }
  // Nobody has the handle of a nascent context: only the acceptor and the end of its session reach it.
  for (const Event e : {Event::init, Event::continue_init, Event::data, Event::destroy})
    CHECK(cell(State::nascent, e).deed == Deed::impossible);
}

TEST_CASE("what proves nothing changes no state: only DESTROY, and that only after its checks, ends a context [G1]") {
  for (const State s : {State::established, State::expired})
    for (const Event e : {Event::init, Event::continue_init, Event::data}) CHECK(cell(s, e).next == s);
  CHECK(cell(State::established, Event::destroy).deed == Deed::verify_destroy);
  CHECK(cell(State::established, Event::destroy).next == State::absent);
  CHECK(cell(State::expired, Event::destroy).next == State::expired);
}

TEST_CASE("a creation request is answered in the shape of a failed creation, never with a problem of RFC 2203 [G1]") {
  walk([](State s, Event e, const Cell& c) {
    if (e != Event::init && e != Event::continue_init) return;
    INFO(state_word(s) << ", " << event_word(e));
    CHECK((c.deed == Deed::accept || c.deed == Deed::fail_init || c.deed == Deed::impossible));
  });
}

TEST_CASE("every state is reached from absent, and every context can go [G1]") {
  bool reached[kStates] = {true};
  for (std::size_t round = 0; round < kStates; ++round)
    walk([&reached](State s, Event, const Cell& c) {
      if (reached[static_cast<std::size_t>(s)] && c.deed != Deed::impossible)
        reached[static_cast<std::size_t>(c.next)] = true;
    });
  for (std::size_t s = 0; s < kStates; ++s) CHECK(reached[s]);
  for (const State s : {State::nascent, State::established, State::expired}) {
    CHECK(cell(s, Event::drop).deed == Deed::forget);
    CHECK(cell(s, Event::drop).next == State::absent);
  }
}

TEST_CASE("docs/design/gss-states.md is what the table says; GATEHOUSE_WRITE_DOCS=1 unit_tests renews it [G1]") {
  const std::string made = kMark + std::string("\n") + diagram() + "\n" + table();
  const std::string is = document();
  const std::size_t at = is.find(kMark);
  REQUIRE(at != std::string::npos);
  if (std::getenv("GATEHOUSE_WRITE_DOCS") != nullptr) std::ofstream(kDocument) << is.substr(0, at) + made;
  CHECK(document().substr(at) == made);
}
