// A context with both its ends, and calls of a client that may misbehave in every field.
#pragma once

#include <memory>
#include <optional>

#include "gss/contexts.h"
#include "gss/receive.h"
#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

namespace gatehouse::test {

inline constexpr gss::Enctype kEnctypes[] = {gss::Enctype::aes128_sha1, gss::Enctype::aes256_sha1,
                                             gss::Enctype::aes128_sha256, gss::Enctype::aes256_sha384};

/// session_key: of bytes that differ by `seed`.
inline gss::SessionKey session_key(gss::Enctype enctype, std::uint8_t seed = 1) {
  gss::SessionKey key;
  key.enctype = enctype;
  key.size = enctype == gss::Enctype::aes128_sha1 || enctype == gss::Enctype::aes128_sha256 ? 16 : 32;
  for (std::size_t i = 0; i < key.size; ++i) key.bytes[i] = static_cast<std::uint8_t>(seed * 37 + i);
  key.acceptor_subkey = true;
  return key;
}

/// kTicketEnd, kLifetimeEnd: of every context of terms(). kNow: some time before.
inline constexpr std::int64_t kTicketEnd = 1'000'000;
inline constexpr std::uint64_t kLifetimeEnd = 500'000;
inline constexpr gss::Clock kNow{1000, 900'000};

inline gss::Context::Terms terms(gss::SessionKey key = session_key(gss::Enctype::aes256_sha1)) {
  return {key, {"alice@EXAMPLE.COM", {1001, 100, {27}}}, kTicketEnd, kLifetimeEnd, 128};
}

/// Call: what a client sends. `handle`, `cred` and `verifier` in place of the right ones when they are set.
struct Call {
  std::uint32_t seq = 1;
  std::uint32_t gss_proc = 0;
  std::uint32_t service = 1;
  std::uint32_t gss_version = 1;
  std::uint32_t procedure = 1;
  std::optional<Buffer> handle = std::nullopt;
  std::optional<Buffer> cred = std::nullopt;
  std::uint32_t verifier_flavor = 6;
  std::optional<Buffer> verifier = std::nullopt;
};

/// Client: the initiator's end of a context, `context` the gateway's.
class Client {
 public:
  explicit Client(const gss::Context::Terms& terms, std::size_t threads = 2)
      : context(gss::Context::make(terms, threads)),
        initiator_(gss::Protection::make(terms.key, gss::Protection::Role::initiator)) {
    REQUIRE(context != nullptr);
    REQUIRE(initiator_ != nullptr);
  }

  gss::Protection& initiator() { return *initiator_; }

  Buffer mic(const Buffer& message) {
    Buffer token(initiator_->mic_size());
    REQUIRE(initiator_->get_mic(message, token_seq_++, token));
    return token;
  }

  /// record: the whole header of a call.
  Buffer record(const Call& call) {
    const Buffer handle = call.handle.value_or(Buffer(context->handle().begin(), context->handle().end()));
    const Buffer body =
        call.cred.value_or(join({words({call.gss_version, call.gss_proc, call.seq, call.service}), opaque(handle)}));
    const Buffer head = join({words({7, 0, 2, 100003, 4, call.procedure, 6}), opaque(body)});
    return join({head, words({call.verifier_flavor}), opaque(call.verifier ? *call.verifier : mic(head))});
  }

  static Buffer opaque(const Buffer& b) {
    return join({words({static_cast<std::uint32_t>(b.size())}), b, Buffer(rpc::padded(b.size()) - b.size(), 0)});
  }

  std::shared_ptr<gss::Context> context;

 private:
  std::unique_ptr<gss::Protection> initiator_;
  std::uint64_t token_seq_ = 0;
};

/// creation: a creation request with nothing wrong: change what should be.
inline Call creation(std::uint32_t gss_proc) {
  Call call;
  call.gss_proc = gss_proc;
  call.procedure = 0;
  call.verifier_flavor = 0;
  call.verifier = Buffer{};
  if (gss_proc == 1) call.handle = Buffer{};
  return call;
}

/// Gateway: one guest's contexts, as receive() is given them.
class Gateway final : public gss::Known {
 public:
  explicit Gateway(std::size_t cap = 16) : table(cap) {}
  std::shared_ptr<gss::Context> find(rpc::Bytes handle) override { return table.find(handle); }

  /// client: a client whose context this guest has.
  Client client(const gss::Context::Terms& what = terms()) {
    Client made(what);
    table.add(made.context, now);
    return made;
  }

  gss::Received receive(const Buffer& record) {
    rpc::CallHeader head;
    REQUIRE(rpc::parse_call_head(record, true, head) == rpc::HeadStatus::ok);
    return gss::receive(head, record, *this, now, 0);
  }
  gss::Received receive(Client& client, const Call& call) { return receive(client.record(call)); }

  /// finding, answer: of a call.
  gss::Finding finding(Client& client, const Call& call) { return receive(client, call).finding; }
  rpc::AuthStat answer(Client& client, const Call& call) { return gss::answered_by(finding(client, call)); }

  gss::ContextTable table;
  gss::Clock now = kNow;
};

}  // namespace gatehouse::test
