#include "proxy/ctl/doctor/unit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <ranges>

namespace gatehouse::doctor {
namespace {

namespace fs = std::filesystem;

// In the order in which systemd looks (systemd.unit(5)).
constexpr std::array<std::string_view, 5> kFolders = {"/etc/systemd/system", "/run/systemd/system",
                                                      "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                                      "/lib/systemd/system"};

std::string_view trimmed(std::string_view s) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = s.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return s.substr(begin, s.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (const auto part : std::views::split(text, ' '))
    if (const std::string_view word = trimmed(std::string_view(part.begin(), part.end())); !word.empty())
      out.emplace_back(word);
  return out;
}

bool yes(std::string_view v) {
  return v == "yes" || v == "true" || v == "on" || v == "1";
}

// calls take(section, key, value) for each assignment of a unit file; continued lines are one.
template <class F>
void each_assignment(std::string_view text, F take) {
  std::string section, line;
  for (const auto part : std::views::split(text, '\n')) {
    const std::string_view piece = trimmed(std::string_view(part.begin(), part.end()));
    if (line.empty() && (piece.starts_with('#') || piece.starts_with(';'))) continue;
    if (piece.ends_with('\\')) {
      line.append(piece.substr(0, piece.size() - 1)).append(" ");
      continue;
    }
    line += piece;
    if (line.starts_with('[')) {
      section = line;
    } else if (const std::size_t at = line.find('='); at != std::string::npos) {
      take(section, trimmed(std::string_view(line).substr(0, at)), trimmed(std::string_view(line).substr(at + 1)));
    }
    line.clear();
  }
}

// A list key: more is added, nothing empties it.
void extend(std::vector<std::string>& list, std::string_view value, std::string_view prefix = {}) {
  if (value.empty()) list.clear();
  for (std::string& word : words(value)) {
    if (word.starts_with('-') || word.starts_with('+')) word.erase(0, 1);
    list.push_back(std::string(prefix) + word);
  }
}

// "SOFT:HARD", or one for both.
std::optional<std::uint64_t> hard_limit(std::string_view value) {
  value = value.substr(value.find(':') + 1);  // npos + 1 is 0
  if (value == "infinity") return std::uint64_t{1} << 63;
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  return error == std::errc() ? std::optional(out) : std::nullopt;
}

bool below(std::string_view path, std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
  return path == folder || folder == "/" ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

// The files that make up a unit: the first of its name, then its drop-ins in the order of their names, of which one in
// an earlier folder stands for those of the same name.
std::vector<fs::path> files_of(const Host& host, const std::string& name) {
  std::vector<fs::path> out;
  for (const std::string_view folder : kFolders) {
    const fs::path file = host.at(folder) / name;
    if (!fs::is_regular_file(file)) continue;
    out.push_back(file);
    break;
  }
  if (out.empty()) return out;
  std::map<std::string, fs::path> drop_ins;
  for (const std::string_view folder : kFolders) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(host.at(folder) / (name + ".d"), none))
      if (entry.path().extension() == ".conf") drop_ins.emplace(entry.path().filename().string(), entry.path());
  }
  for (const auto& [unused, path] : drop_ins) out.push_back(path);
  return out;
}

}  // namespace

void apply_unit(std::string_view text, Unit& out) {
  each_assignment(text, [&](std::string_view section, std::string_view key, std::string_view value) {
    if (section != "[Service]") return;
    if (key == "User") out.user = value;
    if (key == "SupplementaryGroups") extend(out.groups, value);
    if (key == "ReadWritePaths") extend(out.writable, value);
    if (key == "RuntimeDirectory") extend(out.writable, value, "/run/");
    if (key == "LogsDirectory") extend(out.writable, value, "/var/log/");
    if (key == "StateDirectory") extend(out.writable, value, "/var/lib/");
    if (key == "ProtectSystem") out.read_only = value == "strict";
    if (key == "PrivateTmp") out.private_tmp = yes(value);
    if (key == "ProtectHome") out.no_home = yes(value) || value == "tmpfs";
    if (key == "LimitNOFILE") out.limit_nofile = hard_limit(value);
    if (key == "LoadCredential" || key == "LoadCredentialEncrypted") out.credentials = !value.empty();
  });
}

Unit read_unit(const Host& host) {
  Unit out;
  for (const fs::path& file : files_of(host, "gatehoused.service")) {
    const auto text = read_text(file);
    if (!text) continue;
    out.found = true;
    apply_unit(*text, out);
  }
  return out;
}

bool writable_by_unit(const Unit& unit, std::string_view path) {
  if (!unit.found || !unit.read_only) return true;
  return std::ranges::any_of(unit.writable, [&](const std::string& folder) { return below(path, folder); });
}

bool hidden_by_unit(const Unit& unit, std::string_view path) {
  constexpr std::array<std::string_view, 2> kTmp = {"/tmp", "/var/tmp"};
  constexpr std::array<std::string_view, 3> kHome = {"/home", "/root", "/run/user"};
  const auto in = [&](std::string_view folder) { return below(path, folder); };
  return unit.found &&
         ((unit.private_tmp && std::ranges::any_of(kTmp, in)) || (unit.no_home && std::ranges::any_of(kHome, in)));
}

std::string socket_unit(const Host& host, std::string_view name) {
  for (const std::string_view folder : kFolders) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(host.at(folder), none)) {
      if (entry.path().extension() != ".socket") continue;
      const auto text = read_text(entry.path());
      if (!text) continue;
      std::string descriptor = entry.path().filename().string();
      std::string service = entry.path().stem().string() + ".service";
      each_assignment(*text, [&](std::string_view section, std::string_view key, std::string_view value) {
        if (section == "[Socket]" && key == "FileDescriptorName") descriptor = value;
        if (section == "[Socket]" && key == "Service") service = value;
      });
      if (descriptor == name && service == "gatehoused.service") return entry.path().string();
    }
  }
  return {};
}

}  // namespace gatehouse::doctor
