#include "tests/gssapi/scene.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace gatehouse::test {

namespace {

constexpr std::size_t kLongest = (std::size_t{1} << 20) + 128;

std::uint32_t wanted_enctype() {
  const char* const text = std::getenv("GATEHOUSE_TEST_ENCTYPE");
  if (text == nullptr) throw std::runtime_error("run by test_differential.py: GATEHOUSE_TEST_ENCTYPE is not set");
  return static_cast<std::uint32_t>(std::stoul(text));
}

std::vector<std::uint8_t> pattern() {
  std::vector<std::uint8_t> out(kLongest);
  std::mt19937 dice(4121);
  for (std::uint8_t& b : out) b = static_cast<std::uint8_t>(dice());
  return out;
}

}  // namespace

Scene open_scene(Role role, bool mutual) {
  const std::uint32_t enctype = wanted_enctype();
  ReferencePair pair = establish("nfs" + std::to_string(enctype) + "@localhost", mutual);
  const bool acceptor = role == Role::acceptor;
  SessionKey key = std::move(acceptor ? pair.acceptor : pair.initiator).take_key();
  if (static_cast<std::uint32_t>(key.enctype) != enctype)
    throw std::runtime_error("the context has a key of enctype " +
                             std::to_string(static_cast<std::uint32_t>(key.enctype)));
  if (key.acceptor_subkey != mutual) throw std::runtime_error("the key is the other side's");
  auto ours = Protection::make(key, role);
  if (ours == nullptr) throw std::runtime_error("no Protection");
  return {key, std::move(ours), std::move(acceptor ? pair.initiator : pair.acceptor)};
}

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> out;
  for (std::size_t n = 0; n <= 80; ++n) out.push_back(n);
  for (std::size_t n = 96; n <= 1280; n += 16) out.insert(out.end(), {n - 1, n, n + 1});
  for (const std::size_t about :
       {std::size_t{16} << 10, std::size_t{32} << 10, std::size_t{64} << 10, std::size_t{1} << 20})
    for (const std::size_t less :
         std::initializer_list<std::size_t>{65, 64, 63, 49, 48, 47, 33, 32, 31, 17, 16, 15, 1, 0}) {
      out.push_back(about - less);
      out.push_back(about + less);
    }
  std::mt19937 dice(std::random_device{}());
  for (int i = 0; i < 2000; ++i) out.push_back(dice() % 4096);
  for (int i = 0; i < 50; ++i) out.push_back(dice() % 200000);
  return out;
}

rpc::Bytes message(std::size_t n) {
  static const std::vector<std::uint8_t> kPattern = pattern();
  return rpc::Bytes(kPattern).first(n);
}

Octets seal(Protection& ours, rpc::Bytes text, std::uint64_t seq) {
  Octets token(ours.wrap_head() + text.size() + ours.wrap_tail());
  std::ranges::copy(text, token.begin() + static_cast<std::ptrdiff_t>(ours.wrap_head()));
  if (!ours.wrap(token, seq)) throw std::runtime_error("wrap");
  return token;
}

std::optional<Octets> open(Protection& ours, rpc::Bytes token) {
  Octets copy(token.begin(), token.end());
  const auto text = ours.unwrap(copy);
  if (!text) return std::nullopt;
  return Octets(text->begin(), text->end());
}

Octets mic(Protection& ours, rpc::Bytes text, std::uint64_t seq) {
  Octets token(ours.mic_size());
  if (!ours.get_mic(text, seq, token)) throw std::runtime_error("get_mic");
  return token;
}

Octets with_rotation(Octets token, std::uint16_t count) {
  token[6] = static_cast<std::uint8_t>(count >> 8);
  token[7] = static_cast<std::uint8_t>(count);
  const auto body = std::span(token).subspan(Protection::kTokenHeader);
  std::ranges::rotate(body, body.end() - count % static_cast<std::ptrdiff_t>(body.size()));
  return token;
}

std::vector<Octets> mutants(const Octets& token) {
  std::vector<Octets> out;
  for (std::size_t at = 0; at < token.size(); ++at)
    for (const std::uint8_t change : std::initializer_list<std::uint8_t>{0x01, 0x02, 0x80, 0xff}) {
      out.push_back(token);
      out.back()[at] ^= change;
    }
  for (std::size_t n = 0; n < token.size(); ++n)
    out.emplace_back(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(n));
  out.push_back(token);
  out.back().push_back(0);
  return out;
}

}  // namespace gatehouse::test
