// Questions to a view, for tests.
#pragma once

#include <array>

#include "proxy/rpcbind/answer.h"
#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

namespace gatehouse::test {

inline constexpr std::uint32_t kNow = 1700000000;
inline constexpr std::uint32_t kNfsProgram = 100003, kMountProgram = 100005;
inline constexpr std::uint32_t kGetaddr = 3, kDump = 4, kGettime = 6, kUaddr2taddr = 7, kTaddr2uaddr = 8,
                               kGetversaddr = 9, kGetaddrlist = 11;

/// Said: an answer that owns its results.
struct Said {
  rpcbind::Outcome outcome;
  Buffer results;
  /// text: results that are one string.
  [[nodiscard]] std::string text() const {
    rpc::XdrReader r(results);
    const std::string out(r.text(1000));
    CHECK(r.at_end());
    return out;
  }
  /// number: results that are one number.
  [[nodiscard]] std::uint32_t number() const {
    rpc::XdrReader r(results);
    const std::uint32_t out = r.u32();
    CHECK(r.at_end());
    return out;
  }
};

inline Said ask(const rpcbind::View& view, std::uint32_t version, std::uint32_t procedure, const Buffer& args = {}) {
  std::array<std::uint8_t, rpcbind::kMaxAnswer> room;
  const rpcbind::Answer a = rpcbind::answer(view, version, procedure, args, kNow, room);
  return {a.outcome, copy(a.results)};
}

/// string: an XDR string.
inline Buffer string(std::string_view s) {
  Buffer out = join({words({static_cast<std::uint32_t>(s.size())}), bytes(s)});
  out.resize(rpc::padded(out.size()));
  return out;
}

/// rpcb: struct rpcb.
inline Buffer rpcb(std::uint32_t program, std::uint32_t version, std::string_view netid, std::string_view address = "",
                   std::string_view owner = "") {
  return join({words({program, version}), string(netid), string(address), string(owner)});
}

/// mapping: struct mapping of version 2.
inline Buffer mapping(std::uint32_t program, std::uint32_t version, std::uint32_t protocol) {
  return words({program, version, protocol, 0});
}

/// over_vsock: a guest that has NFS 3 and 4 and MOUNT 3 on vsock listeners.
inline rpcbind::View over_vsock() {
  using rpcbind::Netid;
  rpcbind::View v(Netid::vsockc);
  CHECK(v.add({rpcbind::kProgram, 2, 4}, {Netid::vsockc, "2.111", 111}));
  CHECK(v.add({kNfsProgram, 3, 4}, {Netid::vsockc, "2.2049", 2049}));
  CHECK(v.add({kMountProgram, 3, 3}, {Netid::vsockc, "2.20048", 20048}));
  return v;
}

/// Listed: one line of DUMP of version 3 or 4.
struct Listed {
  std::uint32_t program = 0, version = 0;
  std::string netid, address, owner;
  friend bool operator==(const Listed&, const Listed&) = default;
};

inline std::vector<Listed> dump(const rpcbind::View& view, std::uint32_t version) {
  const Said said = ask(view, version, kDump);
  REQUIRE(said.outcome == rpcbind::Outcome::answered);
  std::vector<Listed> out;
  rpc::XdrReader r(said.results);
  while (r.u32() == 1) {
    Listed l;
    l.program = r.u32();
    l.version = r.u32();
    l.netid = r.text(1000);
    l.address = r.text(1000);
    l.owner = r.text(1000);
    out.push_back(l);
  }
  CHECK(r.at_end());
  return out;
}

/// dump_2: DUMP of version 2: program, version, protocol, port.
inline std::vector<std::array<std::uint32_t, 4>> dump_2(const rpcbind::View& view) {
  const Said said = ask(view, 2, kDump);
  REQUIRE(said.outcome == rpcbind::Outcome::answered);
  std::vector<std::array<std::uint32_t, 4>> out;
  rpc::XdrReader r(said.results);
  while (r.u32() == 1) {
    auto& line = out.emplace_back();
    for (std::uint32_t& n : line) n = r.u32();
  }
  CHECK(r.at_end());
  return out;
}

}  // namespace gatehouse::test
