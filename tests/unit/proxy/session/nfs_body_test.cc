// Bodies that come in pieces: whatever is here first, what goes on is what the whole message becomes.
#include "proxy/session/nfs_body.h"

#include <algorithm>

#include "tests/unit/proxy/nfs/rewritten.h"

using namespace gatehouse;
using namespace gatehouse::test;
using nfs::Message;
using session::NfsBody;
using session::NfsOutcome;

namespace {

constexpr std::uint32_t kWrite = 38;
constexpr std::uint32_t kRead = 25;

struct Guest {
  Guest() { REQUIRE(keys.derive(Text(nfs::kSecretSize, 1), "web1")); }
  nfs::GuestKeys keys;
  nfs::Rules rules{.guest = "web1", .keys = &keys, .neutral_callbacks = true};
};

// What goes on of a message of which `first` bytes are here at once and the others come `piece` by `piece`.
struct Result {
  NfsOutcome outcome;
  bool streamed = false;
  Text out;
};
Result pass(const nfs::Rules& rules, Message message, session::NfsNote note, const Text& in, std::size_t first,
            std::size_t piece) {
  session::NfsScratch scratch;
  session::BufferPool pool;
  NfsBody body({rules, {}}, scratch, pool);
  rpc::Bytes here = rpc::Bytes(in).first(std::min(first, in.size()));
  Result r{body.begin(message, note, here, in.size()), false, {}};
  if (r.outcome == NfsOutcome::gather) {
    here = in;
    r.outcome = body.begin(message, note, here, in.size());
  }
  if (r.outcome == NfsOutcome::session) {
    r.out.resize(nfs::kSessionEnd);
    r.out.resize(body.write_session(here, r.out));
    r.out.insert(r.out.end(), in.begin() + static_cast<std::ptrdiff_t>(r.out.size()), in.end());
    Text all(in.size());
    body.session_pieces(in).copy_to(all);
    CHECK(all == r.out);
    return {NfsOutcome::changed, here.size() < in.size(), r.out};
  }
  const auto take = [&] {
    Text all(body.pieces().size());
    body.pieces().copy_to(all);
    r.out.insert(r.out.end(), all.begin(), all.end());
    body.release();
  };
  if (r.outcome == NfsOutcome::same) r.out = in;
  if (r.outcome == NfsOutcome::same) return r;
  const std::size_t length = body.length();
  take();
  if (r.outcome != NfsOutcome::streams) return r;
  r.streamed = true;
  for (std::size_t at = here.size(); at < in.size(); at += piece) {
    const rpc::Bytes now = body.bulk(rpc::Bytes(in).subspan(at, std::min(piece, in.size() - at)));
    r.out.insert(r.out.end(), now.begin(), now.end());
  }
  r.outcome = body.end();
  take();
  if (r.outcome == NfsOutcome::changed) CHECK(r.out.size() == length);
  return r;
}

session::NfsNote compound() {
  session::NfsNote note;
  note.kind = session::NfsKind::compound;
  note.reply = true;
  return note;
}

void agrees(const nfs::Rules& rules, Message message, const Text& in, bool streams) {
  nfs::CallNote note{2, {}};
  const Outcome whole = rewrite(rules, message, note, in);
  const Text& expected = whole.what == nfs::Rewritten::same ? in : whole.out;
  session::NfsNote of_call = compound();
  of_call.call.minor = 2;
  for (const std::size_t first : {std::size_t{0}, std::size_t{40}, std::size_t{4095}, std::size_t{4096},
                                  std::size_t{5000}, in.size() - 5, in.size() - 1, in.size()}) {
    CAPTURE(first, in.size());
    const Result r = pass(rules, message, of_call, in, first, 1000);
    CHECK((r.outcome == NfsOutcome::changed || r.outcome == NfsOutcome::same));
    CHECK(r.out == expected);
    if (first >= 4095 && first < in.size()) CHECK(r.streamed == streams);
  }
}

Words data_of(std::size_t size) {
  return Words().opaque(std::string(size, 'd'));
}

Words write_of(std::size_t size) {
  return Words().u32({kWrite, 1, 2, 3, 4, 0, 0, 0}).add(data_of(size));
}

const Words kGetAttr = Words().u32({9, 1, 0x18});

}  // namespace

TEST_CASE("a call with file data becomes the same however it comes, and need not be here whole") {
  const Guest guest;
  for (const std::size_t size : {std::size_t{20000}, std::size_t{20001}, std::size_t{1} << 20}) {
    const auto shown = shown_to(guest.keys);
    agrees(guest.rules, Message::call,
           message_of(Message::call, {sequence_of(shown), kPutRootFh, write_of(size), kGetAttr}), true);
    agrees(guest.rules, Message::call, message_of(Message::call, {sequence_of(shown), kPutRootFh, write_of(size)}),
           true);
  }
}

TEST_CASE("a call with an identifier behind its file data is changed there, too") {
  const Guest guest;
  const auto shown = shown_to(guest.keys);
  const Words destroy = Words().u32({44}).add(session_words(shown));
  agrees(guest.rules, Message::call,
         message_of(Message::call, {sequence_of(shown), kPutRootFh, write_of(20002), destroy}), true);
}

TEST_CASE("a reply with file data becomes the same however it comes, and need not be here whole") {
  const Guest guest;
  const Words sequence = Words().u32({53, 0}).add(session_words(kServers)).u32({1, 0, 0, 0, 0});
  const Words read = Words().u32({kRead, 0, 1}).add(data_of(30001));
  agrees(guest.rules, Message::reply, message_of(Message::reply, {sequence, kPutRootFhDone, read}), true);
}

