// What NFS servers say of their exports. MOUNT's list: a grammar written down apart from the reader decides whether it
// is taken. knfsd's table: what is read is no longer than what was there, and written again it is read the same.
//
// The first byte of an input says which: "e" is the table, anything else MOUNT's results.
#include <string>
#include <string_view>

#include "proxy/ctl/doctor/exports.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::Bytes;

// Walks the results by the grammar of RFC 1813 appendix I; `paths` and `groups` count what is in them.
struct Grammar {
  Bytes bytes;
  std::size_t at = 0;
  std::size_t paths = 0;
  std::size_t groups = 0;

  bool word(std::uint32_t& out) {
    if (bytes.size() - at < 4) return false;
    out = std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
          bytes[at + 3];
    at += 4;
    return true;
  }
  bool name(std::size_t most) {
    std::uint32_t n = 0;
    if (!word(n) || n > most || bytes.size() - at < rpc::padded(n)) return false;
    at += rpc::padded(n);
    return true;
  }
  // A list ends with 0; each entry begins with 1. Whether that, and nothing behind it, stands there.
  bool entries(bool (Grammar::*entry)(), std::size_t& count) {
    for (std::uint32_t more = 0; word(more) && more <= 1; ++count) {
      if (more == 0) return true;
      if (!(this->*entry)()) return false;
    }
    return false;
  }
  bool group() { return name(255); }
  bool path() { return name(1024) && entries(&Grammar::group, groups); }
  bool list() { return entries(&Grammar::path, paths) && at == bytes.size(); }
};

void mount_list(Bytes input) {
  Grammar grammar{.bytes = input};
  const bool good = grammar.list();
  const auto list = doctor::parse_mount_exports(input);
  expect(list.has_value() == good, "the grammar decides");
  if (!list) return;
  std::size_t groups = 0;
  for (const doctor::Export& e : *list) {
    expect(!e.clients.empty(), "an export is for somebody");
    groups += e.clients.size() == 1 && e.clients[0].spec() == "*" ? 0 : e.clients.size();
    (void)doctor::admits(e, {127, 66, 0, 42});
  }
  expect(list->size() == grammar.paths, "every export is there");
  expect(groups <= grammar.groups, "no client is added");
}

// As exportfs writes a word.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '\\' && c != '(' && c != '#') {
      out += c;
      continue;
    }
    out += '\\';
    for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((byte >> shift) & 7));
  }
  return out;
}

void table(std::string_view text) {
  const auto list = doctor::parse_etab(text);
  std::size_t size = 0;
  std::string again;
  for (const doctor::Export& e : list) {
    expect(e.path.starts_with('/'), "a path begins with a slash");
    expect(!e.clients.empty(), "an export is for somebody");
    size += e.path.size();
    for (const doctor::Client& c : e.clients) {
      size += c.spec().size();
      again += escaped(e.path) + '\t' + escaped(c.spec()) + (c.insecure() ? "(insecure)\n" : "(secure)\n");
    }
  }
  expect(size <= text.size(), "nothing is added");
  const auto twice = doctor::parse_etab(again);
  expect(twice.size() == list.size(), "the same exports");
  for (std::size_t i = 0; i < list.size(); ++i) {
    expect(twice[i].path == list[i].path && twice[i].clients.size() == list[i].clients.size(), "the same export");
    for (std::size_t k = 0; k < list[i].clients.size(); ++k)
      expect(twice[i].clients[k].spec() == list[i].clients[k].spec() &&
                 twice[i].clients[k].insecure() == list[i].clients[k].insecure(),
             "the same client");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (data[0] == 'e')
    table({reinterpret_cast<const char*>(data) + 1, size - 1});
  else
    mount_list(Bytes(data + 1, size - 1));
  return 0;
}
