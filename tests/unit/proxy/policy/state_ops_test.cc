// COMPOUNDs of state operations alone.
#include <string>

#include "tests/unit/proxy/policy/compound.h"
#include "tests/unit/proxy/policy/fixture.h"

using namespace gatehouse::test;
using gatehouse::policy::only_state_operations;
using Bytes = std::vector<std::uint8_t>;

namespace {

Words putrootfh() {
  return Words().u32({24});
}

// Every operation alone, in its minor version, with each arm of its unions.
std::vector<Bytes> samples() {
  const Words none = Words().u32({0});
  const Words gss = Words().u32({6, 3}).opaque("server's").opaque("client's!");
  const Words ops = Words().u32({2, 0x18, 0x40000, 1, 0x8});
  const Words ssv = Words().add(ops).u32({2}).opaque("\x2a\x86\x48").opaque("x").u32({0}).u32({128, 1});
  std::vector<Bytes> out;
  for (const Words& op : {renew(), setclientid(), setclientid_confirm()}) out.push_back(compound(0, {op}));
  for (const std::uint32_t minor : {1U, 2U}) {
    for (const Words& op :
         {bind_conn_to_session(), exchange_id().u32({0}), exchange_id().u32({1}).add(implementation_id()),
          exchange_id(1).add(ops).u32({0}), exchange_id(2).add(ssv).u32({1}).add(implementation_id()),
          create_session(0, {}), create_session(1, none), create_session(1, sys_callbacks(16)), create_session(1, gss),
          create_session(3, Words().add(none).add(gss).add(sys_callbacks())),
          create_session(1, none, channel({1, 9}), channel({1, 7})), destroy_session(), sequence(1), destroy_clientid(),
          reclaim_complete(1)})
      out.push_back(compound(minor, {op}));
    out.push_back(compound(minor, {sequence(), reclaim_complete()}));
    out.push_back(compound(minor, {sequence(), bind_conn_to_session(7), destroy_session()}));
  }
  return out;
}

Bytes from_hex(const std::string& text) {
  Bytes out;
  std::string digits;
  for (const char c : text)
    if (c != ' ' && c != '\n') digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return out;
}

// What Linux 6.1 sent as its machine's principal with krb5i, on a mount with sec=krb5p and one of version 4.0.
const char* const kLinux[] = {
    // EXCHANGE_ID, SP4_MACH_CRED
    "00000000 00000002 00000001 0000002a 18ea09c8 02c392bc 00000018 4c696e75 78204e46 5376342e 32206775 "
    "6573742e 74657374 00000101 00000001 00000004 00000000 02001e00 00000000 00000000 00000004 00204130 "
    "00982042 00000000 00000000 00000001 0000000a 6b65726e 656c2e6f 72670000 00000034 4c696e75 7820362e "
    "312e3137 36202331 20536174 204a756c 20203420 31353a33 383a3136 20555443 20323032 36207838 365f3634 "
    "00000000 00000000 00000000",
    // CREATE_SESSION
    "00000000 00000002 00000001 0000002b 2c77016b 22a1116a 00000001 00000003 00000000 00100414 00100388 "
    "00001da0 00000008 00000040 00000000 00000000 00001000 00001000 00000000 00000002 00000010 00000000 "
    "40000000 00000001 00000001 02c392bc 0000000a 67756573 742e7465 73740000 00000000 00000000 00000000",
    // SEQUENCE, RECLAIM_COMPLETE
    "00000000 00000002 00000002 00000035 2c77016b 22a1116a 01000000 00000000 00000001 00000000 00000000 "
    "00000000 0000003a 00000000",
    // DESTROY_SESSION
    "00000000 00000002 00000001 0000002c 2c77016b 22a1116a 01000000 00000000",
    // DESTROY_CLIENTID
    "00000000 00000002 00000001 00000039 2c77016b 22a1116a",
    // SETCLIENTID
    "00000000 00000000 00000001 00000023 18ea09c8 02c392bc 00000022 4c696e75 78204e46 5376342e 30206775 "
    "6573742e 74657374 2f313237 2e302e30 2e310000 40000000 00000003 74637000 00000011 3132372e 302e302e "
    "312e3136 312e3235 31000000 00000001",
    // SETCLIENTID_CONFIRM
    "00000000 00000000 00000001 00000024 2c77016b 29a1116a 2f77016b 611fa193",
};
// With krb5i as well, but no state operations: SEQUENCE, FREE_STATEID; SEQUENCE, PUTROOTFH, GETFH, GETATTR.
const char* const kLinuxOther[] = {
    "00000000 00000002 00000002 00000035 2c77016b 22a1116a 01000000 00000000 00000017 00000000 00000000 "
    "00000001 0000002d 00000002 2c77016b 22a1116a 06000000",
    "00000000 00000002 00000004 00000035 2c77016b 22a1116a 01000000 00000000 00000002 00000000 00000000 "
    "00000000 00000018 0000000a 00000009 00000002 0010011a 00b0a23a",
};

}  // namespace

TEST_CASE("each state operation, alone and with others, in each form its arguments have, is one [G1, V7]") {
  for (const Bytes& args : samples()) {
    CAPTURE(args);
    CHECK(only_state_operations(args));
  }
}

