#include "gss/body.h"

#include <algorithm>

namespace gatehouse::gss {
namespace {

using rpc::Bytes;
using rpc::GssService;
using Room = std::span<std::uint8_t>;

constexpr std::size_t kWord = 4;

// The part of `whole` that `view`, which was read from it, lies in.
Room writable(Room whole, Bytes view) {
  return whole.subspan(static_cast<std::size_t>(view.data() - whole.data()), view.size());
}

// What is protected: the sequence number, then the arguments, which are XDR and so come in words.
std::expected<Room, BodyFault> arguments_of(Room data, std::uint32_t seq) {
  if (data.size() < kWord || data.size() % kWord != 0) return std::unexpected(BodyFault::malformed);
  //= rfc2203#5.3.3.1
  //# a sequence number in the body that differs from the credential's is answered GARBAGE_ARGS
  if (rpc::XdrReader(data).u32() != seq) return std::unexpected(BodyFault::wrong_sequence);
  return data.subspan(kWord);
}

//= rfc2203#5.3.2.2
//# with integrity the arguments are an opaque of sequence number and arguments, and its checksum
std::expected<Room, BodyFault> decode_integrity(std::uint32_t seq, Room body, Protection& protection) {
  rpc::XdrReader r(body);
  const Bytes data = r.opaque(static_cast<std::uint32_t>(body.size()));
  const Bytes checksum = r.opaque(static_cast<std::uint32_t>(body.size()));
  // Whatever is not the word-wise data of a sequence number and arguments costs no checksum.
  if (!r.at_end() || data.size() < kWord || data.size() % kWord != 0) return std::unexpected(BodyFault::malformed);
  //= rfc2203#5.3.3.1
  //# the QOP of the body is that of the header
  //= rfc2203#5.3.3.4.2
  //# arguments whose checksum does not verify are answered GARBAGE_ARGS
  if (!protection.verify_mic(data, checksum)) return std::unexpected(BodyFault::bad_token);
  return arguments_of(writable(body, data), seq);
}

//= rfc2203#5.3.2.3
//# with privacy the arguments are an opaque of sequence number and arguments, wrapped with confidentiality
std::expected<Room, BodyFault> decode_privacy(std::uint32_t seq, Room body, Protection& protection) {
  rpc::XdrReader r(body);
  const Bytes token = r.opaque(static_cast<std::uint32_t>(body.size()));
  if (!r.at_end()) return std::unexpected(BodyFault::malformed);
  //= rfc2203#5.3.3.4.3
  //# arguments that do not unwrap are answered GARBAGE_ARGS
  const auto plain = protection.unwrap(writable(body, token));
  if (!plain) return std::unexpected(BodyFault::bad_token);
  return arguments_of(*plain, seq);
}

// Writes `words` to the beginning of `out`.
template <typename... Word>
void put(Room out, Word... words) {
  rpc::XdrWriter w(out);
  (w.u32(words), ...);
}

// `data` is the size of sequence number and results; what is behind the token is padding.
//= rfc2203#5.3.3.2
//# with integrity the results are encoded as the arguments were
bool protect_integrity(std::uint32_t seq, std::uint64_t token_seq, Room buffer, std::size_t data,
                       Protection& protection) {
  const std::size_t mic = protection.mic_size();
  put(buffer, static_cast<std::uint32_t>(data), seq);
  const Room checksum = buffer.subspan(kWord + data);
  put(checksum, static_cast<std::uint32_t>(mic));
  std::ranges::fill(checksum.subspan(kWord + mic), 0);
  //= rfc2203#5.3.3.4.1
  //# results whose checksum cannot be made are not sent
  return protection.get_mic(buffer.subspan(kWord, data), token_seq, checksum.subspan(kWord, mic));
}

//= rfc2203#5.3.3.2
//# with privacy the results are encoded as the arguments were
bool protect_privacy(std::uint32_t seq, std::uint64_t token_seq, Room buffer, std::size_t data,
                     Protection& protection) {
  const std::size_t size = protection.wrap_head() + data + protection.wrap_tail();
  put(buffer, static_cast<std::uint32_t>(size));
  put(buffer.subspan(kWord + protection.wrap_head()), seq);
  std::ranges::fill(buffer.subspan(kWord + size), 0);
  //= rfc2203#5.3.3.4.4
  //# results that cannot be wrapped are not sent
  return protection.wrap(buffer.subspan(kWord, size), token_seq);
}

}  // namespace

std::string_view body_fault_word(BodyFault f) {
  switch (f) {
    case BodyFault::malformed: return "malformed";
    case BodyFault::bad_token: return "bad-token";
    case BodyFault::wrong_sequence: break;
  }
  return "wrong-sequence";
}

std::expected<Room, BodyFault> decode_args(GssService service, std::uint32_t seq, Room body, Protection& protection) {
  switch (service) {
    //= rfc2203#5.3.2.1
    //# without integrity the arguments are as with AUTH_NONE
    case GssService::none: return body;
    case GssService::integrity: return decode_integrity(seq, body, protection);
    case GssService::privacy: return decode_privacy(seq, body, protection);
  }
  return std::unexpected(BodyFault::malformed);
}

ResultRoom result_room(GssService service, std::size_t results, const Protection& protection) {
  switch (service) {
    case GssService::none: return {};
    case GssService::integrity: return {2 * kWord, kWord + rpc::padded(protection.mic_size())};
    case GssService::privacy: break;
  }
  const std::size_t token = protection.wrap_head() + kWord + results + protection.wrap_tail();
  return {kWord + protection.wrap_head() + kWord, protection.wrap_tail() + rpc::padded(token) - token};
}

bool protect_results(GssService service, std::uint32_t seq, std::uint64_t token_seq, Room buffer,
                     Protection& protection) {
  if (service == GssService::none) return true;
  const ResultRoom room = result_room(service, 0, protection);
  if (buffer.size() < room.head + room.tail || buffer.size() % kWord != 0) return false;
  // Results are XDR: words. With them the room does not depend on how many there are.
  const std::size_t data = kWord + buffer.size() - room.head - room.tail;
  return service == GssService::integrity ? protect_integrity(seq, token_seq, buffer, data, protection)
                                          : protect_privacy(seq, token_seq, buffer, data, protection);
}

//= rfc2203#5.3.3.2
//# the verifier of an accepted reply is the checksum of the request's sequence number in network order
//= rfc2203#5.2.3.1
//# the verifier of a successful creation is the checksum of seq_window in network order
bool make_verifier(std::uint32_t number, std::uint64_t token_seq, Protection& protection, Verifier& out) {
  std::array<std::uint8_t, kWord> message{};
  put(message, number);
  out.size = protection.mic_size();
  return protection.get_mic(message, token_seq, std::span(out.bytes).first(out.size));
}

}  // namespace gatehouse::gss
