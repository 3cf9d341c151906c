// One side of a real context in libgssapi, the other one ours.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "gss/crypto/protection.h"
#include "tests/support/gssapi_reference.h"

namespace gatehouse::test {

using gss::Protection;
using gss::SessionKey;
using Role = Protection::Role;

/// Scene: a context established between two sides of libgssapi, one of which then gave its key to `ours`.
struct Scene {
  SessionKey key;
  std::unique_ptr<Protection> ours;
  ReferenceContext theirs;
};

/// open_scene: `role` is ours; `mutual` as in establish(). Throws when the key is not of the enctype that
/// GATEHOUSE_TEST_ENCTYPE names: the test would prove something else.
Scene open_scene(Role role, bool mutual);

/// each_scene: calls `test` with a scene of each role, with the acceptor's key and with the initiator's.
template <class Test>
void each_scene(Test&& test) {
  for (const Role role : {Role::acceptor, Role::initiator})
    for (const bool mutual : {true, false}) {
      Scene scene = open_scene(role, mutual);
      test(scene);
    }
}

/// lengths: 0 to 80, all about the blocks of cipher and hashes, and about 16, 32 and 64 KiB and 1 MiB, and some
/// thousand at random.
std::vector<std::size_t> lengths();

/// message: `n` bytes of a pattern without short periods; a view that the next call does not change.
rpc::Bytes message(std::size_t n);

/// seal, open: wrap() and unwrap() with copies. open gives nothing when the token is refused.
Octets seal(Protection& ours, rpc::Bytes message, std::uint64_t seq);
std::optional<Octets> open(Protection& ours, rpc::Bytes token);

/// mic: get_mic() into a buffer of its own.
Octets mic(Protection& ours, rpc::Bytes message, std::uint64_t seq);

/// with_rotation: the same sealed token with another RRC, its bytes rotated right to match.
Octets with_rotation(Octets token, std::uint16_t count);

/// mutants: `token` with each byte changed in four ways, cut at every length, and longer.
std::vector<Octets> mutants(const Octets& token);

}  // namespace gatehouse::test