TEST_CASE("state operations cut short anywhere, or with anything behind them, are none [V3]") {
  for (const Bytes& whole : samples()) {
    CAPTURE(whole);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      // A copy of exactly that size: the address sanitizer sees a read past it.
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
      CHECK_FALSE(only_state_operations(cut));
    }
    for (const std::size_t more : {1U, 4U, 64U}) {
      Bytes longer = whole;
      longer.resize(whole.size() + more);
      CHECK_FALSE(only_state_operations(longer));
    }
  }
}

TEST_CASE("one operation that is none of them, wherever it stands, makes the COMPOUND an ordinary one [V7]") {
  CHECK(only_state_operations(compound(1, {sequence(), sequence(), reclaim_complete()})));
  CHECK_FALSE(only_state_operations(compound(1, {putrootfh(), sequence(), reclaim_complete()})));
  CHECK_FALSE(only_state_operations(compound(1, {sequence(), putrootfh(), reclaim_complete()})));
  CHECK_FALSE(only_state_operations(compound(1, {sequence(), reclaim_complete(), putrootfh()})));
  CHECK_FALSE(only_state_operations(compound(0, {setclientid_confirm(), putrootfh()})));
}

TEST_CASE("every other number of an operation is none of them [V7]") {
  const Words few = Words().u32({0, 0, 0, 0, 0, 0, 0, 0});
  for (const std::uint32_t minor : {0U, 1U, 2U})
    for (std::uint32_t number = 0; number < 100; ++number) {
      CAPTURE(minor, number);
      const bool old = number == 30 || number == 35 || number == 36;
      const bool session = (number >= 41 && number <= 44) || number == 53 || number == 57 || number == 58;
      if (minor == 0 ? old : session) continue;
      CHECK_FALSE(only_state_operations(compound(minor, {Words().u32({number})})));
      CHECK_FALSE(only_state_operations(compound(minor, {Words().u32({number}).add(few)})));
    }
  CHECK_FALSE(only_state_operations(compound(1, {Words().u32({10044})})));
  CHECK_FALSE(only_state_operations(compound(1, {Words().u32({0xffffffff})})));
}

TEST_CASE("operations belong to their minor versions, and there are versions 0 to 2 [V7]") {
  for (const Words& op : {renew(), setclientid(), setclientid_confirm()})
    for (const std::uint32_t minor : {1U, 2U, 3U}) CHECK_FALSE(only_state_operations(compound(minor, {op})));
  for (const std::uint32_t minor : {0U, 3U, 4U, 0xffffffffU})
    CHECK_FALSE(only_state_operations(compound(minor, {sequence()})));
}

TEST_CASE("a COMPOUND without operations, or without all that it counts, is none [V7]") {
  CHECK_FALSE(only_state_operations({}));
  for (const std::uint32_t minor : {0U, 1U, 2U}) CHECK_FALSE(only_state_operations(compound(minor, {})));
  for (const std::uint32_t count : {0U, 2U, 1000000U, 0xffffffffU})
    CHECK_FALSE(only_state_operations(Words().u32({0, 1, count}).add(sequence()).bytes()));
  CHECK(only_state_operations(Words().u32({0, 1, 1}).add(sequence()).bytes()));
}

TEST_CASE("a tag of any length is walked over, one that runs past the end is not [V3]") {
  for (const std::size_t length : {1U, 3U, 4U, 1000U}) {
    Words args;
    args.opaque(std::string(length, 't')).u32({1, 1}).add(sequence());
    CHECK(only_state_operations(args.bytes()));
  }
  for (const std::uint32_t length : {100U, 0x7fffffffU, 0xfffffffdU, 0xffffffffU})
    CHECK_FALSE(only_state_operations(Words().u32({length, 1, 1}).add(sequence()).bytes()));
}

TEST_CASE("values that XDR does not have there are no state operation [V3]") {
  CHECK_FALSE(only_state_operations(compound(1, {sequence(2)})));
  CHECK_FALSE(only_state_operations(compound(1, {reclaim_complete(0xffffffff)})));
  for (const std::uint32_t direction : {0U, 4U, 5U, 6U, 8U, 0xffffffffU})
    CHECK_FALSE(only_state_operations(compound(1, {bind_conn_to_session(direction)})));
  for (const std::uint32_t direction : {1U, 2U, 3U, 7U})
    CHECK(only_state_operations(compound(1, {bind_conn_to_session(direction)})));
  CHECK_FALSE(only_state_operations(compound(1, {bind_conn_to_session(1, 2)})));
  // State protection has arms 0 to 2, an implementation is said once at most.
  CHECK_FALSE(only_state_operations(compound(1, {exchange_id(3).u32({0})})));
  CHECK_FALSE(
      only_state_operations(compound(1, {exchange_id().u32({2}).add(implementation_id()).add(implementation_id())})));
  // Callbacks by AUTH_SHORT or AUTH_DH, 17 groups, services 0 and 4, two words of ca_rdma_ird.
  CHECK_FALSE(only_state_operations(compound(1, {create_session(1, Words().u32({2}))})));
  CHECK_FALSE(only_state_operations(compound(1, {create_session(1, sys_callbacks(17))})));
  for (const std::uint32_t service : {0U, 4U})
    CHECK_FALSE(only_state_operations(compound(1, {create_session(1, Words().u32({6, service, 0, 0}))})));
  CHECK_FALSE(only_state_operations(compound(1, {create_session(0, {}, channel({2, 1, 1}))})));
  CHECK_FALSE(only_state_operations(compound(1, {create_session(0, {}, channel(), channel({2, 1, 1}))})));
}

