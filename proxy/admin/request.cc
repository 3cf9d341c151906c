#include "proxy/admin/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/log/log.h"

namespace gatehouse::admin {
namespace {

enum Key : unsigned { kGuest = 1, kSession = 2, kPrincipal = 4, kUndo = 8, kLevel = 16, kCount = 32, kFor = 64 };

struct Spec {
  std::string_view word;
  Command command;
  unsigned keys;
};
constexpr Spec kSpecs[] = {{"status", Command::status, 0},
                           {"guests", Command::guests, 0},
                           {"sessions", Command::sessions, kGuest},
                           {"contexts", Command::contexts, kGuest},
                           {"evict", Command::evict, kGuest | kSession | kPrincipal},
                           {"drain", Command::drain, kGuest | kUndo},
                           {"reload", Command::reload, 0},
                           {"log-level", Command::log_level, kLevel},
                           {"trace", Command::trace, kGuest | kCount | kFor}};

constexpr std::pair<std::string_view, Key> kKeys[] = {
    {"guest", kGuest}, {"session", kSession}, {"principal", kPrincipal}, {"undo", kUndo},
    {"level", kLevel}, {"count", kCount},     {"for_ms", kFor}};

// Takes the members of one flat object, and stops at anything else: nothing of a client is ever built into a tree.
// nlohmann's parser behind it does not recurse and, told so, does not throw.
class Reader {
 public:
  Request out;
  std::string word;  ///< the command's
  bool there = false;
  unsigned stated = 0;
  std::string wrong;  ///< empty: nothing yet

  bool null() { return fail(name() + " is null: leave out what is not stated"); }
  bool boolean(bool b) {
    if (now_ != kUndo) return wrong_type("true or false");
    out.undo = b;
    return true;
  }
  bool number_integer(std::int64_t) { return fail(name() + " is below zero"); }
  bool number_unsigned(std::uint64_t n) {
    switch (now_) {
      case kSession: out.session = n; return true;
      case kCount: out.count = n; break;
      case kFor: out.for_ms = n; break;
      default: return wrong_type("a number");
    }
    return n > 0 || fail(name() + " is 0: state 1 or more");
  }
  bool number_float(double, const std::string&) { return fail(name() + " is no whole number of 64 bits"); }
  bool string(std::string& s) {
    if (in_command_) {
      word = s;
      return true;
    }
    switch (now_) {
      case kGuest: out.guest = s; return true;
      case kPrincipal: out.principal = s; return true;
      case kLevel: out.level = s; return true;
      default: return wrong_type("a string");
    }
  }
  bool binary(std::vector<std::uint8_t>&) { return wrong_type("binary"); }
  bool start_object(std::size_t) {
    if (open_) return fail(name() + " is an object: a request is flat");
    return open_ = true;
  }
  bool end_object() { return true; }
  bool start_array(std::size_t) {
    return fail(name() + " is a list: a request is one object, with strings, numbers and booleans");
  }
  bool end_array() { return false; }
  bool key(std::string& k) {
    in_command_ = k == "command";
    now_ = {};
    if (in_command_) {
      if (there) return fail("command is stated twice");
      return there = true;
    }
    const auto* at = std::ranges::find(kKeys, std::string_view(k), &std::pair<std::string_view, Key>::first);
    if (at == std::end(kKeys)) return fail("there is no key " + log::escaped(k));
    now_ = at->second;
    if ((stated & now_) != 0) return fail(k + " is stated twice");
    stated |= now_;
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) {
    return fail("this is no JSON from byte " + std::to_string(at) + " on");
  }

 private:
  [[nodiscard]] std::string name() const {
    if (!open_) return "the request";
    if (in_command_) return "command";
    for (const auto& [text, key] : kKeys)
      if (key == now_) return std::string(text);
    return "the value";
  }
  bool fail(std::string text) {
    if (wrong.empty()) wrong = std::move(text);
    return false;
  }
  bool wrong_type(const std::string& found) {
    if (!open_) return fail("a request is one JSON object, and this is " + found);
    const bool text = in_command_ || now_ == kGuest || now_ == kPrincipal || now_ == kLevel;
    return fail(name() + " is " + found + ": it takes " +
                (text            ? "a string"
                 : now_ == kUndo ? "true or false"
                                 : "a number"));
  }

  bool open_ = false;
  bool in_command_ = false;
  Key now_ = {};
};

std::unexpected<Refusal> bad(std::string text) {
  return std::unexpected(Refusal{Code::bad_request, std::move(text)});
}

// What a command needs besides the right keys; empty: nothing.
std::string missing(const Request& r) {
  if (r.command == Command::evict && !r.guest && !r.session && !r.principal)
    return "evict takes a guest, a session or a principal";
  if (r.command == Command::evict && r.session && (r.guest || r.principal))
    return "evict takes a session alone: its number is the only one";
  if (r.command == Command::drain && r.undo && !r.guest)
    return "undo takes a guest: a daemon that ends does not come back";
  if (r.command == Command::trace && !r.guest) return "trace takes a guest";
  return {};
}

}  // namespace

std::expected<Request, Refusal> parse_request(std::string_view line) {
  // nlohmann's parser takes a NUL for the end, and believes what stands before.
  if (line.find('\0') != std::string_view::npos) return bad("this is no JSON: there is a NUL in it");
  Reader reader;
  const bool whole = nlohmann::json::sax_parse(line.begin(), line.end(), &reader);
  if (!whole) return bad(reader.wrong.empty() ? "this is no JSON" : std::move(reader.wrong));
  if (!reader.there) return bad("there is no command");
  const auto* spec = std::ranges::find(kSpecs, std::string_view(reader.word), &Spec::word);
  if (spec == std::end(kSpecs)) return bad("there is no command " + log::escaped(reader.word));
  for (const auto& [text, key] : kKeys)
    if ((reader.stated & key & ~spec->keys) != 0) return bad(reader.word + " does not take " + std::string(text));
  reader.out.command = spec->command;
  if (std::string text = missing(reader.out); !text.empty()) return bad(std::move(text));
  return std::move(reader.out);
}

Rights needed(const Request& r) {
  switch (r.command) {
    case Command::status:
    case Command::guests:
    case Command::sessions:
    case Command::contexts: return Rights::read;
    case Command::log_level: return r.level ? Rights::write : Rights::read;
    case Command::evict:
    case Command::drain:
    case Command::reload:
    case Command::trace: return Rights::write;
  }
  return Rights::write;
}

std::string_view command_word(Command c) {
  return std::ranges::find(kSpecs, c, &Spec::command)->word;
}

std::string_view code_word(Code c) {
  switch (c) {
    case Code::bad_request: return "bad-request";
    case Code::too_long: return "too-long";
    case Code::not_permitted: return "not-permitted";
    case Code::not_found: return "not-found";
    case Code::refused: return "refused";
    case Code::busy: return "busy";
    case Code::timed_out: return "timed-out";
  }
  return "failed";
}

}  // namespace gatehouse::admin
