// Tokens of RFC 4121 under a fixed key of each enctype: what is taken is what the other side would have made, its
// plaintext lies in the token, and the headers decide whatever the checksum does.
#include "tests/fuzz/rfc4121.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "gss/crypto/derive.h"
#include "gss/crypto/seal.h"
#include "tests/fuzz/rfc4121_keys.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using fuzz::rfc4121::Kind;
using fuzz::rfc4121::kKeys;
using gss::Protection;
using rpc::Bytes;
using Role = Protection::Role;
using Buffer = std::vector<std::uint8_t>;

constexpr std::uint8_t kByAcceptor = 1, kSealed = 2, kSubkey = 4;
constexpr std::size_t kHeader = Protection::kTokenHeader;

gss::SessionKey key_of(std::uint32_t enctype) {
  gss::SessionKey key;
  key.enctype = static_cast<gss::Enctype>(enctype);
  key.acceptor_subkey = true;
  for (const char* p = kKeys[enctype - 17]; *p != '\0'; p += 2) {
    unsigned byte = 0;
    expect(std::sscanf(p, "%2x", &byte) == 1, "the recorded key is hexadecimal");
    key.bytes[key.size++] = static_cast<std::uint8_t>(byte);
  }
  return key;
}

// A context of one enctype; `sealers` seal what a receiver of that role is to open.
struct Context {
  std::unique_ptr<Protection> acceptor, initiator;
  std::array<gss::Sealer, 2> sealers;
  const gss::Suite& suite;

  explicit Context(std::uint32_t enctype) : suite(*gss::suite_of(enctype)) {
    const gss::SessionKey key = key_of(enctype);
    acceptor = Protection::make(key, Role::acceptor);
    initiator = Protection::make(key, Role::initiator);
    expect(acceptor && initiator, "a Protection is made");
    for (const Role receiver : {Role::acceptor, Role::initiator}) {
      gss::KeyDerivation derivation;
      Buffer ke(suite.key), ki(suite.mac_key);
      const std::uint32_t usage = receiver == Role::acceptor ? 24 : 22;
      expect(derivation.set_key(suite, key.view()) && derivation.derive(usage, gss::KeyKind::encryption, ke) &&
                 derivation.derive(usage, gss::KeyKind::integrity, ki) &&
                 sealers[static_cast<std::size_t>(receiver)].set_keys(suite, {ke, ki}),
             "keys are derived");
    }
  }
  Protection& side(Role role) { return role == Role::acceptor ? *acceptor : *initiator; }
  Protection& peer(Role role) { return role == Role::acceptor ? *initiator : *acceptor; }
};

Context& context_of(std::uint32_t enctype) {
  static std::array<Context, 4> contexts{Context(17), Context(18), Context(19), Context(20)};
  return contexts[enctype - 17];
}

std::uint64_t number(Bytes b) {
  std::uint64_t n = 0;
  for (const std::uint8_t x : b) n = n << 8 | x;
  return n;
}

std::uint8_t peer_flag(Role receiver) {
  return receiver == Role::acceptor ? 0 : kByAcceptor;
}

void check_mic(Context& context, Role receiver, Bytes message, Bytes token) {
  if (!context.side(receiver).verify_mic(message, token)) return;
  expect(token.size() == context.side(receiver).mic_size(), "a MIC has one length");
  expect(number(token.first(2)) == 0x0404 && number(token.subspan(3, 5)) == 0xffffffffffU, "id and filler");
  expect((token[2] & kByAcceptor) == peer_flag(receiver), "the direction");
  if (token[2] != (kSubkey | peer_flag(receiver))) return;
  Buffer again(token.size());
  expect(context.peer(receiver).get_mic(message, number(token.subspan(8, 8)), again), "get_mic");
  expect(std::ranges::equal(again, token), "the peer's MIC is this one");
}

// The plaintext's place, or nothing.
std::optional<Bytes> unwrap(Context& context, Role receiver, Buffer& token) {
  const Buffer sent = token;
  const auto plain = context.side(receiver).unwrap(token);
  if (!plain) return std::nullopt;
  expect(fuzz::inside(*plain, token) && plain->data() == token.data() + 2 * kHeader, "the plaintext's place");
  expect(number(Bytes(sent).first(2)) == 0x0504 && sent[3] == 0xff, "id and filler");
  expect((sent[2] & (kByAcceptor | kSealed)) == (kSealed | peer_flag(receiver)), "direction and Sealed");
  expect(plain->size() + number(Bytes(sent).subspan(4, 2)) + context.side(receiver).wrap_head() +
                 context.side(receiver).wrap_tail() ==
             token.size(),
         "plaintext, filler, headers, confounder and checksum are the whole token");
  return Bytes(*plain);
}

// By the headers alone, for a token whose checksum is right.
bool right(Role receiver, Bytes open, Bytes inside) {
  if (number(open.first(2)) != 0x0504 || open[3] != 0xff) return false;
  if ((open[2] & (kByAcceptor | kSealed)) != (kSealed | peer_flag(receiver))) return false;
  const Bytes copy = inside.last(kHeader);
  return std::ranges::equal(open.first(6), copy.first(6)) && std::ranges::equal(open.last(8), copy.last(8)) &&
         number(open.subspan(4, 2)) <= inside.size() - kHeader;
}

void check_sealed(Context& context, Role receiver, Bytes open, Bytes inside) {
  if (inside.size() < kHeader) return;
  Buffer token(open.begin(), open.end());
  token.resize(2 * kHeader, 0x5c);
  token.insert(token.end(), inside.begin(), inside.end());
  token.resize(token.size() + context.suite.mac);
  const auto body = std::span(token).subspan(kHeader);
  const std::size_t text = body.size() - context.suite.mac;
  gss::Sealer& sealer = context.sealers[static_cast<std::size_t>(receiver)];
  expect(sealer.seal(body.first(text), body.subspan(text)), "it can be sealed");
  std::ranges::rotate(body, body.end() - static_cast<std::ptrdiff_t>(number(open.subspan(6, 2)) % body.size()));

  const auto plain = unwrap(context, receiver, token);
  expect(plain.has_value() == right(receiver, open, inside), "with a right checksum the headers decide");
  if (plain) expect(std::ranges::equal(*plain, inside.first(plain->size())), "the plaintext is what was sealed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  if (size < 3) return 0;
  const std::uint32_t enctype = 17U + (input[0] & 3U);
  const Role receiver = (input[0] & 4) != 0 ? Role::initiator : Role::acceptor;
  const Bytes rest = input.subspan(3);
  const Bytes message = rest.first(std::min<std::size_t>(number(input.subspan(1, 2)), rest.size()));
  // Buffers of exactly their size, so that the sanitizer sees a read of one byte too many.
  Buffer token(rest.begin() + static_cast<std::ptrdiff_t>(message.size()), rest.end());
  const Buffer text(message.begin(), message.end());
  Context& context = context_of(enctype);
  switch (static_cast<Kind>(input[0] >> 3 & 3)) {
    case Kind::mic: check_mic(context, receiver, text, token); break;
    case Kind::seal:
      if (token.size() >= kHeader) {
        check_sealed(context, receiver, Bytes(token).first(kHeader), Bytes(token).subspan(kHeader));
        break;
      }
      [[fallthrough]];
    case Kind::unwrap: unwrap(context, receiver, token); break;
  }
  return 0;
}
