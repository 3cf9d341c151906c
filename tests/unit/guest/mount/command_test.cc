#include "guest/mount/command.h"

#include <sstream>
#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse::guest;

namespace {

// The words of `line`, separated by blanks.
std::expected<Command, std::string> parse(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  return parse_command(pointers);
}

}  // namespace

TEST_CASE("mount.gatehouse reads what mount(8) gives its helpers") {
  const auto c = parse(
      "2:/export /mnt -s -f -n -v -o rw,sec=krb5p,vsockport=2050,server=host.example.com -t gatehouse -N "
      "/proc/1/ns/mnt");
  REQUIRE(c);
  CHECK(c->spec.cid == 2);
  CHECK(c->directory == "/mnt");
  CHECK(c->fake);
  CHECK(c->verbose);
  CHECK(c->flags == "sn");
  CHECK(c->vsock_port == 2050);
  CHECK(c->server == "host.example.com");
  CHECK(c->options.str() == "rw,sec=krb5p");
  const auto d = parse("-sv -oro 2:/x -o soft /mnt");
  REQUIRE(d);
  CHECK(d->options.str() == "ro,soft");
  CHECK(d->vsock_port == 2049);
  CHECK_FALSE(d->relay);
  CHECK(parse("2:/x /mnt -r")->options.str() == "ro");
  CHECK(parse("2:/x /mnt -o relay=127.0.0.1:20490")->relay->port == 20490);
  CHECK(parse("-V")->what == Command::Do::version);
  CHECK(parse("--help")->what == Command::Do::help);
}

TEST_CASE("options of fstab are left to mount.nfs and the kernel") {
  const std::string options = "defaults,_netdev,nofail,noauto,user,x-systemd.automount,comment=a";
  CHECK(parse("2:/x /mnt -o " + options)->options.str() == options);
}

TEST_CASE("a mount helper given nonsense says in one line what is wrong") {
  for (const auto& [line, what] : {std::pair{"", "write mount.gatehouse SPEC DIRECTORY"},
                                   {"2:/x", "write mount.gatehouse SPEC DIRECTORY"},
                                   {"2:/x /a /b", "write mount.gatehouse SPEC DIRECTORY"},
                                   {"2/x /mnt", "names no CID"},
                                   {"2:/x /mnt -q", "unknown option \"-q\""},
                                   {"2:/x /mnt -sq", "unknown option \"-sq\""},
                                   {"2:/x /mnt -o", "-o needs a value"},
                                   {"2:/x /mnt -o =x", "no name before its ="},
                                   {"2:/x /mnt -o a=\"b", "end inside a quote"},
                                   {"2:/x /mnt -o vsockport=0", "no vsock port"},
                                   {"2:/x /mnt -o vsockport=4294967295", "no vsock port"},
                                   {"2:/x /mnt -o vsockport=", "no vsock port"},
                                   {"2:/x /mnt -o vsockport=2049x", "no vsock port"},
                                   {"2:/x /mnt -o relay=10.0.0.1:2049", "no loopback address"},
                                   {"2:/x /mnt -o relay=unix:/x", "speaks TCP"},
                                   {"2:/x /mnt -o relay", "no loopback address"},
                                   {"2:/x /mnt -o relay=127.0.0.1:1,vsockport=2", "exclude each other"},
                                   {"2:/x /mnt -o server=a/b", "no host name"},
                                   {"2:/x /mnt -o server=", "no host name"},
                                   {"2:/x /mnt -o server=-a", "no host name"},
                                   {"2:/x /mnt -o port=2049", "vsockport="},
                                   {"2:/x /mnt -o addr=10.0.0.1", "addr cannot be chosen"},
                                   {"2:/x /mnt -o mountport=1", "mountport cannot be chosen"},
                                   {"2:/x /mnt -o udp", "udp cannot be chosen"},
                                   {"2:/x /mnt -o proto=udp", "proto=udp cannot be chosen"}}) {
    const auto command = parse(line);
    INFO(line);
    REQUIRE_FALSE(command);
    INFO(command.error());
    CHECK(command.error().find(what) != std::string::npos);
    CHECK(command.error().find('\n') == std::string::npos);
  }
}
