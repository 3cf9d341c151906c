// What the fuzz targets of integrity and privacy share: inputs that bring their key, and what must hold of any body.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "gss/body.h"
#include "tests/fuzz/target.h"

namespace gatehouse::fuzz {

/// Input: how an input is read: a byte that chooses the enctype (its number, when it is one), the session key, the
/// credential's sequence number, and the body of the call.
struct Input {
  gss::SessionKey key;
  std::uint32_t seq = 0;
  rpc::Bytes body;

  static std::optional<Input> read(rpc::Bytes in) {
    Input out;
    if (in.empty()) return std::nullopt;
    out.key.enctype = static_cast<gss::Enctype>(17 + (in[0] + 3) % 4);
    const bool small = out.key.enctype == gss::Enctype::aes128_sha1 || out.key.enctype == gss::Enctype::aes128_sha256;
    out.key.size = small ? 16 : 32;
    if (in.size() < 1 + out.key.size + 4) return std::nullopt;
    std::ranges::copy(in.subspan(1, out.key.size), out.key.bytes.begin());
    out.seq = rpc::XdrReader(in.subspan(1 + out.key.size)).u32();
    out.body = in.subspan(1 + out.key.size + 4);
    return out;
  }
};

/// Gateway, Client: both ends of the input's context.
struct Ends {
  explicit Ends(const gss::SessionKey& key)
      : gateway(gss::Protection::make(key, gss::Protection::Role::acceptor)),
        client(gss::Protection::make(key, gss::Protection::Role::initiator)) {
    expect(gateway != nullptr && client != nullptr, "a key of the right size can be used");
  }
  std::unique_ptr<gss::Protection> gateway;
  std::unique_ptr<gss::Protection> client;
};

using Memory = std::vector<std::uint8_t>;

/// decode: of a copy that ends where its memory ends; the arguments as a copy.
inline std::expected<Memory, gss::BodyFault> decode(rpc::GssService service, std::uint32_t seq, rpc::Bytes body,
                                                    gss::Protection& protection) {
  Memory copy(body.begin(), body.end());
  const auto got = gss::decode_args(service, seq, copy, protection);
  if (!got) return std::unexpected(got.error());
  expect(inside(*got, copy), "the arguments lie in the body");
  expect(got->size() % 4 == 0, "arguments are words");
  return Memory(got->begin(), got->end());
}

/// check_taken: what must hold of a body that was taken.
inline void check_taken(rpc::GssService service, const Input& in, gss::Protection& protection) {
  expect(decode(service, in.seq + 1, in.body, protection) == std::unexpected(gss::BodyFault::wrong_sequence),
         "the number must be the credential's");
  Dice dice(in.body);
  for (int i = 0; i < 4; ++i)
    expect(decode(service, in.seq, in.body.first(dice.below(in.body.size())), protection) ==
               std::unexpected(gss::BodyFault::malformed),
           "no part of a body is a body");
  Memory longer(in.body.begin(), in.body.end());
  longer.insert(longer.end(), 4, 0);
  expect(decode(service, in.seq, longer, protection) == std::unexpected(gss::BodyFault::malformed),
         "nothing follows a body");
}

/// protect: the body that a client makes of `args`: with its own role, what the gateway makes of results.
inline Memory protect(rpc::GssService service, std::uint32_t seq, rpc::Bytes args, gss::Protection& protection) {
  const gss::ResultRoom room = gss::result_room(service, args.size(), protection);
  expect(room.head <= gss::kMaxResultHead && room.tail <= gss::kMaxResultTail, "the room is within its bounds");
  Memory body(room.head, 0xee);
  body.insert(body.end(), args.begin(), args.end());
  body.insert(body.end(), room.tail, 0xee);
  expect(gss::protect_results(service, seq, 1, body, protection), "results can be protected");
  return body;
}

/// check_made: whatever the arguments are, what one end protects the other end opens, and only that.
inline void check_made(rpc::GssService service, const Input& in, const Ends& ends) {
  const rpc::Bytes args = in.body.first(in.body.size() / 4 * 4);
  Memory body = protect(service, in.seq, args, *ends.client);
  const auto got = decode(service, in.seq, body, *ends.gateway);
  expect(got && std::ranges::equal(*got, args), "what the client protects comes out");
  expect(!decode(service, in.seq, body, *ends.client), "what a side made is not taken by the same side");
  expect(decode(service, in.seq, protect(service, in.seq, args, *ends.gateway), *ends.client).has_value(),
         "what the gateway protects the client opens");
  Dice dice(in.body);
  body[dice.below(body.size())] ^= static_cast<std::uint8_t>(1U << dice.below(8));
  const auto changed = decode(service, in.seq, body, *ends.gateway);
  // RRC of a wrap token is not protected: it may be another way to write the same.
  expect(!changed || (service == rpc::GssService::privacy && *changed == *got), "a changed bit is seen");
}

/// run_body: one input of either target.
inline void run_body(rpc::GssService service, rpc::Bytes data) {
  const auto in = Input::read(data);
  if (!in) return;
  const Ends ends(in->key);
  if (decode(service, in->seq, in->body, *ends.gateway)) check_taken(service, *in, *ends.gateway);
  check_made(service, *in, ends);
}

}  // namespace gatehouse::fuzz
