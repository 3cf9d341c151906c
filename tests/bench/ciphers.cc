// bench_ciphers: what protecting a message costs on OpenSSL and nothing else: AES-256-CBC and HMAC one after the other
// over the whole message, keyed once, with the ciphers and hashes of RFC 3962 (sha1) and RFC 8009 (sha384).
//   bench_ciphers --operation seal-sha1|open-sha1|mac-sha1|seal-sha384|open-sha384|mac-sha384 [--seconds S] [--size
//   BYTES]
// Prints one line of JSON: megabytes of message per second of CPU time. A message that does not come back: exit
// status 1.

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/args.h"
#include "tests/bench/process.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {
namespace {

using Mac = std::array<std::uint8_t, EVP_MAX_MD_SIZE>;

int fail(const std::string& why) {
  std::fprintf(stderr, "bench_ciphers: %s\n", why.c_str());
  return 1;
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* c) { EVP_CIPHER_CTX_free(c); })>;
using Hash = std::unique_ptr<EVP_MAC, decltype([](EVP_MAC* m) { EVP_MAC_free(m); })>;
using Keyed = std::unique_ptr<EVP_MAC_CTX, decltype([](EVP_MAC_CTX* m) { EVP_MAC_CTX_free(m); })>;

// Engine holds one keyed cipher for each direction and one keyed MAC. Any failure of OpenSSL is kept in ok().
class Engine {
 public:
  explicit Engine(const char* digest) {
    const std::array<std::uint8_t, 32> key{1, 2, 3};
    std::string name(digest);
    const std::array<OSSL_PARAM, 2> params{OSSL_PARAM_construct_utf8_string("digest", name.data(), 0),
                                           OSSL_PARAM_construct_end()};
    for (EVP_CIPHER_CTX* context : {seal_.get(), open_.get()}) {
      const int seals = context == seal_.get() ? 1 : 0;
      keep(EVP_CipherInit_ex2(context, EVP_aes_256_cbc(), key.data(), kIv.data(), seals, nullptr));
      keep(EVP_CIPHER_CTX_set_padding(context, 0));
    }
    keep(EVP_MAC_init(mac_.get(), key.data(), key.size(), params.data()));
  }

  bool ok() const { return ok_; }
  void seal(std::span<std::uint8_t> message) { crypt(seal_.get(), message); }
  void open(std::span<std::uint8_t> message) { crypt(open_.get(), message); }
  Mac mac(Bytes message) {
    Mac out{};
    std::size_t size = 0;
    keep(EVP_MAC_init(mac_.get(), nullptr, 0, nullptr));
    keep(EVP_MAC_update(mac_.get(), message.data(), message.size()));
    keep(EVP_MAC_final(mac_.get(), out.data(), &size, out.size()));
    return out;
  }

 private:
  static constexpr std::array<std::uint8_t, 16> kIv{};
  void crypt(EVP_CIPHER_CTX* context, std::span<std::uint8_t> message) {
    int size = 0;
    keep(EVP_CipherInit_ex2(context, nullptr, nullptr, kIv.data(), -1, nullptr));
    keep(EVP_CipherUpdate(context, message.data(), &size, message.data(), static_cast<int>(message.size())));
  }
  void keep(int done) { ok_ = ok_ && done == 1; }

  Cipher seal_{EVP_CIPHER_CTX_new()};
  Cipher open_{EVP_CIPHER_CTX_new()};
  Hash hash_{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  Keyed mac_{EVP_MAC_CTX_new(hash_.get())};
  bool ok_ = true;
};

// RFC 3962 takes the MAC of the plaintext, RFC 8009 that of the ciphertext.
struct Operation {
  std::string_view name;
  const char* digest;
  enum class Step { seal, open, mac };
  std::array<Step, 2> steps;
  std::size_t count;
};
using Step = Operation::Step;
constexpr std::array<Operation, 6> kOperations{{{"seal-sha1", "SHA1", {Step::mac, Step::seal}, 2},
                                                {"open-sha1", "SHA1", {Step::open, Step::mac}, 2},
                                                {"mac-sha1", "SHA1", {Step::mac}, 1},
                                                {"seal-sha384", "SHA384", {Step::seal, Step::mac}, 2},
                                                {"open-sha384", "SHA384", {Step::mac, Step::open}, 2},
                                                {"mac-sha384", "SHA384", {Step::mac}, 1}}};

Mac perform(Engine& engine, const Operation& operation, std::span<std::uint8_t> message) {
  Mac mac{};
  for (std::size_t i = 0; i < operation.count; ++i) {
    if (operation.steps[i] == Step::seal) engine.seal(message);
    if (operation.steps[i] == Step::open) engine.open(message);
    if (operation.steps[i] == Step::mac) mac = engine.mac(message);
  }
  return mac;
}

const Operation* find_operation(std::string_view name) {
  const auto found =
      std::find_if(kOperations.begin(), kOperations.end(), [&](const auto& o) { return o.name == name; });
  return found == kOperations.end() ? nullptr : &*found;
}

// sound says whether sealing and opening with the hash do what they are measured for: a message changes, and comes back
// with the same MAC.
bool sound(Engine& engine, std::string_view digest, const std::vector<std::uint8_t>& message) {
  const Operation* seal = find_operation("seal-" + std::string(digest));
  const Operation* open = find_operation("open-" + std::string(digest));
  const Operation* mac = find_operation("mac-" + std::string(digest));
  if (seal == nullptr || open == nullptr || mac == nullptr) return false;
  std::vector<std::uint8_t> copy = message;
  const Mac sealed = perform(engine, *seal, copy);
  const bool changed = copy != message && perform(engine, *mac, copy) != engine.mac(message);
  const Mac opened = perform(engine, *open, copy);
  return engine.ok() && changed && copy == message && opened == sealed && sealed != Mac{};
}

int main_of_ciphers(int argc, char** argv) {
  constexpr std::array<std::string_view, 3> known{"--operation", "--seconds", "--size"};
  const auto args = Args::parse(argc, argv, known);
  if (!args) return fail(args.error());
  const auto duration = args->seconds("--seconds", 0.3);
  const auto size = args->number("--size", 1 << 20, 16, kMaxPayload);
  if (!duration || !size) return fail(!duration ? duration.error() : size.error());
  if (*size % 16 != 0) return fail("--size must be a multiple of 16");
  std::vector<std::uint8_t> message;
  append_payload(static_cast<std::uint32_t>(*size), message);
  const std::string name = args->text("--operation", "");
  const Operation* operation = find_operation(name);
  if (operation == nullptr) return fail("--operation is one of seal-, open- and mac-, with sha1 or sha384");
  Engine engine(operation->digest);
  if (!sound(engine, name.substr(name.find('-') + 1), message)) return fail("a message did not come back as it was");
  std::uint64_t messages = 0;
  const auto begin = cpu_ns(getpid());
  auto now = begin;
  while (begin && now && *now < *begin + *duration) {
    perform(engine, *operation, message);
    ++messages;
    now = cpu_ns(getpid());
  }
  if (!begin || !now || !engine.ok()) return fail("the clock or OpenSSL failed");
  const double seconds = static_cast<double>(*now - *begin) / 1e9;
  std::printf("{\"operation\": \"%s\", \"mb_per_cpu_s\": %.1f}\n", name.c_str(),
              static_cast<double>(messages * *size) / 1e6 / seconds);
  return 0;
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  return gatehouse::bench::main_of_ciphers(argc, argv);
}
