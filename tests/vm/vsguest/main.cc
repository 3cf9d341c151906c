// vsguest: a virtual machine without one. It plays the driver's side of /dev/vhost-vsock, so that a kernel's AF_VSOCK
// has a peer with any CID from 3 on and any source port. Runs inside QEMU only: the machine that tests have no such
// device, and must not.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/bench/args.h"
#include "tests/vm/vsguest/machine.h"

namespace {

using gatehouse::bench::Args;
using gatehouse::vsguest::Machine;

constexpr std::string_view usage =
    "usage: vsguest --cid CID [--window BYTES] [--relay ADDRESS=HOST-PORT]... [--serve PORT=ADDRESS]...\n"
    "               [--flood COUNT=HOST-PORT] [--forge CID=HOST-PORT]\n"
    "ADDRESS is tcp:A.B.C.D:PORT or unix:PATH. --window 0 never lets the host send.\n";

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "vsguest: %s\n%s", why.c_str(), std::string(usage).c_str());
  std::exit(2);
}

template <typename T>
T must(std::expected<T, std::string> result) {
  if (!result) die(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// halves splits LEFT=RIGHT at the last "=".
std::pair<std::string, std::string> halves(const std::string& text) {
  const std::size_t at = text.rfind('=');
  if (at == std::string::npos) die("'" + text + "' has no '='");
  return {text.substr(0, at), text.substr(at + 1)};
}

std::uint32_t number(const std::string& text) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value > 0xffffffffUL) die("'" + text + "' is no number");
  return static_cast<std::uint32_t>(value);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::array<std::string_view, 6> known = {"--cid", "--window", "--relay", "--serve", "--flood", "--forge"};
  const Args args = must(Args::parse(argc, argv, known));
  const auto cid = must(args.number("--cid", 0, 3, 0xfffffffeU));
  const auto window = must(args.number("--window", 256UL * 1024, 0, 1UL << 30));
  gatehouse::bench::raise_descriptor_limit();
  const auto machine = must(Machine::make(cid, static_cast<std::uint32_t>(window)));
  for (const auto& relay : args.all("--relay")) {
    const auto [address, port] = halves(relay);
    must(machine->relay(must(gatehouse::bench::parse_address(address)), number(port)));
  }
  for (const auto& served : args.all("--serve")) {
    const auto [port, address] = halves(served);
    machine->serve(number(port), must(gatehouse::bench::parse_address(address)));
  }
  for (const auto& forged : args.all("--forge")) {
    const auto [other, port] = halves(forged);
    machine->nonsense(number(port), number(other));
  }
  for (const auto& flood : args.all("--flood")) {
    const auto [count, port] = halves(flood);
    machine->flood(number(port), number(count));
  }
  machine->run();
}
