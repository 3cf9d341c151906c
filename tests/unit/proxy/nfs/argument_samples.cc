#include "tests/unit/proxy/nfs/samples.h"

namespace gatehouse::test {
namespace {

using nfs::Point;

Words w() {
  return {};
}
Words state() {
  return w().u32({1, 0x11111111, 0x22222222, 0x33333333});
}
Words client() {
  return w().u32({0x5f000000, 1});
}
Words session() {
  return w().u32({0x5f000000, 1, 7, 0});
}
Words extent() {
  return w().u32({0, 4096, 0, 100});
}
Words name() {
  return w().opaque("a name");
}
Words bitmap() {
  return w().u32({2, 0x10, 0x2});
}
// SIZE and MODE.
Words attributes() {
  return w().u32({2, 0x10, 0x2, 12, 0, 100, 0644});
}
// TYPE, ACL and FILEHANDLE.
Words with_handle() {
  const Words values = w().u32({1, 1, 0, 0, 7}).opaque("someone@").opaque("handle");
  return w().u32({1, 0x81002, static_cast<std::uint32_t>(values.bytes().size())}).add(values);
}
Words location(std::uint32_t type) {
  return type == 3 ? w().u32({3}).opaque("tcp").opaque("127.0.0.1.8.1") : w().u32({type}).opaque("example.com");
}

Words open(std::uint32_t access) {
  return w().u32({0, access, 0}).add(client()).opaque("owner");
}

}  // namespace

std::vector<Sample> argument_samples() {
  constexpr Point kState = Point::state, kClient = Point::client, kHandle = Point::handle, kSession = Point::session;
  std::vector<Sample> out = {
      {3, w().u32({0x1f}), {}},
      {4, w().u32({9}).add(state()), {kState}},
      {5, w().u32({0, 0, 100}), {}},
      {6, w().u32({2}).add(name()).add(attributes()), {}},
      {6, w().u32({5}).opaque("target").add(name()).add(attributes()), {}},
      {6, w().u32({3, 8, 1}).add(name()).add(attributes()), {}},
      {6, w().u32({4, 1, 3}).add(name()).add(attributes()), {}},
      {7, client(), {kClient}},
      {8, state(), {kState}},
      {9, bitmap(), {Point::request}},
      {10, w(), {}},
      {11, name(), {}},
      {12,
       w().u32({2, 0}).add(extent()).u32({1, 5}).add(state()).u32({6}).add(client()).opaque("locker"),
       {kState, kClient}},
      {12, w().u32({2, 0}).add(extent()).u32({0}).add(state()).u32({6}), {kState}},
      {13, w().u32({1}).add(extent()).add(client()).opaque("locker"), {kClient}},
      {14, w().u32({1, 5}).add(state()).add(extent()), {kState}},
      {15, name(), {}},
      {16, w(), {}},
      {17, attributes(), {}},
      {17, with_handle(), {kHandle}},
      {18, open(1).u32({0, 0}).add(name()), {kClient}},
      {18, open(3).u32({1, 0}).add(attributes()).u32({0}).add(name()), {kClient}},
      {18, open(3).u32({1, 1}).add(attributes()).u32({1, 2}), {kClient}},
      {18, open(3).u32({1, 2, 7, 8}).u32({2}).add(state()).add(name()), {kClient, kState}},
      {18, open(3).u32({1, 3, 7, 8}).add(attributes()).u32({3}).add(name()), {kClient}},
      {18, open(1).u32({0, 4}), {kClient}},
      {18, open(1).u32({0, 5}).add(state()), {kClient, kState}},
      {18, open(1).u32({0, 6}), {kClient}},
      {19, w().u32({1}), {}},
      {19, w().u32({0}), {}},
      {20, state().u32({3}), {kState}},
      {21, state().u32({3, 1, 0}), {kState}},
      {22, w().opaque("handle"), {kHandle}},
      {23, w(), {}},
      {24, w(), {}},
      {25, state().u32({0, 0, 4096}), {kState}},
      {26, w().u32({0, 0, 0, 0, 1024, 4096}).add(bitmap()), {Point::room}},
      {27, w(), {}},
      {28, name(), {}},
      {29, name().add(name()), {}},
      {30, client(), {kClient}},
      {31, w(), {}},
      {32, w(), {}},
      {33, name(), {}},
      {34, state().add(attributes()), {kState}},
      {35,
       w().u32({1, 2}).opaque("client").u32({0x40000000}).opaque("tcp").opaque("127.0.0.1.8.1").u32({1}),
       {Point::verifier, Point::owner, Point::program, Point::callback}},
      {36, client().u32({3, 4}), {kClient}},
      {37, with_handle(), {kHandle}},
      {38, state().u32({0, 0, 2}).opaque("data!"), {kState}},
      {39, client().opaque("locker"), {kClient}},
      {40, w().u32({0x40000000, 1, 0}), {Point::program, Point::security}},
      {41, session().u32({3, 0}), {kSession}},
      {43,
       client()
           .u32({1, 3, 0, 1, 2, 3, 4, 5, 0, 0, 1, 2, 3, 4, 5, 1, 9, 0x40000000, 3, 0, 1, 7})
           .opaque("a host")
           .u32({0, 0, 2, 5, 6, 6, 1})
           .opaque("one")
           .opaque("other"),
       {kClient, Point::program, Point::security}},
      {44, session(), {kSession}},
      {45, state(), {kState}},
      {46, w().u32({0}).add(bitmap()).u32({0, 1, 0, 0, 2, 0}).add(bitmap()).add(bitmap()), {}},
      {47, w().u32({1, 2, 3, 4, 1, 4096}).add(bitmap()), {}},
      {48, w().u32({1, 8, 0, 0, 0, 0}), {}},
      {49, extent().u32({0}).add(state()).u32({1, 0, 99, 1, 0, 5, 6, 1}).opaque("update"), {kState}},
      {49, extent().u32({0}).add(state()).u32({0, 0, 1}).opaque(""), {kState}},
      {50, w().u32({0, 1, 1, 0, 0, 0, 4096, 0, 1}).add(state()).u32({4096}), {kState}},
      {50, w().u32({0, 1, 2, 0, 0, 0, 4096, 0, 1}).add(state()).u32({4096}), {kState}},
      {51, w().u32({0, 1, 3, 1}).add(extent()).add(state()).opaque("body"), {kState}},
      {51, w().u32({0, 1, 3, 3}), {}},
      {52, w().u32({0}), {}},
      {53, session().u32({1, 0, 0, 1}), {kSession}},
      {54, w().opaque("secret").opaque("digest"), {}},
      {55, w().u32({2}).add(state()).add(state()), {kState, kState}},
      {55, w().u32({0}), {}},
      {56, w().u32({1, 4}), {}},
      {56, w().u32({1, 1, 2}), {}},
      {57, client(), {kClient}},
      {58, w().u32({0}), {}},
      {59, state().add(extent()), {kState}},
      {60, state().add(state()).add(extent()).u32({0, 50, 1, 1, 0}), {kState, kState}},
      {60,
       state().add(state()).add(extent()).u32({0, 50, 1, 1, 2}).add(location(1)).add(location(3)),
       {kState, kState}},
      {61, state().add(location(2)), {kState}},
      {61, state().add(location(3)), {kState}},
      {62, state().add(extent()), {kState}},
      {63, state().add(extent()).add(bitmap()), {kState}},
      {64, extent().add(state()).u32({1, 1, 2, 3, 4, 5, 25}), {kState}},
      {65, extent().add(state()).u32({0, 1, 0, 2, 0, 3, 0, 4, 1, 2, 3, 4, 1}).opaque("update"), {kState}},
      {66, state(), {kState}},
      {67, state(), {kState}},
      {68, state().u32({0, 0, 4096}), {kState}},
      {69, state().u32({0, 0, 1}), {kState}},
      {70, state().u32({2, 0, 0, 0, 512, 0, 8, 0, 0, 1, 0, 4}).opaque("pattern"), {kState}},
      {71, state().add(state()).add(extent()).u32({0, 50}), {kState, kState}},
      {72, name(), {}},
      {73, w().u32({1}).add(name()).opaque("value"), {}},
      {74, w().u32({0, 0, 4096}), {}},
      {75, name(), {}},
  };
  const auto exchange_id = [](std::uint32_t how, const Words& arm) {
    return w()
        .u32({1, 2})
        .opaque("client")
        .u32({0x101, how})
        .add(arm)
        .u32({1})
        .opaque("kernel.org")
        .opaque("Linux")
        .u32({0, 0, 0});
  };
  const Words ops = bitmap().add(bitmap());
  const Words ssv = bitmap().add(bitmap()).u32({1}).opaque("oid").u32({2}).opaque("oid1").opaque("oid2").u32({128, 4});
  for (const Words& body : {exchange_id(0, w()), exchange_id(1, ops), exchange_id(2, ssv)})
    out.push_back({42, body, {Point::verifier, Point::owner, Point::protection}});
  return out;
}

std::vector<Sample> callback_argument_samples() {
  const Words handle = w().opaque("handle");
  const Words notes = w().u32({1}).add(bitmap()).opaque("what changed");
  return {
      {3, Words(handle).add(bitmap()), {Point::handle}},
      {4, state().u32({0}).add(handle), {Point::state, Point::handle}},
      {5, w().u32({1, 3, 0, 1}).add(handle).add(extent()).add(state()), {Point::handle, Point::state}},
      {5, w().u32({1, 3, 0, 2, 0, 1, 0, 2}), {}},
      {5, w().u32({1, 3, 0, 3}), {}},
      {6, state().add(handle).add(notes), {Point::state, Point::handle}},
      {7, Words(handle).u32({1}).add(state()).u32({0, 0, 0, 7}).opaque("who"), {Point::handle, Point::state}},
      {8, w().u32({10}).add(bitmap()), {}},
      {9, w().u32({10}).add(bitmap()), {}},
      {10, w().u32({3}), {}},
      {11,
       session().u32({1, 0, 0, 0, 2}).add(session()).u32({1, 5, 6}).add(session()).u32({0}),
       {Point::session, Point::session, Point::session}},
      {12, w().u32({0, 1}), {}},
      {13, Words(handle).add(client()).opaque("locker"), {Point::handle, Point::client}},
      {14, notes, {}},
      {15,
       Words(handle).add(state()).u32({0, 1}).add(state()).u32({0, 100, 2, 7, 8}),
       {Point::handle, Point::state, Point::state}},
      {15, Words(handle).add(state()).u32({5, 0, 100}), {Point::handle, Point::state}},
  };
}

}  // namespace gatehouse::test
