#include "tests/bench/gss_context.h"

#include <array>

namespace gatehouse::bench {
namespace {

constexpr std::uint32_t kGss = 6;
constexpr std::size_t kVerifier = 16;  // of a reply with its mark: flavor, length, body

void push_credential(std::vector<std::uint8_t>& out, GssProc proc, std::uint32_t seq, Service service, Bytes handle) {
  const auto size = static_cast<std::uint32_t>(handle.size());
  push(out, {kGss, 20 + (size + 3) / 4 * 4, 1, static_cast<std::uint32_t>(proc), seq,
             static_cast<std::uint32_t>(service), size});
  out.insert(out.end(), handle.begin(), handle.end());
  out.resize((out.size() + 3) / 4 * 4);  // what stands before is a multiple of four
}

// An opaque at `at`, which then moves behind it; nothing if it does not fit.
std::expected<Bytes, std::string> take_opaque(Bytes reply, std::size_t& at) {
  if (reply.size() < at + 4) return std::unexpected("an INIT's reply is too short");
  const std::size_t size = get32(reply, at);
  const std::size_t begin = at + 4;
  if (reply.size() - begin < (size + 3) / 4 * 4) return std::unexpected("an INIT's reply is too short");
  at = begin + (size + 3) / 4 * 4;
  return reply.subspan(begin, size);
}

bool signs(Bytes mic, std::uint32_t number, gss::Protection& protection) {
  std::array<std::uint8_t, 4> bytes{};
  put32(bytes, 0, number);
  return protection.verify_mic(bytes, mic).has_value();
}

std::expected<GssContext, std::string> make_context(Bytes handle, const gss::SessionKey& key) {
  GssContext context;
  context.handle.assign(handle.begin(), handle.end());
  context.protection = gss::Protection::make(key, gss::Protection::Role::initiator);
  context.enctype = static_cast<std::uint32_t>(key.enctype);
  context.token_seq = key.send_seq;
  if (!context.protection) return std::unexpected("OpenSSL refused the context's key");
  return context;
}

}  // namespace

void push_init(std::vector<std::uint8_t>& out, std::uint32_t xid, Bytes token) {
  const std::size_t begin = out.size();
  push_call(out, xid, Procedure::null);
  push_credential(out, GssProc::init, 0, Service::none, {});
  push32(out, 0);  // verifier: AUTH_NONE
  push32(out, 0);
  push32(out, static_cast<std::uint32_t>(token.size()));
  out.insert(out.end(), token.begin(), token.end());
  out.resize(out.size() + (4 - token.size() % 4) % 4);
  set_mark(std::span(out).subspan(begin), 0);
}

std::expected<GssContext, std::string> take_init_reply(Bytes reply, std::uint32_t xid, Initiator& initiator,
                                                       Pending& pending) {
  if (const char* fault = envelope_fault(reply, xid)) return std::unexpected(fault);
  std::size_t at = kVerifier + 4;
  const auto mic = take_opaque(reply, at);
  if (!mic) return std::unexpected(mic.error());
  if (reply.size() < at + 4 || get32(reply, at) != 0) return std::unexpected("an INIT was accepted without success");
  at += 4;
  const auto handle = take_opaque(reply, at);
  if (!handle) return std::unexpected(handle.error());
  if (reply.size() < at + 12) return std::unexpected("an INIT's reply is too short");
  const OM_uint32 major = get32(reply, at);
  const std::uint32_t window = get32(reply, at + 8);
  if (major != 0) return std::unexpected(gss_text("an INIT was refused", major, get32(reply, at + 4)));
  at += 12;
  const auto token = take_opaque(reply, at);
  if (!token) return std::unexpected(token.error());
  const auto key = initiator.finish(pending, *token);
  if (!key) return std::unexpected(key.error());
  auto context = make_context(*handle, *key);
  if (!context) return context;
  if (get32(reply, kVerifier) != kGss || !signs(*mic, window, *context->protection)) {
    return std::unexpected("the verifier of an INIT's reply is wrong");
  }
  return context;
}

bool push_head(std::vector<std::uint8_t>& out, std::uint32_t xid, Procedure procedure, GssProc proc, Service service,
               GssContext& context) {
  const std::size_t begin = out.size();
  push_call(out, xid, procedure);
  push_credential(out, proc, ++context.seq, service, context.handle);
  const std::size_t end = out.size();
  const std::size_t mic = context.protection->mic_size();
  push(out, {kGss, static_cast<std::uint32_t>(mic)});
  out.resize(out.size() + mic);
  set_mark(std::span(out).subspan(begin), 0);
  const Bytes header = Bytes(out).subspan(begin + kMark, end - begin - kMark);
  return context.protection->get_mic(header, context.token_seq++, std::span(out).last(mic));
}

std::size_t verified_head_size(const GssContext& context) {
  return kVerifier + 8 + context.protection->mic_size() + 4;
}

const char* verified_head_fault(Bytes head, std::uint32_t xid, std::uint32_t seq, GssContext& context) {
  if (const char* fault = envelope_fault(head, xid)) return fault;
  const std::size_t size = context.protection->mic_size();
  if (head.size() < verified_head_size(context)) return "the record is too short";
  const bool shape = get32(head, kVerifier) == kGss && get32(head, kVerifier + 4) == size;
  if (!shape || !signs(head.subspan(kVerifier + 8, size), seq, *context.protection)) return "the verifier is wrong";
  return get32(head, kVerifier + 8 + size) == 0 ? nullptr : "the call was accepted without success";
}

}  // namespace gatehouse::bench
