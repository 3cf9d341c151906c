// File handles in COMPOUNDs.
#include "tests/unit/proxy/nfs/rewritten.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using namespace gatehouse::test;
using Message = nfs::Message;

TEST_CASE("bound handles: PUTFH takes the guest's own and fails with STALE for any other [P9]") {
  const Keys a("a"), b("b");
  const Rules rules{.keys = &a, .bind_handles = true}, others{.keys = &b, .bind_handles = true};
  const auto getfh = [](std::string_view handle) {
    return message_of(Message::reply, {Words().u32({10, 0}).opaque(handle)});
  };
  const Outcome shown = reply(rules, getfh("the server's handle"));
  REQUIRE(shown.what == Rewritten::changed);
  const std::string handle(shown.out.begin() + 28, shown.out.begin() + 28 + 35);
  CHECK(shown.out == getfh(handle));
  const auto putfh = [](std::string_view h) {
    return message_of(Message::call, {kPutRootFh, Words().u32({22}).opaque(h), kPutRootFh});
  };
  CHECK(call(rules, putfh(handle)).out == putfh("the server's handle"));
  CallNote note;
  CHECK(rewrite(others, Message::call, note, putfh(handle)).out == message_of(Message::call, {kPutRootFh}));
  CHECK(reply(others, message_of(Message::reply, {kPutRootFhDone}), note).out ==
        message_of(Message::reply, {kPutRootFhDone, Words().u32({22, 70})}, 70));
  CHECK(reply(rules, getfh(std::string(113, 'h'))).what == Rewritten::no_handle);
  // Entries grow: the client's limit for them is lowered.
  const auto readdir = [](std::uint32_t room) {
    return message_of(Message::call, {Words().u32({26, 0, 0, 0, 0, 1024, room, 1, 0x80000})});
  };
  CHECK(call(rules, readdir(32768)).out == readdir(24576));
}

TEST_CASE("handles are bound also where ids are not, and ids where handles are not [P9, T3]") {
  const Keys a("a");
  const auto getfh = [](const std::array<std::uint8_t, 16>& session, std::string_view handle) {
    return message_of(Message::reply, {Words().u32({53, 0}).add(session_words(session)).u32({1, 0, 0, 0, 0}),
                                       Words().u32({10, 0}).opaque(handle)});
  };
  const Outcome handles = reply({.keys = &a, .bind_state = false, .bind_handles = true}, getfh(kServers, "handle"));
  const std::string bound(handles.out.end() - 24, handles.out.end() - 2);
  CHECK(bound.starts_with("handle"));
  CHECK(handles.out == getfh(kServers, bound));
  CHECK(reply({.keys = &a}, getfh(kServers, "handle")).out == getfh(shown_to(a), "handle"));
}

TEST_CASE("a READDIR reply of many entries has all its handles bound [P9]") {
  const Keys a("a");
  const auto entries = [](const std::vector<std::string>& handles) {
    Words w = Words().u32({26, 0, 1, 2});
    for (const std::string& h : handles) {
      const Words value = Words().opaque(h);
      w.u32({1, 0, 3}).opaque("name").u32({1, 0x80000, static_cast<std::uint32_t>(value.bytes().size())}).add(value);
    }
    return message_of(Message::reply, {w.u32({0, 1})});
  };
  std::vector<std::string> servers, shown;
  const Binding binding{a.handles()};
  for (int i = 0; i < 50; ++i) {
    servers.push_back("handle " + std::to_string(i) + std::string(20, 'h'));
    std::array<std::uint8_t, kMaxHandle> room;
    const auto* text = reinterpret_cast<const std::uint8_t*>(servers.back().data());
    const auto bound = bound_handle(binding, rpc::Bytes(text, servers.back().size()), room);
    shown.emplace_back(bound->begin(), bound->end());
  }
  CHECK(reply({.keys = &a, .bind_handles = true}, entries(servers)).out == entries(shown));
}

TEST_CASE("attributes with a handle in them keep their length true, both ways [P9]") {
  const Keys a("a");
  const Rules rules{.keys = &a, .bind_handles = true};
  const auto attributes = [](const std::string& handle) {
    const Words values = Words().u32({1, 0, 5}).opaque(handle).u32({0, 7});
    // TYPE, CHANGE, FILEHANDLE and FILEID.
    return Words().u32({1, 0x18000a, static_cast<std::uint32_t>(values.bytes().size())}).add(values);
  };
  std::array<std::uint8_t, kMaxHandle> room;
  const std::string servers = "a handle of 21 bytes.";
  const auto bound = bound_handle({a.handles()}, {reinterpret_cast<const std::uint8_t*>(servers.data()), 21}, room);
  const std::string shown(bound->begin(), bound->end());
  const auto getattr = [&](const std::string& h) {
    return message_of(Message::reply, {Words().u32({9, 0}).add(attributes(h))});
  };
  CHECK(reply(rules, getattr(servers)).out == getattr(shown));
  for (const std::uint32_t verify : {17U, 37U}) {
    const auto with = [&](const std::string& h) {
      return message_of(Message::call, {kPutRootFh, Words().u32({verify}).add(attributes(h))});
    };
    CHECK(call(rules, with(shown)).out == with(servers));
    CHECK(call(rules, with(servers)).out == message_of(Message::call, {kPutRootFh}));
  }
}
