// Arguments of a creation request: exactly one token of at most kMaxToken bytes and nothing behind it; and the reply,
// which is as long as was said.
#include <algorithm>
#include <vector>

#include "gss/init.h"
#include "rpc/reply.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::Bytes;

bool well_formed(Bytes args) {
  if (args.size() < 4) return false;
  const std::uint32_t token = rpc::XdrReader(args).u32();
  return token <= gss::kMaxToken && args.size() == 4 + rpc::padded(token);
}

// A reply made of `result` is read back as it should be seen.
void answers(const gss::InitResult& result, Bytes verifier) {
  std::vector<std::uint8_t> memory(gss::init_reply_size(result, verifier));
  rpc::XdrWriter w(memory);
  gss::write_init_reply(w, 7, result, verifier);
  expect(w.ok() && w.size() == memory.size(), "init_reply_size is the size");
  rpc::ReplyHeader head;
  if (verifier.size() > rpc::kMaxAuthBytes) return;
  expect(rpc::parse_reply_head(memory, true, head) == rpc::HeadStatus::ok, "it is a reply");
  expect(!head.denied && head.accept_stat == rpc::AcceptStat::success, "accepted, with success");
  rpc::XdrReader r(Bytes(memory).subspan(head.verf_end + 4));
  const bool good = result.major == gss::kGssComplete;
  expect(std::ranges::equal(r.opaque(~0U), good ? result.handle : Bytes{}), "the handle, if it succeeded");
  expect(r.u32() == result.major && r.u32() == result.minor, "the status");
  expect(r.u32() == (good ? result.window : 0), "the window, if it succeeded");
  expect(std::ranges::equal(r.opaque(~0U), good ? result.token : Bytes{}), "the token, if it succeeded");
  expect(r.at_end(), "and nothing else");
  expect(good || head.verf.is_empty_none(), "a failure has no verifier");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes args(data, size);
  const auto token = gss::parse_init_args(args);
  expect(token.has_value() == well_formed(args), "the lengths decide");
  fuzz::Dice dice(args);
  const Bytes some = args.first(dice.below(size + 1));
  answers({some, dice.one_in(2) ? 0 : static_cast<std::uint32_t>(size), 1, 128, args},
          args.first(dice.below(size + 1)));
  if (!token) return 0;
  expect(fuzz::inside(*token, args), "the token lies in the arguments");
  if (size > 0) expect(!gss::parse_init_args(args.first(dice.below(size))), "no part is whole");
  return 0;
}
