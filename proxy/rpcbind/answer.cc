#include "proxy/rpcbind/answer.h"

#include <algorithm>

#include "proxy/rpcbind/uaddr.h"

namespace gatehouse::rpcbind {
namespace {

using rpc::Bytes;
using rpc::XdrReader;
using rpc::XdrWriter;

// RFC 1833 sections 2.2.1 and 3.2. What is missing here is refused: policy::rpcbind_refused().
namespace procedure {
constexpr std::uint32_t kNull = 0;
constexpr std::uint32_t kGetaddr = 3;  // GETPORT of version 2
constexpr std::uint32_t kDump = 4;
constexpr std::uint32_t kGettime = 6;
constexpr std::uint32_t kUaddr2taddr = 7;
constexpr std::uint32_t kTaddr2uaddr = 8;
constexpr std::uint32_t kGetversaddr = 9;   // version 4
constexpr std::uint32_t kGetaddrlist = 11;  // version 4
}  // namespace procedure

constexpr std::uint32_t kMaxPort = 65535;
constexpr std::uint32_t kMaxTaddr = 128;   // sizeof(sockaddr_storage)
constexpr std::uint32_t kCotsOrd = 3;      // NC_TPI_COTS_ORD: a stream with an orderly end
constexpr std::uint32_t kProtocolTcp = 6;  // what version 2 calls a stream
constexpr std::string_view kOwner = "gatehouse";
// A question for "tcp" that came over vsock came through the relay in the machine, which listens on this address.
constexpr std::string_view kRelay = "127.0.0.1";

// Rpcb: struct rpcb of versions 3 and 4. The guest's word for its address and owner decides nothing.
struct Rpcb {
  std::uint32_t program = 0;
  std::uint32_t version = 0;
  std::string_view netid;
};

std::optional<Rpcb> read_rpcb(Bytes args) {
  XdrReader r(args);
  Rpcb out;
  out.program = r.u32();
  out.version = r.u32();
  out.netid = r.text(kMaxString);
  r.text(kMaxString);  // r_addr
  r.text(kMaxString);  // r_owner
  if (!r.at_end()) return std::nullopt;
  return out;
}

bool has_version(const Program& p, std::uint32_t version) {
  return version >= p.low && version <= p.high;
}

// The first entry of the program that `fits`: one with the version, or, unless it must be that, one without: whoever
// calls there is told which versions there are.
template <typename Fits>
const Entry* find(const View& view, std::uint32_t program, std::uint32_t version, bool exact, Fits fits) {
  const Entry* other = nullptr;
  for (const Entry& e : view.entries()) {
    if (e.program.number != program || !fits(e.address)) continue;
    if (has_version(e.program, version)) return &e;
    if (other == nullptr && !exact) other = &e;
  }
  return other;
}

void write_address(const View& view, const Rpcb& asked, bool exact, XdrWriter& w) {
  const bool relayed = view.asked_over() == Netid::vsockc && asked.netid == netid_name(Netid::tcp);
  const auto netid = relayed || asked.netid.empty() ? std::optional(view.asked_over()) : netid_of(asked.netid);
  const Entry* const e = find(view, asked.program, asked.version, exact,
                              [&](const Address& a) { return netid == a.netid && (!relayed || a.port <= kMaxPort); });
  if (e == nullptr) return w.text("");
  if (relayed) return w.text(format_inet_uaddr(kRelay, static_cast<std::uint16_t>(e->address.port)).view());
  w.text(e->address.uaddr);
}

// Whether version 2, which knows ports of TCP and UDP, can say it.
bool has_port(const Address& a) {
  return a.port != 0 && a.port <= kMaxPort;
}

std::uint32_t port_of(const View& view, std::uint32_t program, std::uint32_t version, std::uint32_t protocol) {
  if (protocol != kProtocolTcp) return 0;
  const Entry* const e = find(view, program, version, false, has_port);
  return e == nullptr ? 0 : e->address.port;
}

// Calls `write` with each entry and version that is listed.
template <typename Write>
void each_version(const View& view, Write write) {
  std::size_t left = kMaxListed;
  for (const Entry& e : view.entries()) {
    const std::uint64_t end = std::uint64_t{e.program.low} + kMaxListedOfRange;
    for (std::uint64_t v = e.program.low; v <= e.program.high && v < end && left > 0; ++v, --left)
      write(e, static_cast<std::uint32_t>(v));
  }
}

void write_dump_2(const View& view, XdrWriter& w) {
  each_version(view, [&](const Entry& e, std::uint32_t version) {
    if (e.repeats || !has_port(e.address)) return;
    for (const std::uint32_t v : {1U, e.program.number, version, kProtocolTcp, e.address.port}) w.u32(v);
  });
  w.u32(0);
}

void write_dump(const View& view, XdrWriter& w) {
  each_version(view, [&](const Entry& e, std::uint32_t version) {
    for (const std::uint32_t v : {1U, e.program.number, version}) w.u32(v);
    w.text(netid_name(e.address.netid));
    w.text(e.address.uaddr);
    w.text(kOwner);
  });
  w.u32(0);
}

// The family and protocol of netconfig(5).
std::string_view family_name(Netid n) {
  switch (n) {
    case Netid::vsockc: return "vsock";
    case Netid::tcp: return "inet";
    case Netid::tcp6: return "inet6";
    case Netid::local: return "loopback";
  }
  return "";
}

// RFC 1833 section 2.2.1, rpcb_entry_list.
void write_address_list(const View& view, const Rpcb& asked, XdrWriter& w) {
  for (const Entry& e : view.entries()) {
    if (e.program.number != asked.program || !has_version(e.program, asked.version)) continue;
    const Netid n = e.address.netid;
    w.u32(1);
    w.text(e.address.uaddr);
    w.text(netid_name(n));
    w.u32(kCotsOrd);
    w.text(family_name(n));
    w.text(n == Netid::tcp || n == Netid::tcp6 ? "tcp" : "-");
  }
  w.u32(0);
}

// struct netbuf: maxlen and the bytes. An address that is not vsock's gets an empty one.
bool uaddr_to_taddr(Bytes args, XdrWriter& w) {
  XdrReader r(args);
  const std::string_view text = r.text(kMaxString);
  if (!r.at_end()) return false;
  const auto uaddr = parse_vsock_uaddr(text);
  const Taddr taddr = uaddr ? vsock_taddr(*uaddr) : Taddr{};
  const Bytes bytes = uaddr ? Bytes(taddr) : Bytes();
  w.u32(static_cast<std::uint32_t>(bytes.size()));
  w.opaque(bytes);
  return true;
}

bool taddr_to_uaddr(Bytes args, XdrWriter& w) {
  XdrReader r(args);
  const std::uint32_t most = r.u32();
  const Bytes taddr = r.opaque(std::min(most, kMaxTaddr));
  if (!r.at_end()) return false;
  const auto uaddr = parse_vsock_taddr(taddr);
  w.text(uaddr ? format_vsock_uaddr(*uaddr).view() : "");
  return true;
}

bool get_port(const View& view, Bytes args, XdrWriter& w) {
  XdrReader r(args);
  const std::uint32_t program = r.u32();
  const std::uint32_t version = r.u32();
  const std::uint32_t protocol = r.u32();
  r.u32();  // pm_port
  if (!r.at_end()) return false;
  w.u32(port_of(view, program, version, protocol));
  return true;
}

template <typename Write>
bool with_rpcb(Bytes args, Write write) {
  const auto asked = read_rpcb(args);
  if (asked) write(*asked);
  return asked.has_value();
}

// Procedures of version 2: whether the arguments were good; nothing: there is no such one.
std::optional<bool> answer_2(const View& view, std::uint32_t number, Bytes args, XdrWriter& w) {
  switch (number) {
    case procedure::kNull: return args.empty();
    case procedure::kGetaddr: return get_port(view, args, w);
    case procedure::kDump: return write_dump_2(view, w), args.empty();
    default: return std::nullopt;
  }
}

std::optional<bool> answer_3(const View& view, std::uint32_t number, Bytes args, std::uint32_t now, XdrWriter& w) {
  switch (number) {
    case procedure::kNull: return args.empty();
    case procedure::kGetaddr: return with_rpcb(args, [&](const Rpcb& asked) { write_address(view, asked, false, w); });
    case procedure::kDump: return write_dump(view, w), args.empty();
    case procedure::kGettime: return w.u32(now), args.empty();
    case procedure::kUaddr2taddr: return uaddr_to_taddr(args, w);
    case procedure::kTaddr2uaddr: return taddr_to_uaddr(args, w);
    default: return std::nullopt;
  }
}

std::optional<bool> answer_4(const View& view, std::uint32_t number, Bytes args, std::uint32_t now, XdrWriter& w) {
  switch (number) {
    case procedure::kGetversaddr:
      return with_rpcb(args, [&](const Rpcb& asked) { write_address(view, asked, true, w); });
    case procedure::kGetaddrlist:
      return with_rpcb(args, [&](const Rpcb& asked) { write_address_list(view, asked, w); });
    default: return answer_3(view, number, args, now, w);
  }
}

}  // namespace

Answer answer(const View& view, std::uint32_t version, std::uint32_t procedure, Bytes args, std::uint32_t now,
              std::span<std::uint8_t> out) {
  XdrWriter w(out);
  std::optional<bool> done;
  if (version == 2) done = answer_2(view, procedure, args, w);
  if (version == 3) done = answer_3(view, procedure, args, now, w);
  if (version == 4) done = answer_4(view, procedure, args, now, w);
  if (!done) return {Outcome::no_procedure, {}};
  if (!*done || !w.ok()) return {Outcome::bad_arguments, {}};
  return {Outcome::answered, w.written()};
}

}  // namespace gatehouse::rpcbind
