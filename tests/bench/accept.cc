// bench_accept: bare gss_accept_sec_context, one token after the other in one thread: what accepting costs at the
// least.
//   bench_accept [--service NAME@HOST] [--tokens N]
// Tokens are made before the clock runs, with the tickets of KRB5CCNAME; the keys are those of KRB5_KTNAME, the replay
// cache is the library's (KRB5RCACHENAME, KRB5RCACHEDIR). Prints one line of JSON; a token that is refused: exit
// status 1.

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/bench/args.h"
#include "tests/bench/initiator.h"
#include "tests/bench/process.h"

namespace gatehouse::bench {
namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "bench_accept: %s\n", why.c_str());
  return 1;
}

// Accepted is what gss_accept_sec_context made of a token. Released when it dies, outside the measured time.
struct Accepted {
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_name_t client = GSS_C_NO_NAME;
  gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
  Accepted() = default;
  Accepted(const Accepted&) = delete;
  Accepted& operator=(const Accepted&) = delete;
  ~Accepted() {
    OM_uint32 minor = 0;
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    gss_release_name(&minor, &client);
    gss_release_buffer(&minor, &token);
  }
};

std::expected<void, std::string> accept(gss_cred_id_t cred, Pending& pending, Accepted& out) {
  gss_buffer_desc in{pending.token.size(), pending.token.data()};
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_accept_sec_context(&minor, &out.context, cred, &in, GSS_C_NO_CHANNEL_BINDINGS,
                                                 &out.client, nullptr, &out.token, nullptr, nullptr, nullptr);
  if (major == GSS_S_COMPLETE) return {};
  return std::unexpected(gss_text("gss_accept_sec_context", major, minor));
}

// Keys is the acceptor's credential: all keys of the keytab.
struct Keys {
  gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
  Keys() = default;
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  ~Keys() {
    OM_uint32 minor = 0;
    gss_release_cred(&minor, &cred);
  }
  std::expected<void, std::string> acquire() {
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT,
                                             &cred, nullptr, nullptr);
    if (major == GSS_S_COMPLETE) return {};
    return std::unexpected(gss_text("gss_acquire_cred", major, minor));
  }
};

int main_of_accept(int argc, char** argv) {
  constexpr std::array<std::string_view, 2> known{"--service", "--tokens"};
  const auto args = Args::parse(argc, argv, known);
  if (!args) return fail(args.error());
  const auto count = args->number("--tokens", 4000, 1, 1 << 20);
  if (!count) return fail(count.error());
  const auto initiator = Initiator::make(args->text("--service", "nfs@localhost"));
  if (!initiator) return fail(initiator.error());
  Keys keys;
  if (const auto done = keys.acquire(); !done) return fail(done.error());
  std::vector<Pending> pending;
  for (std::uint64_t i = 0; i < *count; ++i) {
    auto made = (*initiator)->begin();
    if (!made) return fail(made.error());
    pending.push_back(std::move(*made));
  }
  std::vector<Accepted> accepted(pending.size());
  const auto before = cpu_ns(getpid());
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (auto done = accept(keys.cred, pending[i], accepted[i]); !done) return fail(done.error());
  }
  const auto after = cpu_ns(getpid());
  if (!before || !after) return fail(!before ? before.error() : after.error());
  const gss_buffer_desc& token = accepted.back().token;
  const Bytes last{static_cast<const std::uint8_t*>(token.value), token.length};
  if (const auto key = (*initiator)->finish(pending.back(), last); !key) return fail(key.error());
  const double seconds = static_cast<double>(*after - *before) / 1e9;
  const auto contexts = static_cast<double>(*count);
  std::printf("{\"contexts\": %.0f, \"cpu_us_per_context\": %.2f, \"contexts_per_cpu_s\": %.0f}\n", contexts,
              seconds * 1e6 / contexts, contexts / seconds);
  return 0;
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  return gatehouse::bench::main_of_accept(argc, argv);
}
