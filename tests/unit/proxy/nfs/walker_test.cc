// The walker by each operation's shape, and against lengths and counts that lie.
#include "proxy/nfs/walker.h"

#include <algorithm>
#include <array>
#include <set>

#include "tests/support/catch.h"
#include "tests/unit/proxy/nfs/samples.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using test::Sample;
using test::Words;
using Message = nfs::Message;

namespace {

constexpr Points kAll = ~Points{0};
constexpr std::array kMessages = {Message::call, Message::reply, Message::callback, Message::callback_reply};

struct Walked {
  Walk how;
  std::vector<Spot> spots;
  Facts facts;
};

Walked walk(Message message, rpc::Bytes body, std::uint32_t most = kMaxOperations) {
  Walker walker(message, body, kAll, most);
  Walked out{};
  std::array<Spot, 3> spots;  // fewer than some messages have
  do {
    std::size_t count = 0;
    out.how = walker.walk(spots, count);
    out.spots.insert(out.spots.end(), spots.begin(), spots.begin() + static_cast<std::ptrdiff_t>(count));
  } while (out.how == Walk::spots_full);
  out.facts = walker.facts();
  return out;
}

std::vector<Point> points(const Walked& w) {
  std::vector<Point> out;
  for (const Spot& s : w.spots) out.push_back(s.point);
  return out;
}

// An operation that stands behind another and shows where that one ended.
Words marker(Message message) {
  return message == Message::call       ? Words().u32({24})
         : message == Message::reply    ? Words().u32({24, 0})
         : message == Message::callback ? Words().u32({10, 3})
                                        : Words().u32({10, 0});
}

}  // namespace

TEST_CASE("every operation's arguments and results end where the RFC says, and their points are found") {
  for (const Message message : kMessages) {
    std::set<std::uint32_t> seen;
    for (const Sample& s : test::samples_of(message)) {
      INFO("message " << static_cast<int>(message) << " operation " << s.operation);
      seen.insert(s.operation);
      const auto alone = test::message_of(message, {test::numbered(s)});
      const auto bytes = test::message_of(message, {test::numbered(s), marker(message)});
      const Walked w = walk(message, bytes);
      REQUIRE(w.how == Walk::done);
      CHECK(points(w) == s.points);
      CHECK(w.facts.at.index == 1);
      CHECK(w.facts.at.offset == alone.size());
      for (std::uint32_t op = 0; op <= kLastOperation; ++op)
        CHECK(w.facts.saw(op) == (op == s.operation || op == w.facts.at.operation));
      for (const Spot& spot : w.spots) {
        CHECK(spot.operation == s.operation);
        CHECK(spot.index == 0);
        CHECK(spot.offset + spot.length <= alone.size());
      }
    }
    const std::uint32_t last = message == Message::call || message == Message::reply ? kLastOperation : kLastCallback;
    for (std::uint32_t op = kFirstOperation; op <= last; ++op) {
      INFO("operation " << op << " has a sample");
      CHECK(seen.contains(op));
    }
  }
}

TEST_CASE("a message cut anywhere, or longer than its operations, is not taken") {
  for (const Message message : kMessages) {
    for (const Sample& s : test::samples_of(message)) {
      INFO("message " << static_cast<int>(message) << " operation " << s.operation);
      auto bytes = test::message_of(message, {test::numbered(s)});
      for (std::size_t n = 0; n < bytes.size(); ++n) {
        const Walk how = walk(message, rpc::Bytes(bytes).first(n)).how;
        CHECK((how == Walk::malformed || how == Walk::in_bulk));
      }
      bytes.insert(bytes.end(), 4, 0);
      CHECK(walk(message, bytes).how == Walk::malformed);
    }
  }
}

TEST_CASE("any word of a message may lie: the walk ends, inside the message") {
  for (const Message message : kMessages) {
    for (const Sample& s : test::samples_of(message)) {
      const auto bytes = test::message_of(message, {test::numbered(s), marker(message)});
      for (std::size_t at = 0; at < bytes.size(); at += 4) {
        for (const std::uint32_t lie : {0xffffffffU, 0xfffffffcU, 0x80000000U, 0x7fffffffU, 1025U, 129U, 2U, 0U}) {
          std::vector<std::uint8_t> other = bytes;
          rpc::XdrWriter(std::span(other).subspan(at, 4)).u32(lie);
          for (const Spot& spot : walk(message, other).spots) CHECK(spot.offset + spot.length <= other.size());
        }
      }
    }
  }
}