TEST_CASE("names have the length that RFC 7530 and RFC 8881 give them at most [V3]") {
  const auto with_owner = [](std::size_t n) {
    return compound(1, {Words().u32({42, 1, 2}).opaque(std::string(n, 'o')).u32({0, 0, 0})});
  };
  CHECK(only_state_operations(with_owner(1024)));
  CHECK_FALSE(only_state_operations(with_owner(1025)));
  const auto with_id = [](std::size_t n) {
    return compound(0, {Words().u32({35, 1, 2}).opaque(std::string(n, 'o')).u32({0, 0, 0, 0})});
  };
  CHECK(only_state_operations(with_id(1024)));
  CHECK_FALSE(only_state_operations(with_id(1025)));
  const auto with_machine = [](std::size_t n) {
    return compound(1, {create_session(1, Words().u32({1, 7}).opaque(std::string(n, 'm')).u32({0, 0, 0}))});
  };
  CHECK(only_state_operations(with_machine(255)));
  CHECK_FALSE(only_state_operations(with_machine(256)));
}

TEST_CASE("counts beyond what is there end with the bytes, not with the count [L10]") {
  for (const std::uint32_t count : {0x100U, 0x40000001U, 0x80000000U, 0xffffffffU}) {
    CHECK_FALSE(only_state_operations(compound(1, {exchange_id(1).u32({count, 1, 2, 3})})));
    CHECK_FALSE(only_state_operations(compound(1, {exchange_id(2).u32({0, 0, count, 1, 0})})));
    CHECK_FALSE(only_state_operations(compound(1, {create_session(count, Words().u32({0, 0, 0}))})));
  }
}

TEST_CASE("what the Linux kernel sends as its machine's principal is state operations, cut short it is none [G1, V7]") {
  for (const char* text : kLinux) {
    CAPTURE(text);
    const Bytes whole = from_hex(text);
    CHECK(only_state_operations(whole));
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_FALSE(only_state_operations(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))));
  }
  for (const char* text : kLinuxOther) CHECK_FALSE(only_state_operations(from_hex(text)));
}

TEST_CASE(
    "the lease time asked of the root, alone or behind SEQUENCE, is a state operation; any other attribute is none "
    "[G1]") {
  const auto root = [] { return Words().u32({24}); };
  const auto getattr = [](std::initializer_list<std::uint32_t> bitmap) {
    return Words().u32({9, static_cast<std::uint32_t>(bitmap.size())}).u32(bitmap);
  };
  CHECK(only_state_operations(compound(0, {root(), getattr({0x400})})));
  CHECK(only_state_operations(compound(1, {sequence(), root(), getattr({0x400})})));
  CHECK(only_state_operations(compound(2, {sequence(), root(), getattr({0x400, 0, 0})})));
  CHECK_FALSE(only_state_operations(compound(0, {root(), getattr({0x401})})));
  CHECK_FALSE(only_state_operations(compound(0, {root(), getattr({0x400, 1})})));
  CHECK_FALSE(only_state_operations(compound(0, {root(), getattr({0})})));
  CHECK_FALSE(only_state_operations(compound(0, {root(), getattr({})})));
  CHECK_FALSE(only_state_operations(compound(0, {root()})));
  CHECK_FALSE(only_state_operations(compound(0, {getattr({0x400})})));
  CHECK_FALSE(only_state_operations(compound(1, {root(), sequence()})));
  CHECK_FALSE(only_state_operations(compound(0, {root(), root(), getattr({0x400})})));
  CHECK_FALSE(only_state_operations(compound(0, {root(), getattr({0x400}), getattr({0x400})})));
}

TEST_CASE("the flavors of the root are asked for as state operations are: a mount without sec= begins so [P2]") {
  const auto root = [] { return Words().u32({24}); };
  const auto flavors = [](std::uint32_t style) { return Words().u32({52, style}); };
  CHECK(only_state_operations(compound(1, {sequence(), root(), flavors(0)})));
  CHECK(only_state_operations(compound(2, {root(), flavors(0)})));
  CHECK_FALSE(only_state_operations(compound(0, {root(), flavors(0)})));
  CHECK_FALSE(only_state_operations(compound(1, {sequence(), root(), flavors(1)})));
  CHECK_FALSE(only_state_operations(compound(1, {sequence(), flavors(0)})));
  CHECK_FALSE(only_state_operations(compound(1, {root(), flavors(0), flavors(0)})));
  CHECK_FALSE(only_state_operations(compound(1, {root(), flavors(0), Words().u32({10})})));
}
