// COMPOUNDs that are cut, answered, or sent on in parts.
#include "tests/unit/proxy/nfs/rewritten.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using namespace gatehouse::test;
using Message = nfs::Message;

TEST_CASE("a read-only guest's call ends before what would change something, which then fails with ROFS") {
  const Keys a("a");
  const Rules rules{.keys = &a, .read_only = true};
  const Words getattr = Words().u32({9, 1, 1});
  CallNote note;
  const Outcome sent = rewrite(rules, Message::call, note,
                               message_of(Message::call, {sequence_of(shown_to(a)), kPutRootFh, kRemove, getattr}));
  CHECK(sent.what == Rewritten::changed);
  CHECK(sent.out == message_of(Message::call, {sequence_of(kServers), kPutRootFh}));
  CHECK(note.cut.operation == 28);
  CHECK(reply(rules, message_of(Message::reply, {kPutRootFhDone, kPutRootFhDone}), note).out ==
        message_of(Message::reply, {kPutRootFhDone, kPutRootFhDone, Words().u32({28, 30})}, 30));
  // The server had stopped before.
  const Text failed = message_of(Message::reply, {kPutRootFhDone, Words().u32({24, 10020})}, 10020);
  CHECK(reply(rules, failed, note).what == Rewritten::same);
  // SETATTR's failure has a bitmap.
  const Words setattr = Words().u32({34, 1, 2, 3, 4, 0, 0});
  rewrite(rules, Message::call, note, message_of(Message::call, {kPutRootFh, setattr}));
  CHECK(reply(rules, message_of(Message::reply, {kPutRootFhDone}), note).out ==
        message_of(Message::reply, {kPutRootFhDone, Words().u32({34, 30, 0})}, 30));
  // The very first operation: nothing is left to send.
  const Outcome answered = call(rules, message_of(Message::call, {kRemove, kPutRootFh}));
  CHECK(answered.what == Rewritten::answered);
  CHECK(answered.out == message_of(Message::reply, {Words().u32({28, 30})}, 30));
  CHECK(call(rules, message_of(Message::call, {kPutRootFh, getattr})).what == Rewritten::same);
}

TEST_CASE("what is cut off was not changed before: an OPEN for writing with a client id in it") {
  const Keys a("a");
  const Words open = Words().u32({18, 0, 3, 0, 1, 2}).opaque("o").u32({1, 0, 0, 0, 0}).opaque("name");
  const Text in = message_of(Message::call, {kPutRootFh, open}, 0, 0);
  CallNote note;
  CHECK(rewrite({.keys = &a, .read_only = true}, Message::call, note, in).out ==
        message_of(Message::call, {kPutRootFh}, 0, 0));
}

TEST_CASE("an unknown operation ends a call there as it would at a server, or is passed where policy says so") {
  const Text in = message_of(Message::call, {kPutRootFh, Words().u32({76, 1, 2, 3})});
  CallNote note;
  CHECK(rewrite({}, Message::call, note, in).out == message_of(Message::call, {kPutRootFh}));
  CHECK(reply({}, message_of(Message::reply, {kPutRootFhDone}), note).out ==
        message_of(Message::reply, {kPutRootFhDone, Words().u32({10044, 10044})}, 10044));
  CHECK(call({.pass_unknown = true}, in).what == Rewritten::same);
  CHECK(call({}, message_of(Message::call, {Words().u32({76})})).out ==
        message_of(Message::reply, {Words().u32({10044, 10044})}, 10044));
  CHECK(reply({}, message_of(Message::reply, {Words().u32({76, 0, 1})})).what == Rewritten::unknown);
}

TEST_CASE("a COMPOUND that is too much, or of a later version, is answered with its status") {
  const auto status = [](const Text& in, std::uint32_t most = 3) {
    const Outcome r = call({.max_operations = most}, in);
    CHECK(r.what == Rewritten::answered);
    return rpc::XdrReader(r.out).u32();
  };
  const std::vector<Words> four(4, kPutRootFh);
  CHECK(status(message_of(Message::call, four, 0, 0)) == 10018);
  CHECK(status(message_of(Message::call, four, 0, 1)) == 10070);
  CHECK(status(message_of(Message::call, {kPutRootFh}, 0, 3)) == 10021);
  CHECK(status(Words().opaque(std::string(1 << 20, 't')).u32({2, 0}).bytes()) == 10036);
  CHECK(call({}, message_of(Message::call, {kPutRootFh}, 0, 3)).out == message_of(Message::reply, {}, 10021));
  Text longer = message_of(Message::call, {kPutRootFh});
  longer.insert(longer.end(), 4, 0);
  CHECK(call({}, longer).what == Rewritten::malformed);
}

TEST_CASE("a call goes on in parts around its file data") {
  const Keys a("a");
  const Rules rules{.keys = &a};
  const Words write = Words().u32({38, 1, 2, 3, 4, 0, 0, 2}).opaque(std::string(5000, 'd'));
  const auto whole = [&](const std::array<std::uint8_t, 16>& id) {
    return message_of(Message::call, {sequence_of(id), write, Words().u32({9, 1, 1})});
  };
  const Text in = whole(shown_to(a)), expected = whole(kServers);
  const std::size_t here = 100 + 40, data_end = in.size() - 12;
  CallNote note;
  Text out(200);
  Rewrite r(rules, Message::call, note, rpc::Bytes(in).first(here), out);
  REQUIRE(r.run() == Rewritten::part);
  CHECK(r.size() == here);
  CHECK(std::equal(out.begin(), out.begin() + here, expected.begin()));
  CHECK(r.bulk_left() == data_end - here);
  CHECK(r.tail(rpc::Bytes(in).subspan(data_end), out) == Rewritten::same);
  // What stands behind the data can change, but not its size any more; and it can no more be cut.
  const Rules named{.guest = "web1", .keys = &a};
  const Words renew = Words().u32({30, 1, 2}), named_client = Words().u32({42, 1, 2}).opaque("Linux").u32({0, 0, 0});
  for (const Words& last : {renew, named_client}) {
    Rewrite with(named, Message::call, note, rpc::Bytes(in).first(here), out);
    REQUIRE(with.run() == Rewritten::part);
    CHECK(with.tail(last.bytes(), out) == (last.bytes().size() == 12 ? Rewritten::changed : Rewritten::too_late));
  }
  Rewrite other(rules, Message::call, note, rpc::Bytes(in).first(here), out);
  REQUIRE(other.run() == Rewritten::part);
  CHECK(other.tail(Words().u32({76, 1, 1}).bytes(), out) == Rewritten::too_late);
}