TEST_CASE("discriminants and counts that no arm and no array has are malformed") {
  const auto how = [](Message message, const Words& operation) {
    return walk(message, test::message_of(message, {operation})).how;
  };
  const auto lock = [](std::uint32_t fresh) { return Words().u32({12, 1, 0, 0, 0, 0, 1, fresh, 1, 2, 3, 4, 5}); };
  CHECK(how(Message::call, lock(0)) == Walk::done);
  CHECK(how(Message::call, lock(2)) == Walk::malformed);
  const auto claim = [](std::uint32_t n) { return Words().u32({18, 0, 1, 0, 1, 2}).opaque("o").u32({0, n}); };
  CHECK(how(Message::call, claim(6)) == Walk::done);
  CHECK(how(Message::call, claim(7)) == Walk::malformed);
  const auto ids = [](std::uint32_t n) {
    Words w = Words().u32({42, 1, 2}).opaque("client").u32({0, 0, n});
    for (std::uint32_t i = 0; i < n; ++i) w.opaque("").opaque("").u32({0, 0, 0});
    return w;
  };
  CHECK(how(Message::call, ids(1)) == Walk::done);
  CHECK(how(Message::call, ids(2)) == Walk::malformed);
  const auto entries = [](std::uint32_t more) { return Words().u32({26, 0, 1, 2, more, 1}); };
  CHECK(how(Message::reply, entries(0)) == Walk::done);
  CHECK(how(Message::reply, entries(2)) == Walk::malformed);
  const auto putfh = [](std::size_t n) { return Words().u32({22}).opaque(std::string(n, 'h')); };
  CHECK(how(Message::call, putfh(128)) == Walk::done);
  CHECK(how(Message::call, putfh(129)) == Walk::malformed);
}

TEST_CASE("a file handle among attributes is found behind those before it, and never behind their end") {
  const auto getattr = [](std::uint32_t bits, const Words& values, std::uint32_t size) {
    return test::message_of(Message::reply, {Words().u32({9, 0, 1, bits, size}).add(values)});
  };
  // All the attributes up to the handle, and one behind it.
  const Words all = Words()
                        .u32({3, 1, 2, 3})                   // supported_attrs
                        .u32({1, 0, 0, 7, 0, 100, 1, 1, 0})  // type to named_attr
                        .u32({0, 1, 0, 2, 1, 90, 0})         // fsid to rdattr_error
                        .u32({2, 0, 0, 7})
                        .opaque("OWNER@")
                        .u32({1, 2, 3})
                        .opaque("x")               // acl
                        .u32({15, 0, 1, 0, 1, 1})  // aclsupport to chown_restricted
                        .opaque("the handle")
                        .u32({0, 12});  // fileid
  const auto size = static_cast<std::uint32_t>(all.bytes().size());
  const auto bytes = getattr(0x1fffff, all, size);
  const Walked w = walk(Message::reply, bytes);
  REQUIRE(w.how == Walk::done);
  REQUIRE(w.spots.size() == 1);
  const rpc::Bytes handle = content_of(bytes, w.spots[0]);
  CHECK(std::string(handle.begin(), handle.end()) == "the handle");
  // The same bytes, whose length says that they end inside the handle.
  CHECK(walk(Message::reply, getattr(0x1fffff, all, size - 12)).how == Walk::malformed);
  // A handle that reaches into the next operation.
  const auto reaching = test::message_of(Message::reply, {Words().u32({9, 0, 1, 0x80000, 4, 8}), Words().u32({24, 0})});
  CHECK(walk(Message::reply, reaching).how == Walk::malformed);
  // An access control list that claims more entries than there are bytes.
  CHECK(walk(Message::reply, getattr(0x81000, Words().u32({0xffffffff, 0, 0, 0}).opaque("x"), 24)).how ==
        Walk::malformed);
  // Nobody asks for handles: the values are not looked at.
  const auto lie = getattr(0x80000, Words().u32({999}), 4);
  Walker blind(Message::reply, lie, bit(Point::session));
  std::size_t none = 0;
  CHECK(blind.walk({}, none) == Walk::done);
}

