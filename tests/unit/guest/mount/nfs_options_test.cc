#include "guest/mount/nfs_options.h"

#include <sys/mount.h>

#include "guest/mount/kernel_mount.h"
#include "tests/support/catch.h"

using namespace gatehouse::guest;

namespace {

OptionList list(const char* text) {
  return OptionList::parse(text).value();
}

std::string with(const char* text, bool ipv6 = false) {
  const OptionList options = list(text);
  return with_relay(options, version_of(options).value(), {ipv6, 955}).str();
}

}  // namespace

TEST_CASE("the version is what the options ask for, else the newest of 4") {
  CHECK(version_of(list("")) == NfsVersion::newest4);
  CHECK(version_of(list("vers=4")) == NfsVersion::newest4);
  CHECK(version_of(list("v4")) == NfsVersion::newest4);
  CHECK(version_of(list("vers=3")) == NfsVersion::v3);
  CHECK(version_of(list("nfsvers=3")) == NfsVersion::v3);
  CHECK(version_of(list("v3")) == NfsVersion::v3);
  CHECK(version_of(list("vers=4.0")) == NfsVersion::v40);
  CHECK(version_of(list("v4.1")) == NfsVersion::v41);
  CHECK(version_of(list("vers=4,minorversion=1")) == NfsVersion::v41);
  CHECK(version_of(list("vers=4.2")) == NfsVersion::v42);
  for (const char* text : {"vers=2", "vers=5", "vers=4.3", "vers=", "vers", "nfsvers=x", "minorversion=7"}) {
    INFO(text);
    CHECK_FALSE(version_of(list(text)));
  }
}

TEST_CASE("a mount goes to the relay's port by TCP, and a server is told of no callback address") {
  CHECK(with("ro") == "ro,proto=tcp,port=955,clientaddr=0.0.0.0,vers=4");
  CHECK(with("vers=4.1,proto=tcp") == "vers=4.1,proto=tcp,port=955,clientaddr=0.0.0.0");
  CHECK(with("v4,clientaddr=127.0.0.1") == "v4,clientaddr=127.0.0.1,proto=tcp,port=955");
  CHECK(with("vers=4.2", true) == "vers=4.2,proto=tcp6,port=955,clientaddr=0.0.0.0");
}

TEST_CASE("NFSv3 finds MOUNT on the same port, and its locks stay here unless they are spoken of") {
  CHECK(with("vers=3") == "vers=3,proto=tcp,port=955,mountproto=tcp,mountport=955,nolock");
  CHECK(with("v3,lock") == "v3,lock,proto=tcp,port=955,mountproto=tcp,mountport=955");
  CHECK(with("v3,local_lock=all").ends_with("mountport=955"));
}

TEST_CASE("for mount(2) the options of every file system are flags and those of fstab are nobody's") {
  const auto k = for_kernel(
      list("defaults,ro,nosuid,sec=krb5p,_netdev,nofail,noauto,x-systemd.automount,retry=1,bg,soft,comment=a,noatime"));
  CHECK(k.flags == (MS_RDONLY | MS_NOSUID | MS_NOATIME));
  CHECK(k.data == "sec=krb5p,soft");
  CHECK(for_kernel(list("ro,rw")).flags == 0);
  CHECK(for_kernel(list("user,exec")).flags == (MS_NOSUID | MS_NODEV));
  CHECK(for_kernel(list("")).data.empty());
}

TEST_CASE("versions are tried from the newest on, and only what was asked for") {
  const auto all = versions_to_try(NfsVersion::newest4);
  CHECK((all.size() == 3 && std::string(all[0]) == "4.2" && std::string(all[2]) == "4.0"));
  for (const auto& [version, name] :
       {std::pair{NfsVersion::v3, "3"}, {NfsVersion::v40, "4.0"}, {NfsVersion::v41, "4.1"}, {NfsVersion::v42, "4.2"}}) {
    REQUIRE(versions_to_try(version).size() == 1);
    CHECK(std::string(versions_to_try(version)[0]) == name);
  }
}
