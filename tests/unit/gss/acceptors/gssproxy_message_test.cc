// Calls to gssproxy and its replies; the replies are what a real gssproxy sent (tests/fuzz/gssproxy_seeds.py).
#include "gss/acceptors/gssproxy_message.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/support/catch.h"

using namespace gatehouse;

namespace {

using Octets = std::vector<std::uint8_t>;

Octets recorded(const std::string& name) {
  std::ifstream in(std::string(GATEHOUSE_SOURCE_DIR) + "/tests/fuzz/corpus/gssproxy_reply/" + name, std::ios::binary);
  REQUIRE(in);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return {text.begin(), text.end()};
}

std::uint32_t xid_of(const Octets& reply) {
  return rpc::XdrReader(reply).u32();
}

std::expected<gss::Accepted, gss::Refused> read(const Octets& reply) {
  return gss::read_accept_reply(reply, xid_of(reply), "nfs");
}

Octets creds(const std::vector<std::uint32_t>& words) {
  Octets out(words.size() * 4);
  std::memcpy(out.data(), words.data(), out.size());
  return out;
}

void put(Octets& out, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(word >> static_cast<unsigned>(shift)));
}

// A reply of the words given behind the header of an accepted call.
Octets reply_of(const std::vector<std::uint32_t>& results) {
  Octets out;
  for (const std::uint32_t word : {7U, 1U, 0U, 0U, 0U, 0U}) put(out, word);
  for (const std::uint32_t word : results) put(out, word);
  return out;
}

std::atomic<std::size_t> largest_allocation{0};
void note_allocation(const volatile void* /*memory*/, std::size_t size) {
  if (size > largest_allocation) largest_allocation = size;
}
void note_free(const volatile void* /*memory*/) {}

}  // namespace

// There with AddressSanitizer alone, which then tells of each allocation, also libtirpc's.
extern "C" [[gnu::weak]] int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                                           std::size_t),
                                                                       void (*free_hook)(const volatile void*));

TEST_CASE("gssproxy's reply gives principal, key, account and token [G8]") {
  const auto alice = read(recorded("alice"));
  REQUIRE(alice);
  CHECK(alice->principal == "alice@GATEHOUSE.TEST");
  CHECK(alice->key.enctype == gss::Enctype::aes256_sha1);
  CHECK(alice->key.size == 32);
  CHECK(alice->key.acceptor_subkey);
  CHECK(alice->looked_up);
  CHECK(alice->ids == gss::Ids{.uid = 5001, .gid = 5001, .groups = {6001, 6002, 6003, 6004}});
  CHECK(alice->token.front() == 0x60);
  CHECK(read(recorded("enctype-19"))->key.enctype == gss::Enctype::aes128_sha256);
  CHECK(read(recorded("in300"))->ids->groups.size() == 300);
  const auto plain = read(recorded("plain"));
  CHECK_FALSE(plain->key.acceptor_subkey);
  CHECK(plain->token.empty());
}

TEST_CASE("a principal without an account is accepted without ids [G6]") {
  const auto carol = read(recorded("carol"));
  REQUIRE(carol);
  CHECK(carol->looked_up);
  CHECK_FALSE(carol->ids);
}

TEST_CASE("what gssproxy refuses is refused with its status and its words, without a token [G8]") {
  const auto replay = read(recorded("replay"));
  REQUIRE_FALSE(replay);
  CHECK(replay.error().major == 13U << 16);
  CHECK(replay.error().text == "gssproxy: Request is a replay");
  CHECK_FALSE(replay.error().unavailable);
  const auto dce = read(recorded("dce-framed"));
  REQUIRE_FALSE(dce);
  CHECK(dce.error().major == 9U << 16);
}

TEST_CASE("a ticket for another service and a context of a weak key are refused [G8, G11]") {
  CHECK(read(recorded("host")).error().text == "the ticket is for host/localhost@GATEHOUSE.TEST, not for nfs/*");
  CHECK(gss::read_accept_reply(recorded("host"), xid_of(recorded("host")), "host"));
  for (const char* name : {"session-16", "session-23", "session-26"}) {
    const auto weak = read(recorded(name));
    REQUIRE_FALSE(weak);
    CHECK_FALSE(weak.error().unavailable);
  }
}

TEST_CASE("a reply that is cut anywhere is none, and the connection is of no more use [G9]") {
  const Octets whole = recorded("alice");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    const auto cut = gss::read_accept_reply(rpc::Bytes(whole).first(n), xid_of(whole), "nfs");
    REQUIRE_FALSE(cut);
    CHECK(cut.error().unavailable);
  }
  Octets longer = whole;
  longer.insert(longer.end(), 4, 0);
  CHECK(read(longer).error().unavailable);
}