TEST_CASE("what is not known is told apart: operations, minor versions, too many, too long a tag") {
  const Words putrootfh = Words().u32({24});
  CHECK(walk(Message::call, test::message_of(Message::call, {putrootfh}, 0, 3)).how == Walk::unknown_minor);
  for (const std::uint32_t op : {0U, 1U, 2U, 76U, kIllegal, 0xffffffffU}) {
    const Walked w = walk(Message::call, test::message_of(Message::call, {putrootfh, Words().u32({op, 1, 2, 3})}));
    CHECK(w.how == Walk::unknown_operation);
    CHECK(w.facts.at.operation == op);
    CHECK(w.facts.at.index == 1);
  }
  // Operations that a later minor version brought.
  CHECK(walk(Message::call, test::message_of(Message::call, {Words().u32({58, 0})}, 0, 0)).how ==
        Walk::unknown_operation);
  CHECK(walk(Message::call, test::message_of(Message::call, {Words().u32({72}).opaque("x")}, 0, 1)).how ==
        Walk::unknown_operation);
  CHECK(walk(Message::call, test::message_of(Message::call, {Words().u32({58, 0})}, 0, 1)).how == Walk::done);

  std::vector<Words> many(10000, putrootfh);
  CHECK(walk(Message::call, test::message_of(Message::call, many)).how == Walk::done);
  many.push_back(putrootfh);
  CHECK(walk(Message::call, test::message_of(Message::call, many)).how == Walk::too_many_operations);
  CHECK(walk(Message::call, test::message_of(Message::call, {putrootfh, putrootfh}), 1).how ==
        Walk::too_many_operations);

  for (const std::size_t size : {std::size_t{1024}, std::size_t{1025}, std::size_t{1} << 20}) {
    const auto bytes = Words().opaque(std::string(size, 't')).u32({2, 1, 24}).bytes();
    CHECK(walk(Message::call, bytes).how == (size <= kMaxTag ? Walk::done : Walk::tag_too_long));
  }
}

TEST_CASE("owners of 1 KiB are taken, one byte more is not") {
  for (const std::size_t size : {1024U, 1025U}) {
    const auto bytes = test::message_of(Message::call, {Words().u32({39, 1, 2}).opaque(std::string(size, 'o'))});
    CHECK(walk(Message::call, bytes).how == (size == 1024 ? Walk::done : Walk::malformed));
  }
}

TEST_CASE("a walk goes on behind file data that is not there") {
  const Words write = Words().u32({38, 1, 2, 3, 4, 0, 0, 2}).opaque(std::string(5001, 'd'));
  const Words sequence = Words().u32({53, 1, 2, 3, 4, 1, 0, 0, 0});
  const auto bytes = test::message_of(Message::call, {sequence, write, Words().u32({22}).opaque("handle")});
  const std::size_t data = bytes.size() - 5004 - 16;
  for (const std::size_t here : {data, data + 1, data + 5000, data + 5003}) {
    Walker walker(Message::call, rpc::Bytes(bytes).first(here), kAll);
    std::array<Spot, 8> spots;
    std::size_t count = 0;
    REQUIRE(walker.walk(spots, count) == Walk::in_bulk);
    CHECK(count == 2);
    REQUIRE(walker.bulk_left() == data + 5004 - here);
    walker.continue_with(rpc::Bytes(bytes).subspan(here + walker.bulk_left()));
    CHECK(walker.walk(spots, count) == Walk::done);
    REQUIRE(count == 3);
    CHECK(spots[2].point == Point::handle);
    CHECK(spots[2].offset == 4);
  }
}

TEST_CASE("the operations that change something are those that a read-only guest may not call") {
  const std::set<std::uint32_t> always = {6, 11, 28, 29, 34, 38, 49, 59, 60, 62, 70, 71, 73, 75};
  for (const Sample& s : test::argument_samples()) {
    INFO("operation " << s.operation);
    const auto bytes = test::message_of(Message::call, {Words().u32({24}), test::numbered(s)});
    const Walked w = walk(Message::call, bytes);
    if (s.operation != 18 && s.operation != 19 && s.operation != 50)
      CHECK(w.facts.changes == always.contains(s.operation));
    if (w.facts.changes) CHECK(w.facts.change.index == 1);
  }
  const auto changes = [](const Words& op) {
    return walk(Message::call, test::message_of(Message::call, {op})).facts.changes;
  };
  const auto open = [&](std::uint32_t access, const Words& how) {
    return changes(Words().u32({18, 0, access, 0, 1, 2}).opaque("o").add(how).u32({0}).opaque("name"));
  };
  CHECK_FALSE(open(1, Words().u32({0})));
  CHECK(open(2, Words().u32({0})));
  CHECK(open(3, Words().u32({0})));
  CHECK(open(1, Words().u32({1, 2, 0, 0})));
  CHECK(changes(Words().u32({19, 1})));
  CHECK_FALSE(changes(Words().u32({19, 0})));
  const auto layout = [&](std::uint32_t mode) {
    return changes(Words().u32({50, 0, 1, mode, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 9}));
  };
  CHECK_FALSE(layout(1));
  CHECK(layout(2));
}
