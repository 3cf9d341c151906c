// Bodies of calls that libgssapi made (tests/fuzz/gss_seeds.py), behind what opens them: the enctype's number, the
// session key, the sequence number.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "gss/body.h"
#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

/// Recorded: a file of a corpus.
struct Recorded {
  SessionKey key;
  std::uint32_t seq = 0;
  Buffer body;
};

Recorded read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const Buffer bytes{std::istreambuf_iterator<char>(in), {}};
  Recorded out;
  out.key = session_key(static_cast<Enctype>(bytes.at(0)));
  REQUIRE(bytes.size() > 5 + out.key.size);
  std::copy_n(bytes.begin() + 1, out.key.size, out.key.bytes.begin());
  out.seq = rpc::XdrReader(rpc::Bytes(bytes).subspan(1 + out.key.size)).u32();
  out.body = copy(rpc::Bytes(bytes).subspan(5 + out.key.size));
  return out;
}

// What the recorded calls had for arguments, by the end of the file's name.
std::size_t arguments_size(const std::string& name) {
  if (name.ends_with("-null")) return 0;
  if (name.ends_with("-compound")) return 8 + 4 * 4;
  return name.ends_with("-write") ? 4 + 768 : 4 + 28;
}

}  // namespace

TEST_CASE("bodies that libgssapi protected are opened, by every enctype and with either party's key [G1]") {
  std::set<std::uint32_t> enctypes;
  for (const auto& [folder, service] :
       {std::pair{"integ_body", rpc::GssService::integrity}, std::pair{"priv_body", rpc::GssService::privacy}}) {
    int seen = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(GATEHOUSE_SOURCE_DIR "/tests/fuzz/corpus/") + folder)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("gssapi-")) continue;
      INFO(folder << "/" << name);
      Recorded call = read(entry.path());
      const auto gateway = Protection::make(call.key, Protection::Role::acceptor);
      REQUIRE(gateway != nullptr);
      const auto args = decode_args(service, call.seq, call.body, *gateway);
      REQUIRE(args.has_value());
      CHECK(args->size() == arguments_size(name));
      enctypes.insert(static_cast<std::uint32_t>(call.key.enctype));
      ++seen;
    }
    CHECK(seen >= 64);
  }
  CHECK(enctypes == std::set<std::uint32_t>{17, 18, 19, 20});
}