TEST_CASE("lengths and counts that the reply cannot hold are not allocated by [G8]") {
  if (__sanitizer_install_malloc_and_free_hooks != nullptr) {
    [[maybe_unused]] static const int installed = __sanitizer_install_malloc_and_free_hooks(note_allocation, note_free);
  }
  const Octets whole = recorded("alice");
  for (std::size_t at = 24; at + 4 <= whole.size(); at += 4)
    for (const std::uint32_t length : {0xffffffffU, 0xfffffffcU, 0x80000000U, 0x3fffffffU, 0x00100000U, 0x00004000U}) {
      Octets lying = whole;
      Octets word;
      put(word, length);
      std::copy(word.begin(), word.end(), lying.begin() + static_cast<std::ptrdiff_t>(at));
      largest_allocation = 0;
      const auto r = read(lying);
      const std::size_t largest = largest_allocation;
      INFO(at << " " << length);
      CHECK(largest < 8192);
      if (!r) CHECK_FALSE(r.error().text.empty());
    }
}

TEST_CASE("a status that is not complete is refused: a second leg, supplementary bits, 64 bits [G8]") {
  const auto of_status = [](std::uint32_t high, std::uint32_t low) {
    return read(reply_of({high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  };
  CHECK(of_status(0, 1).error().text == "the token wants a second leg");
  CHECK(of_status(0, 2).error().major == 13U << 16);
  CHECK(of_status(0, 7U << 16).error().unavailable);
  CHECK_FALSE(of_status(0, 6U << 16).error().unavailable);
  CHECK(of_status(1, 0).error().unavailable);
  CHECK(of_status(0, 0).error().text == "gssproxy's reply has no context");
}

TEST_CASE("a reply to another call, a denial and a failed call are told apart [G9]") {
  const Octets alice = recorded("alice");
  CHECK(gss::read_accept_reply(alice, xid_of(alice) + 1, "nfs").error().text == "gssproxy answered another call");
  Octets denied;
  for (const std::uint32_t word : {7U, 1U, 1U, 1U, 7U}) put(denied, word);
  CHECK(read(denied).error().text == "gssproxy denied the call (reject_stat 1, auth_stat 7)");
  Octets failed;
  for (const std::uint32_t word : {7U, 1U, 0U, 0U, 0U, 5U}) put(failed, word);
  CHECK(read(failed).error().text == "gssproxy does not do the call (accept_stat 5)");
}

TEST_CASE("linux_creds_v1 is uid, gid, count and exactly so many groups; -1 is nobody [G6]") {
  std::optional<gss::Ids> ids;
  CHECK(gss::parse_linux_creds(creds({1, 2, 0}), ids));
  CHECK(ids == gss::Ids{.uid = 1, .gid = 2, .groups = {}});
  CHECK(gss::parse_linux_creds(creds({1, 2, 3, 4, 2, 5}), ids));
  CHECK(ids == gss::Ids{.uid = 1, .gid = 2, .groups = {4, 5}});
  for (const auto& nobody :
       {creds({0xffffffff, 0xffffffff, 0}), creds({0xffffffff, 2, 0}), creds({1, 0xffffffff, 0})}) {
    CHECK(gss::parse_linux_creds(nobody, ids));
    CHECK_FALSE(ids);
  }
  for (const std::uint32_t count : {0U, 2U, 0xffffffffU, 0x40000001U, 0xfffffffeU})
    CHECK_FALSE(gss::parse_linux_creds(creds({1, 2, count, 4}), ids));
  const Octets one_group = creds({1, 2, 1, 4});
  for (std::size_t n = 0; n < one_group.size(); ++n)
    CHECK_FALSE(gss::parse_linux_creds(rpc::Bytes(one_group).first(n), ids));
  std::vector<std::uint32_t> many(3 + 65536, 9);
  many[1] = 8;
  many[2] = 65536;
  CHECK(gss::parse_linux_creds(creds(many), ids));
  CHECK(ids->groups.size() == 65536);
  many.push_back(9);
  many[2] = 65537;
  CHECK_FALSE(gss::parse_linux_creds(creds(many), ids));
}

TEST_CASE("a call is a record of one fragment without credential, with the token at its end but three words [G8]") {
  for (const std::size_t size : {0U, 1U, 4U, 65537U, 262144U}) {
    const Octets token(size, 0xa5);
    const Octets call = gss::encode_accept_call(0x01020304, token);
    rpc::XdrReader r(call);
    CHECK(r.u32() == (0x80000000U | (call.size() - 4)));
    for (const std::uint32_t word : {0x01020304U, 0U, 2U, 400112U, 1U, 9U, 0U, 0U, 0U, 0U}) CHECK(r.u32() == word);
    rpc::XdrReader tail(rpc::Bytes(call).last(4 + rpc::padded(size) + 12));
    CHECK(tail.opaque(0xffffffff).size() == size);
  }
  CHECK(gss::encode_accept_call(1, Octets(gss::kMaxGssproxyMessage)).empty());
}
