// Writes the seeds of the fuzz target rfc4121: tokens that libgssapi made, and the key it made them with. Run by
// record_seeds.py in a realm.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/fuzz/rfc4121.h"
#include "tests/gssapi/scene.h"

using namespace gatehouse;
using namespace gatehouse::test;
using fuzz::rfc4121::Kind;

namespace {

struct Recorder {
  std::filesystem::path folder;
  std::uint32_t enctype;

  void write(const std::string& name, Kind kind, Role receiver, rpc::Bytes message, const Octets& token) const {
    const Octets input = fuzz::rfc4121::encode(enctype, kind, receiver, message, token);
    std::ofstream out(folder / (std::to_string(enctype) + "-" + name), std::ios::binary);
    out.write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
  }

  // What `from` makes for a receiver in the role.
  void side(const std::string& from, ReferenceContext& context, Role receiver) const {
    for (const std::size_t n : {0U, 4U, 40U, 117U}) {
      const std::string size = "-" + std::to_string(n);
      write(from + "-mic" + size, Kind::mic, receiver, message(n), context.get_mic(message(n)));
      const Octets sealed = context.wrap(message(n));
      write(from + "-sealed" + size, Kind::unwrap, receiver, {}, sealed);
      write(from + "-rotated" + size, Kind::unwrap, receiver, {}, with_rotation(sealed, 28));
      // The header of a real token and its plaintext: the target seals it again.
      const Octets header(sealed.begin(), sealed.begin() + Protection::kTokenHeader);
      Octets inside(message(n).begin(), message(n).end());
      inside.insert(inside.end(), header.begin(), header.end());
      write(from + "-inside" + size, Kind::seal, receiver, {}, [&] {
        Octets both = header;
        both.insert(both.end(), inside.begin(), inside.end());
        return both;
      }());
    }
    write(from + "-integrity", Kind::unwrap, receiver, {}, context.wrap(message(40), false));
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const Recorder recorder{argv[1], static_cast<std::uint32_t>(std::stoul(argv[2]))};
  ReferencePair pair = establish("nfs" + std::string(argv[2]) + "@localhost", true);
  recorder.side("initiator", pair.initiator, Role::acceptor);
  recorder.side("acceptor", pair.acceptor, Role::initiator);
  const SessionKey key = std::move(pair.acceptor).take_key();
  for (const std::uint8_t b : key.view()) std::printf("%02x", b);
  std::printf("\n");
}
