#include "guest/relay/mounts.h"

#include <string>

#include "tests/support/catch.h"

using gatehouse::guest::names_port;

namespace {

std::string line(const std::string& type, const std::string& source, const std::string& options) {
  return "36 25 0:31 / /mnt/a\\040b rw,nosuid shared:1 - " + type + ' ' + source + " rw," + options + '\n';
}

}  // namespace

TEST_CASE("a mount through the relay is found by its port and its loopback address") {
  const std::string other = line("ext4", "/dev/vda", "port=955");
  CHECK(names_port(other + line("nfs4", "127.0.0.1:/", "vers=4.2,port=955,clientaddr=0.0.0.0,addr=127.0.0.1"), 955));
  CHECK(names_port(line("nfs", "gw.test:/x", "vers=3,port=955,mountport=955,addr=127.0.0.1") + other, 955));
  CHECK(names_port(line("nfs4", "[::1]:/", "port=955,addr=::1"), 955));
}

TEST_CASE("other mounts do not hold the relay") {
  CHECK_FALSE(names_port("", 955));
  CHECK_FALSE(names_port(line("nfs4", "127.0.0.1:/", "port=9550,addr=127.0.0.1"), 955));
  CHECK_FALSE(names_port(line("nfs4", "127.0.0.1:/", "port=95,addr=127.0.0.1"), 955));
  CHECK_FALSE(names_port(line("nfs", "h:/", "vers=3,mountport=955,port=956,addr=127.0.0.1"), 955));
  CHECK_FALSE(names_port(line("nfs4", "10.0.0.1:/", "port=955,addr=10.0.0.1"), 955));
  CHECK_FALSE(names_port(line("ext4", "/dev/vda", "port=955,addr=127.0.0.1"), 955));
  CHECK_FALSE(names_port(line("cifs", "//h/x", "port=955,addr=127.0.0.1"), 955));
  CHECK_FALSE(names_port("nonsense\n - \n - nfs4\n - nfs4 x\n", 955));
}