TEST_CASE("a long message without file data is gathered") {
  const Guest guest;
  std::vector<Words> operations{sequence_of(shown_to(guest.keys))};
  for (int i = 0; i < 2000; ++i) operations.push_back(kPutRootFh);
  agrees(guest.rules, Message::call, message_of(Message::call, operations), false);
}

TEST_CASE("bytes behind the last operation, data longer than its record and a tail that is none are malformed") {
  const Guest guest;
  const auto shown = shown_to(guest.keys);
  const Text good = message_of(Message::call, {sequence_of(shown), kPutRootFh, write_of(20000), kGetAttr});
  Text longer = good;
  longer.resize(good.size() + 4);
  Text lying = good;
  lying.resize(good.size() - 400);
  Text many = message_of(Message::call, {sequence_of(shown), kPutRootFh});
  many.resize(many.size() + 20000);
  for (const Text* in : {&longer, &lying, &many})
    for (const std::size_t first : {std::size_t{40}, std::size_t{4096}, std::size_t{6000}, in->size()})
      CHECK(pass(guest.rules, Message::call, compound(), *in, first, 997).outcome == NfsOutcome::malformed);
}

TEST_CASE("of a call that a read-only guest may not make only what stands before goes on, whatever is here") {
  Guest guest;
  guest.rules.read_only = true;
  const Text in = message_of(Message::call, {sequence_of(shown_to(guest.keys)), kPutRootFh, write_of(20000), kGetAttr});
  session::NfsNote of_call = compound();
  nfs::CallNote note;
  const Outcome whole = rewrite(guest.rules, Message::call, note, in);
  for (const std::size_t first : {std::size_t{40}, std::size_t{4096}, in.size()}) {
    const Result r = pass(guest.rules, Message::call, of_call, in, first, 1000);
    CHECK(r.outcome == NfsOutcome::changed);
    CHECK(r.out == whole.out);
  }
}

TEST_CASE("a call that goes on unread from an unknown operation on is the same however it comes") {
  Guest guest;
  guest.rules.pass_unknown = true;
  const Words unknown = Words().u32({4000}).add(data_of(20000));
  agrees(guest.rules, Message::call, message_of(Message::call, {sequence_of(shown_to(guest.keys)), unknown}), true);
}

TEST_CASE("a reply to a call that was cut, and one with bound handles, is gathered whole") {
  Guest guest;
  guest.rules.bind_handles = true;
  const Words read = Words().u32({kRead, 0, 1}).add(data_of(30001));
  agrees(guest.rules, Message::reply, message_of(Message::reply, {kPutRootFhDone, read}), false);
}

TEST_CASE("every operation behind SEQUENCE becomes, and its results become, what the whole rewrite makes of them") {
  const Guest guest;
  const auto shown = shown_to(guest.keys);
  for (const std::uint32_t minor : {1U, 2U}) {
    for (const Sample& s : argument_samples()) {
      CAPTURE(s.operation, minor);
      const Text in = message_of(Message::call, {sequence_of(shown), numbered(s), kPutRootFh}, 0, minor);
      nfs::CallNote note;
      const Outcome whole = rewrite(guest.rules, Message::call, note, in);
      session::NfsNote of_call = compound();
      const Result r = pass(guest.rules, Message::call, of_call, in, in.size(), 1000);
      CHECK((r.outcome == NfsOutcome::changed) == (whole.what == nfs::Rewritten::changed));
      if (r.outcome == NfsOutcome::changed) CHECK(r.out == whole.out);
    }
  }
}

TEST_CASE("results that hold something to change are not taken for results that hold none") {
  const Guest guest;
  const Words sequence = Words().u32({53, 0}).add(session_words(kServers)).u32({1, 0, 0, 0, 0});
  std::vector<std::uint32_t> alone;
  for (const Sample& s : result_samples()) {
    if (s.operation < nfs::kFirstOperation || s.operation > nfs::kLastOperation) continue;
    const auto hold = nfs::results_hold();
    if ((hold[s.operation / 64] >> s.operation % 64 & 1U) != 0) continue;
    alone.push_back(s.operation);
    CAPTURE(s.operation);
    session::NfsNote note = compound();
    note.call = {2, {}, true};
    const Text in = message_of(Message::reply, {sequence, numbered(s), kPutRootFhDone});
    const Result r = pass(guest.rules, Message::reply, note, in, in.size(), 1000);
    const Outcome whole = reply(guest.rules, in);
    CHECK(r.outcome == NfsOutcome::changed);
    CHECK(r.out == whole.out);
  }
  CHECK(alone.size() > 40);
  for (const std::uint32_t holds : {12U, 33U, 42U, 43U, 52U, 53U})  // LOCK, SECINFO, EXCHANGE_ID, CREATE_SESSION ...
    CHECK(std::ranges::find(alone, holds) == alone.end());
}

TEST_CASE("an error of a call whose results hold nothing is read, so that it can be logged") {
  const Guest guest;
  session::NfsNote note = compound();
  note.call = {2, {}, true};
  session::NfsScratch scratch;
  session::BufferPool pool;
  NfsBody body({guest.rules, {}}, scratch, pool);
  const Text in = message_of(Message::reply, {Words().u32({53, 10052})}, 10052);
  CHECK(body.begin(Message::reply, note, in, in.size()) == NfsOutcome::same);
  REQUIRE(body.facts() != nullptr);
  CHECK(body.facts()->at_status == 10052);
}
