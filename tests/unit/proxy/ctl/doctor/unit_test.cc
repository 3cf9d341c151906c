#include "proxy/ctl/doctor/unit.h"

#include "tests/support/folder.h"

using namespace gatehouse::doctor;

namespace {

// A root with unit files: path and text.
struct Units {
  void add(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root.path / file).parent_path());
    (void)root.write(file, text);
  }
  [[nodiscard]] Unit unit() const { return read_unit(Host{.root = root.path}); }
  gatehouse::test::Folder root;
};

constexpr const char* kMain = "lib/systemd/system/gatehoused.service";

}  // namespace

TEST_CASE("without a unit nothing is forbidden by it") {
  const Unit none = Units().unit();
  CHECK_FALSE(none.found);
  CHECK(writable_by_unit(none, "/srv"));
  CHECK_FALSE(hidden_by_unit(none, "/tmp"));
}

TEST_CASE("the shipped unit: its user, its directories and its limit of descriptors [L7]") {
  Unit unit;
  unit.found = true;
  apply_unit(read_text(std::string(GATEHOUSE_SOURCE_DIR) + "/conf/host/gatehoused.service").value(), unit);
  CHECK(unit.user == "gatehouse");
  CHECK(unit.limit_nofile == 524288U);
  CHECK(writable_by_unit(unit, "/run/gatehouse"));
  CHECK(writable_by_unit(unit, "/var/lib/gatehouse/rcache"));
  CHECK_FALSE(writable_by_unit(unit, "/run/gatehouse-other"));
  CHECK_FALSE(writable_by_unit(unit, "/run/fc1"));
  CHECK(hidden_by_unit(unit, "/tmp/fc1"));
  CHECK(hidden_by_unit(unit, "/home/vm"));
  CHECK_FALSE(hidden_by_unit(unit, "/run/fc1"));
}

TEST_CASE(
    "drop-ins come after the unit in the order of their names, and an earlier folder's stands for another's [L7]") {
  const Units units;
  units.add(kMain, "[Unit]\nUser=wrong\n[Service]\nUser=first\nLimitNOFILE=100:200\nProtectSystem=strict\n");
  units.add("usr/lib/systemd/system/gatehoused.service.d/20-b.conf", "[Service]\nUser=last\n");
  units.add("etc/systemd/system/gatehoused.service.d/10-a.conf",
            "[Service]\nUser=middle\nReadWritePaths=/run/fc1 -/run/fc2\n");
  units.add("lib/systemd/system/gatehoused.service.d/10-a.conf", "[Service]\nLimitNOFILE=1\n");
  units.add("etc/systemd/system/gatehoused.service.d/notes.txt", "[Service]\nUser=nobody\n");
  const Unit unit = units.unit();
  CHECK(unit.user == "last");
  CHECK(unit.limit_nofile == 200U);
  CHECK(writable_by_unit(unit, "/run/fc1/x"));
  CHECK(writable_by_unit(unit, "/run/fc2"));
}

TEST_CASE("an administrator's unit stands for the package's, and an empty list empties it [L7]") {
  const Units units;
  units.add(kMain, "[Service]\nUser=packaged\n");
  units.add("etc/systemd/system/gatehoused.service",
            "[Service]\n# remark\nUser=own\nProtectSystem=strict\nReadWritePaths=/a \\\n  "
            "/b\nReadWritePaths=\nReadWritePaths=/c\n"
            "LimitNOFILE=infinity\n");
  const Unit unit = units.unit();
  CHECK(unit.user == "own");
  CHECK_FALSE(writable_by_unit(unit, "/b"));
  CHECK(writable_by_unit(unit, "/c"));
  CHECK(unit.limit_nofile == std::uint64_t{1} << 63);
}

TEST_CASE("a socket unit is found by its descriptor's name, for this service alone [L7]") {
  const Units units;
  units.add("etc/systemd/system/gatehoused-fc1.socket",
            "[Socket]\nFileDescriptorName=fc1\nService=gatehoused.service\n");
  units.add("etc/systemd/system/other.socket", "[Socket]\nFileDescriptorName=other\n");
  units.add("lib/systemd/system/gatehoused.socket", "[Socket]\nListenStream=vsock::2049\n");
  const Host host{.root = units.root.path};
  CHECK(socket_unit(host, "fc1").ends_with("/gatehoused-fc1.socket"));
  CHECK(socket_unit(host, "gatehoused.socket").ends_with("/gatehoused.socket"));
  CHECK(socket_unit(host, "other").empty());
}
