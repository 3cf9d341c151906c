// What a gatehoused reads that the one before it left: lengths and bounds decide, what is taken encodes as it came, and
// every context of it can go on. The encryption around it is left out: nothing that is not genuine gets this far.
#include <algorithm>

#include "proxy/handover/saved.h"
#include "tests/fuzz/target.h"

using namespace gatehouse;
using fuzz::expect;

namespace {

void check(const gss::Context::State& c, const gss::Clock& at) {
  expect(c.terms.key.size <= gss::SessionKey::kMaxBytes, "a key fits");
  expect(c.terms.ticket_end_s > at.wall_s && c.terms.lifetime_end_ms > at.monotonic_ms, "no context had expired");
  expect(c.last_used_ms <= at.monotonic_ms, "none was used after the save");
  expect(handover::encoded_size(c, at) > 0, "it is within the bounds");
  const auto context = gss::Context::restore(c, 1);
  expect(context != nullptr, "it can go on");
  expect(context->lane(0) != nullptr, "its key can be used");
  if (c.window.any)
    expect(context->window().admit(c.window.newest) == gss::SequenceWindow::Answer::duplicate, "its newest is known");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rpc::Bytes in{data, size};
  const auto saved = handover::decode(in);
  if (!saved) {
    expect(!handover::decode_fault_text(saved.error()).empty(), "a fault has words");
    return 0;
  }
  gss::WipedBytes again = handover::encode_head(saved->at, saved->guests.size());
  std::size_t contexts = 0;
  for (const handover::SavedGuest& g : saved->guests) {
    expect(handover::encoded_size(g) > 0, "a guest is within the bounds");
    const gss::WipedBytes one = handover::encode_guest(g, saved->at);
    again.insert(again.end(), one.begin(), one.end());
    // Making a key's schedules takes long: of many contexts the first few.
    for (const auto& c : g.contexts)
      if (++contexts <= 8) check(c, saved->at);
  }
  expect(std::ranges::equal(again, in), "what is taken encodes as it came");
  if (size > 0) expect(!handover::decode(in.first(size - 1)), "and is whole");
  return 0;
}
