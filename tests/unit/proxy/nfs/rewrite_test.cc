// What becomes of the ids, owners, flavors and addresses in COMPOUNDs under a guest's rules.
#include "tests/unit/proxy/nfs/rewritten.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using namespace gatehouse::test;
using Message = nfs::Message;

TEST_CASE("without rules every message stays as it is") {
  for (const Message m : {Message::call, Message::reply, Message::callback, Message::callback_reply}) {
    for (const test::Sample& s : test::samples_of(m)) {
      const Text in = message_of(m, {test::numbered(s)});
      CallNote note;
      Text out(in.size());
      CHECK(Rewrite({}, m, note, in, out).run() == Rewritten::same);
    }
  }
}

TEST_CASE("a guest's session id reaches the server as the server's; another's does not [V8]") {
  const Keys a("a"), b("b");
  const Text shown = message_of(Message::call, {sequence_of(shown_to(a)), kPutRootFh});
  const Text servers = message_of(Message::call, {sequence_of(kServers), kPutRootFh});
  CHECK(call({.keys = &a}, shown).out == servers);
  const Outcome stolen = call({.keys = &b}, shown);
  CHECK(stolen.what == Rewritten::changed);
  CHECK(stolen.out != servers);
  CHECK(stolen.out.size() == servers.size());
  // The server's own id, should a guest ever learn it, is worth nothing.
  CHECK(call({.keys = &b}, servers).out != servers);
}

TEST_CASE("ids come back, and callbacks go, as the guest knows them [V8]") {
  const Keys a("a");
  const auto with = [](const std::array<std::uint8_t, 16>& id, std::uint32_t operation, bool result) {
    Words w = Words().u32({operation});
    if (result) w.u32({0});
    const Words s = sequence_of(id);
    for (std::size_t i = 4; i < 20; i += 4)
      w.u32({std::uint32_t{s.bytes()[i]} << 24 | std::uint32_t{s.bytes()[i + 1]} << 16 |
             std::uint32_t{s.bytes()[i + 2]} << 8 | s.bytes()[i + 3]});
    return w;
  };
  const auto shown = shown_to(a);
  const Rules rules{.keys = &a};
  CHECK(reply(rules, message_of(Message::reply, {with(kServers, 53, true).u32({1, 0, 0, 0, 0})})).out ==
        message_of(Message::reply, {with(shown, 53, true).u32({1, 0, 0, 0, 0})}));
  CallNote note;
  CHECK(rewrite(rules, Message::callback, note,
                message_of(Message::callback, {with(kServers, 11, false).u32({1, 0, 0, 0, 0})}))
            .out == message_of(Message::callback, {with(shown, 11, false).u32({1, 0, 0, 0, 0})}));
  CHECK(rewrite(rules, Message::callback_reply, note,
                message_of(Message::callback_reply, {with(shown, 11, true).u32({1, 0, 0, 0})}))
            .out == message_of(Message::callback_reply, {with(kServers, 11, true).u32({1, 0, 0, 0})}));
}

TEST_CASE("state ids are the guest's own in version 4.0; later versions tie them to the session") {
  const Keys a("a");
  const Words close = Words().u32({4, 9, 1, 2, 3, 4});
  const Text old = message_of(Message::call, {close}, 0, 0), now = message_of(Message::call, {close}, 0, 1);
  CHECK(call({.keys = &a}, old).what == Rewritten::changed);
  CHECK(call({.keys = &a}, now).what == Rewritten::same);
  const Text result = message_of(Message::reply, {Words().u32({4, 0, 1, 2, 3, 4})});
  CHECK(reply({.keys = &a}, result, {0, {}}).what == Rewritten::changed);
  CHECK(reply({.keys = &a}, result, {1, {}}).what == Rewritten::same);
}

TEST_CASE("EXCHANGE_ID carries the guest's name and asks for no state protection [P3]") {
  const auto exchange = [](std::string_view owner, const Words& protection) {
    return message_of(Message::call, {Words().u32({42, 1, 2}).opaque(owner).u32({0x101}).add(protection).u32({0})});
  };
  const Words mach_cred = Words().u32({1, 2, 0x18, 0x40000, 1, 0x8}), none = Words().u32({0});
  const Rules rules{.guest = "web1", .no_state_protection = true};
  CHECK(call(rules, exchange("Linux", mach_cred)).out == exchange("web1/Linux", none));
  CHECK(call({.no_state_protection = true}, exchange("Linux", none)).what == Rewritten::same);
}

TEST_CASE("SETCLIENTID's callback leads nowhere, and CLID_INUSE names nobody [P4]") {
  const auto set = [](std::string_view owner, std::string_view netid, std::string_view address) {
    return message_of(Message::call,
                      {Words().u32({35, 1, 2}).opaque(owner).u32({0x40000000}).opaque(netid).opaque(address).u32({1})},
                      0, 0);
  };
  CHECK(call({.guest = "web1", .neutral_callbacks = true}, set("Linux", "tcp6", "::1.8.1")).out ==
        set("web1/Linux", "tcp", "0.0.0.0.0.0"));
  CHECK(call({.neutral_callbacks = true}, set("Linux", "tcp", "0.0.0.0.0.0")).what == Rewritten::same);
  const Keys a("a");
  const auto in_use = [](std::string_view address) {
    return message_of(Message::reply, {Words().u32({35, 10017}).opaque("tcp").opaque(address)}, 10017);
  };
  CHECK(reply({.keys = &a}, in_use("127.66.0.2.3.4"), {0, {}}).out == in_use("0.0.0.0.0.0"));
}

TEST_CASE("callbacks that only RPCSEC_GSS would protect are asked for without it") {
  const auto control = [](const Words& security) {
    return message_of(Message::call, {Words().u32({40, 0x40000000}).add(security)});
  };
  const Words gss = Words().u32({1, 6, 1}).opaque("one").opaque("two");
  CHECK(call({.neutral_callbacks = true}, control(gss)).out == control(Words().u32({1, 0})));
  CHECK(call({.neutral_callbacks = true}, control(Words().u32({1, 0}))).what == Rewritten::same);
}

TEST_CASE("SECINFO and SECINFO_NO_NAME say what the gateway takes [P2]") {
  const std::array list = {Flavor::krb5p, Flavor::sys};
  for (const std::uint32_t op : {33U, 52U}) {
    const auto in = message_of(Message::reply, {kPutRootFh, Words().u32({op, 0, 2, 1, 390003})});
    Words expected = Words().u32({op, 0, 2, 6}).opaque("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02").u32({0, 3, 1});
    CHECK(reply({.flavors = list}, message_of(Message::reply, {kPutRootFhDone, Words().u32({op, 0, 2, 1, 390003})}))
              .out == message_of(Message::reply, {kPutRootFhDone, expected}));
  }
}

TEST_CASE("who holds a conflicting lock stays hidden [V8]") {
  const Keys a("a");
  const auto denied = [](std::uint32_t high, std::uint32_t low, std::string_view owner) {
    return message_of(Message::reply, {Words().u32({12, 10010, 0, 5, 0, 6, 2, high, low}).opaque(owner)}, 10010);
  };
  CHECK(reply({.keys = &a}, denied(9, 9, "other's")).out == denied(0, 0, std::string(7, '\0')));
  CHECK(reply({.keys = &a}, denied(9, 9, std::string(1024, 'o'))).out == denied(0, 0, std::string(1024, '\0')));
}
