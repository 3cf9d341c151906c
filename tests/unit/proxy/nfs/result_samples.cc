#include "tests/unit/proxy/nfs/samples.h"

namespace gatehouse::test {
namespace {

using nfs::Point;

// The status, and what follows it.
Words ok() {
  return Words().u32({0});
}
Words state() {
  return Words().u32({1, 0x11111111, 0x22222222, 0x33333333});
}
Words session() {
  return Words().u32({0x5f000000, 1, 7, 0});
}
Words change() {
  return Words().u32({1, 0, 1, 0, 2});
}
Words bitmap() {
  return Words().u32({2, 0x10, 0x2});
}
Words attributes() {
  return Words().u32({2, 0x10, 0x2, 12, 0, 100, 0644});
}
// SUPPORTED_ATTRS, TYPE, FSID and FILEHANDLE.
Words with_handle() {
  const Words values = Words().u32({2, 1, 2, 1, 0, 5, 0, 0}).opaque("server's handle");
  return Words().u32({1, 0x80103, static_cast<std::uint32_t>(values.bytes().size())}).add(values);
}
Words ace() {
  return Words().u32({0, 0, 7}).opaque("who");
}
Words opened() {
  return ok().add(state()).add(change()).u32({4}).add(bitmap());
}
Words implementation() {
  return Words().u32({1}).opaque("kernel.org").opaque("Linux").u32({0, 0, 0});
}
Words exchanged(std::uint32_t how) {
  return ok().u32({0x5f000000, 1, 1, 0x20000, how});
}
Words server_owner() {
  return Words().u32({0, 0}).opaque("server").opaque("scope").add(implementation());
}

// A status that no arm knows ends every result but SETATTR's.
constexpr std::uint32_t kSomeError = 10020;

}  // namespace

std::vector<Sample> result_samples() {
  constexpr Point kState = Point::state, kSession = Point::session;
  const Words denied = Words().u32({10010, 0, 5, 0, 6, 2, 9, 9}).opaque("other's");
  const Words response = Words().u32({1}).add(state()).u32({0, 100, 2, 7, 8});
  std::vector<Sample> out = {
      {3, ok().u32({0x1f, 0x1f}), {}},
      {4, ok().add(state()), {kState}},
      {5, ok().u32({7, 8}), {}},
      {6, ok().add(change()).add(bitmap()), {}},
      {9, ok().add(attributes()), {}},
      {9, ok().add(with_handle()), {Point::handle}},
      {10, ok().opaque("server's handle"), {Point::handle}},
      {11, ok().add(change()), {}},
      {12, ok().add(state()), {kState}},
      {12, denied, {Point::denied}},
      {13, ok(), {}},
      {13, denied, {Point::denied}},
      {14, ok().add(state()), {kState}},
      {18, opened().u32({0}), {kState}},
      {18, opened().u32({1}).add(state()).u32({0}).add(ace()), {kState, kState}},
      {18, opened().u32({2}).add(state()).u32({0, 1, 0, 9}).add(ace()), {kState, kState}},
      {18, opened().u32({2}).add(state()).u32({0, 2, 5, 9}).add(ace()), {kState, kState}},
      {18, opened().u32({3, 0}), {kState}},
      {18, opened().u32({3, 1, 1}), {kState}},
      {18, opened().u32({3, 2, 0}), {kState}},
      {20, ok().add(state()), {kState}},
      {21, ok().add(state()), {kState}},
      {25, ok().u32({1}).opaque("data"), {}},
      {26,
       ok().u32({1, 2, 1, 0, 3})
           .opaque("one")
           .add(with_handle())
           .u32({1, 0, 4})
           .opaque("two")
           .add(attributes())
           .u32({0, 1}),
       {Point::handle}},
      {26, ok().u32({1, 2, 0, 1}), {}},
      {27, ok().opaque("target"), {}},
      {28, ok().add(change()), {}},
      {29, ok().add(change()).add(change()), {}},
      {33, ok().u32({3, 1, 6}).opaque("oid").u32({0, 3, 0}), {Point::flavors}},
      {34, ok().add(bitmap()), {}},
      {34, Words().u32({30, 0}), {}},
      {35, ok().u32({1, 2, 3, 4}), {Point::client}},
      {35, Words().u32({10017}).opaque("tcp").opaque("127.66.0.1.2.3"), {Point::callback_using}},
      {38, ok().u32({4, 2, 7, 8}), {}},
      {41, ok().add(session()).u32({3, 0}), {kSession}},
      {42, exchanged(0).add(server_owner()), {Point::client}},
      {42, exchanged(1).add(bitmap()).add(bitmap()).add(server_owner()), {Point::client}},
      {42,
       exchanged(2).add(bitmap()).add(bitmap()).u32({1, 1, 32, 128, 1}).opaque("handle").add(server_owner()),
       {Point::client}},
      {43, ok().add(session()).u32({1, 3}).add(channel()).add(channel({1, 9})), {kSession}},
      {46, ok().u32({0, 1, 2}).add(state()).add(bitmap()).add(bitmap()).add(bitmap()), {kState}},
      {46, ok().u32({1, 0}), {}},
      {47, ok().u32({1}).opaque("device").add(bitmap()), {}},
      {47, Words().u32({10005, 8192}), {}},
      {48, ok().u32({0, 1, 2, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8, 1}), {}},
      {49, ok().u32({1, 0, 100}), {}},
      {49, ok().u32({0}), {}},
      {50, ok().u32({1}).add(state()).u32({1, 0, 0, 0, 9, 1, 1}).opaque("layout"), {kState}},
      {50, Words().u32({10058, 1}), {}},
      {51, ok().u32({1}).add(state()), {kState}},
      {51, ok().u32({0}), {}},
      {52, ok().u32({1, 1}), {Point::flavors}},
      {53, ok().add(session()).u32({1, 0, 0, 0, 0}), {kSession}},
      {54, ok().opaque("digest"), {}},
      {55, ok().u32({2, 0, 10025}), {}},
      {56, ok().u32({0}), {}},
      {56, ok().u32({2}).add(state()).u32({0, 1, 0, 9}).add(ace()), {kState}},
      {60, ok().add(response).u32({1, 1}), {kState}},
      {60, ok().u32({0, 0, 100, 2, 7, 8, 1, 1}), {}},
      {60, Words().u32({10094, 1, 0}), {}},
      {61,
       ok().u32({0, 90, 0}).add(state()).u32({2, 1}).opaque("server").u32({3}).opaque("tcp").opaque("127.0.0.1.8.1"),
       {kState}},
      {63, ok().add(bitmap()), {}},
      {67, ok().u32({0, 100, 1, 0}), {}},
      {67, ok().u32({0, 100, 0}), {}},
      {68, ok().u32({1, 2, 0, 0, 0}).opaque("data").u32({1, 0, 4, 0, 96}), {}},
      {69, ok().u32({0, 0, 4096}), {}},
      {70, ok().add(response), {kState}},
      {72, ok().opaque("value"), {}},
      {73, ok().add(change()), {}},
      {74, ok().u32({0, 1, 2}).opaque("one").opaque("two").u32({1}), {}},
      {75, ok().add(change()), {}},
      {nfs::kIllegal, Words().u32({10044}), {}},
  };
  for (const std::uint32_t op : {7U,  8U,  15U, 16U, 17U, 19U, 22U, 23U, 24U, 30U, 31U, 32U, 36U,
                                 37U, 39U, 40U, 44U, 45U, 57U, 58U, 59U, 62U, 64U, 65U, 66U, 71U})
    out.push_back({op, ok(), {}});
  for (std::uint32_t op = nfs::kFirstOperation; op <= nfs::kLastOperation; ++op)
    if (op != 34) out.push_back({op, Words().u32({kSomeError}), {}});
  return out;
}

std::vector<Sample> callback_result_samples() {
  std::vector<Sample> out = {
      {3, ok().add(with_handle()), {Point::handle}},
      {11, ok().add(session()).u32({1, 0, 0, 0}), {Point::session}},
      {nfs::kIllegal, Words().u32({10044}), {}},
  };
  for (std::uint32_t op = nfs::kFirstOperation; op <= nfs::kLastCallback; ++op) {
    out.push_back({op, Words().u32({kSomeError}), {}});
    if (op != 3 && op != 11) out.push_back({op, ok(), {}});
  }
  return out;
}

}  // namespace gatehouse::test
