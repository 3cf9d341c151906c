// conf/gatehouse.conf against the settings table, both ways.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "proxy/config/document.h"
#include "proxy/config/settings.h"
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using config::Node;
using config::Section;

namespace {

const std::string kFile = std::string(GATEHOUSE_SOURCE_DIR) + "/conf/gatehouse.conf";

// The [[principal]] rules that are shipped, in force.
const std::string kMachines = R"([[principal]]
match = "host/*"
map = "nobody"
[[principal]]
match = "nfs/*"
map = "nobody"
[[principal]]
match = "root/*"
map = "nobody"
)";

std::string shipped() {
  std::ifstream in(kFile);
  REQUIRE(in.good());
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// With every "#key = value" and "#[table]" taken in; "# " stays a remark.
std::string taken_in() {
  std::istringstream in(shipped());
  std::string out;
  for (std::string line; std::getline(in, line);)
    out += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + '\n';
  return out;
}

// A value as comparable text.
std::string show(const Node& n) {
  if (const auto* b = std::get_if<bool>(&n.value)) return *b ? "true" : "false";
  if (const auto* i = std::get_if<std::int64_t>(&n.value)) return std::to_string(*i);
  if (n.text() != nullptr) return config::quote(*n.text());
  std::string out;
  if (n.array() != nullptr)
    for (const Node& e : *n.array()) out += show(e) + ' ';
  if (n.table() != nullptr)
    for (const auto& m : *n.table()) out += m.key + '=' + show(m.value) + ' ';
  return '[' + out + ']';
}

std::string fallback(const config::Setting& s) {
  std::vector<config::Problem> none;
  const Node root = config::parse_document("v = " + std::string(s.fallback), "default", none);
  REQUIRE(none.empty());
  return show(*root.find("v"));
}

// Every place of the file where a key of the section may stand.
std::vector<const Node*> tables(const Node& root, Section section) {
  const auto in = [&](const Node* n) {
    return n == nullptr ? std::vector<const Node*>{} : std::vector<const Node*>{n};
  };
  const auto list = [&](std::string_view key) {
    std::vector<const Node*> out;
    for (const Node& n : *root.find(key)->array()) out.push_back(&n);
    return out;
  };
  switch (section) {
    case Section::gateway: return in(root.find("gateway"));
    case Section::admin: return in(root.find("admin"));
    case Section::audit: return in(root.find("audit"));
    case Section::kerberos: return in(root.find("kerberos"));
    case Section::trust: return in(root.find("trust"));
    case Section::policy: return in(root.find("defaults"));
    case Section::limits: return in(root.find("defaults")->find("limits"));
    case Section::principal: return list("principal");
    case Section::listener: return list("listener");
    case Section::backend: return list("backend");
    case Section::guest: return list("guest");
    case Section::principal_ids: break;
  }
  std::vector<const Node*> out;
  for (const Node* p : list("principal"))
    if (p->find("map")->table() != nullptr) out.push_back(p->find("map"));
  return out;
}

}  // namespace

TEST_CASE("the shipped configuration loads without errors and warnings and lets nobody in [L8]") {
  const auto c = good(shipped());
  CHECK(c.warnings.empty());
  CHECK(c.guests.empty());
  CHECK(c.listeners.empty());
  CHECK(config::print(c) == config::print(good(kMachines)));
}

TEST_CASE("the shipped configuration has rules for machines' principals, without which no Linux client mounts [V7]") {
  const auto c = good(shipped());
  for (const char* machine : {"host/a.example.com@EXAMPLE.COM", "nfs/a@R", "root/a@R"}) {
    const auto rule = std::ranges::find_if(
        c.principals, [&](const gss::PrincipalRule& r) { return gss::principal_matches(r.match, machine); });
    REQUIRE(rule != c.principals.end());
    CHECK(std::get<std::string>(rule->map) == "nobody");
  }
  for (const char* user : {"alice@EXAMPLE.COM", "alice/admin@EXAMPLE.COM", "hostess/a@R", "root@R"})
    for (const gss::PrincipalRule& r : c.principals) CHECK_FALSE(gss::principal_matches(r.match, user));
}

TEST_CASE("with every setting taken in, the shipped configuration loads without a warning") {
  const auto c = good(taken_in());
  CHECK(c.guests.size() == 4);
  CHECK(c.warnings.empty());
}

TEST_CASE("every setting stands in the shipped configuration, with its default") {
  std::vector<config::Problem> problems;
  const Node root = config::parse_document(taken_in(), kFile, problems);
  REQUIRE(problems.empty());
  for (const config::Setting& s : config::settings()) {
    CAPTURE(config::section_title(s.section), s.key);
    bool there = false, as_default = false;
    for (const Node* t : tables(root, s.section)) {
      const Node* n = t->find(s.key);
      there = there || n != nullptr;
      as_default = as_default || (n != nullptr && !s.fallback.empty() && show(*n) == fallback(s));
    }
    CHECK(there);
    // The defaults of single limits are stated, that of the table is that it is empty.
    if (!s.fallback.empty() && s.type != config::Type::limits_table) CHECK(as_default);
  }
}

TEST_CASE("the settings table is whole: each default is of its type, each row has its sentence") {
  for (const config::Setting& s : config::settings()) {
    CAPTURE(config::section_title(s.section), s.key);
    CHECK(s.doc.size() > 5);
    CHECK(s.doc.back() == '.');
    CHECK_FALSE((s.required && !s.fallback.empty()));
    CHECK(config::find_setting(s.section, s.key) == &s);
  }
}
