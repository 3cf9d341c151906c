// Questions to rpcbind: the lengths of the arguments decide whether they are answered, by a grammar written down apart
// from the reader; results are whole, and no address is in them that the guest's view does not have.
//
// An input is version, procedure and arguments.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "proxy/rpcbind/answer.h"
#include "proxy/rpcbind/uaddr.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::Bytes;
using rpcbind::Netid;
using rpcbind::Outcome;
using rpcbind::View;

constexpr std::uint32_t kNow = 1700000000;

// A letter a field: w a number, s a string of at most 255 bytes, n a netbuf. "!" is no procedure.
struct Shape {
  std::string_view args;
  std::string_view results;  // w, s; P: list of four numbers; D: list of wwsss; L: list of sswss; n
};
Shape shape(std::uint32_t version, std::uint32_t procedure) {
  if (version < 2 || version > 4) return {"!", ""};
  if (procedure == 0) return {"", ""};
  if (version == 2) return procedure == 3 ? Shape{"wwww", "w"} : procedure == 4 ? Shape{"", "P"} : Shape{"!", ""};
  switch (procedure) {
    case 3: return {"wwsss", "s"};
    case 4: return {"", "D"};
    case 6: return {"", "w"};
    case 7: return {"s", "n"};
    case 8: return {"n", "s"};
    case 9: return version == 4 ? Shape{"wwsss", "s"} : Shape{"!", ""};
    case 11: return version == 4 ? Shape{"wwsss", "L"} : Shape{"!", ""};
    default: return {"!", ""};
  }
}

std::uint32_t word(Bytes b, std::size_t at) {
  return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 | std::uint32_t{b[at + 2]} << 8 | b[at + 3];
}

// Whether the fields, and nothing else, stand there.
bool stands(std::string_view fields, Bytes b, std::size_t& at) {
  const auto opaque = [&](std::size_t most) {
    if (b.size() - at < 4) return false;
    const std::size_t n = word(b, at);
    if (n > most || b.size() - at - 4 < rpc::padded(n)) return false;
    at += 4 + rpc::padded(n);
    return true;
  };
  const auto list = [&](std::string_view entry) {
    while (b.size() - at >= 4 && word(b, at) == 1) {
      at += 4;
      if (!stands(entry, b, at)) return false;
    }
    return stands("w", b, at) && word(b, at - 4) == 0;
  };
  for (const char c : fields) {
    bool good = false;
    switch (c) {
      case 'w':
        good = b.size() - at >= 4;
        at += good ? 4 : 0;
        break;
      case 's': good = opaque(255); break;
      case 'n':
        if (b.size() - at < 4) return false;
        at += 4;
        good = opaque(std::min<std::size_t>(word(b, at - 4), 128));
        break;
      case 'P': good = list("wwww"); break;
      case 'D': good = list("wwsss"); break;
      case 'L': good = list("sswss"); break;
      default: break;
    }
    if (!good) return false;
  }
  return true;
}

const std::array<View, 3>& views() {
  static const std::array<View, 3> kViews = [] {
    std::array<View, 3> v{View(Netid::vsockc), View(Netid::tcp6), View(Netid::local)};
    for (View& each : v) {
      each.add({100000, 2, 4}, {Netid::vsockc, "2.111", 111});
      each.add({100003, 3, 4}, {Netid::vsockc, "2.2049", 2049});
      each.add({100005, 1, 3}, {Netid::vsockc, "2.70000", 70000});
      each.add({100005, 3, 3}, {Netid::tcp, "127.0.0.1.78.80", 20048});
      each.add({100003, 0, 0xffffffff}, {Netid::tcp6, "fe80::1.8.1", 2049});
      each.add({100227, 3, 3}, {Netid::local, "/run/nfs.sock", 0});
    }
    return v;
  }();
  return kViews;
}

// An address of the view, or where the relay stands for one.
bool shown(const View& view, std::string_view address) {
  if (address.empty()) return true;
  return std::ranges::any_of(view.entries(), [&](const rpcbind::Entry& e) {
    const bool relayed = e.address.port <= 65535 && view.asked_over() == Netid::vsockc;
    return e.address.uaddr == address ||
           (relayed &&
            rpcbind::format_inet_uaddr("127.0.0.1", static_cast<std::uint16_t>(e.address.port)).view() == address);
  });
}

void ask(const View& view, std::uint32_t version, std::uint32_t procedure, Bytes args) {
  static std::array<std::uint8_t, rpcbind::kMaxAnswer> room;
  const rpcbind::Answer a = rpcbind::answer(view, version, procedure, args, kNow, room);
  const Shape s = shape(version, procedure);
  std::size_t at = 0;
  const bool good = s.args != "!" && stands(s.args, args, at) && at == args.size();
  const Outcome wanted = s.args == "!" ? Outcome::no_procedure : good ? Outcome::answered : Outcome::bad_arguments;
  expect(a.outcome == wanted, "the lengths decide");
  if (a.outcome != Outcome::answered) return expect(a.results.empty(), "no answer, no results");
  expect(fuzz::inside(a.results, room), "results lie in their room");
  at = 0;
  expect(stands(s.results, a.results, at) && at == a.results.size(), "results have their form");
  const std::string_view text(reinterpret_cast<const char*>(a.results.data()), a.results.size());
  expect(text.find("vsockd") == std::string_view::npos, "vsockd is never listed");
  if (s.args == "wwsss" && s.results == "s")
    expect(shown(view, rpc::XdrReader(a.results).text(255)), "an address of the view and no other");
  if (s.results == "n" && a.results.size() > 8)
    expect(rpcbind::parse_vsock_taddr(a.results.subspan(8)).has_value(), "a transport address reads back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  const Bytes in(data, size);
  const Bytes args = in.subspan(8);
  fuzz::Dice dice(in);
  for (const View& view : views()) {
    ask(view, word(in, 0), word(in, 4), args);
    ask(view, word(in, 0), word(in, 4), args.first(dice.below(args.size() + 1)));
    for (const std::uint32_t procedure : {3U, 7U, 8U, 9U, 11U}) ask(view, 4, procedure, args);
  }
  return 0;
}
