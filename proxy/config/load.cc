#include <algorithm>

#include "proxy/config/file.h"
#include "proxy/config/sections.h"

namespace gatehouse::config {
namespace {

// In the order of files and places, each problem once: what [defaults] has wrong is met again at each guest.
void tidy(std::vector<Problem>& problems, const std::vector<std::string>& files) {
  const auto rank = [&](const Problem& p) { return std::ranges::find(files, p.file) - files.begin(); };
  std::ranges::stable_sort(problems, [&](const Problem& a, const Problem& b) {
    return std::tuple(rank(a), a.line, a.column) < std::tuple(rank(b), b.line, b.column);
  });
  const auto same = [](const Problem& a, const Problem& b) {
    return a.line == b.line && a.column == b.column && a.file == b.file && a.text == b.text;
  };
  const auto twice = std::ranges::unique(problems, same);
  problems.erase(twice.begin(), twice.end());
}

std::expected<Config, std::vector<Problem>> build(const Node& root, const std::vector<std::string>& files) {
  Context ctx;
  Config out;
  read_config(ctx, root, out);
  tidy(ctx.errors, files);
  tidy(ctx.warnings, files);
  if (!ctx.errors.empty()) return std::unexpected(std::move(ctx.errors));
  out.warnings = std::move(ctx.warnings);
  return out;
}

}  // namespace

std::expected<Config, std::vector<Problem>> parse(std::string_view text, const std::string& name) {
  std::vector<Problem> problems;
  const Node root = parse_document(text, name, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return build(root, {name});
}

std::optional<std::string> admin_socket(const std::filesystem::path& file) {
  std::vector<Problem> ignored;
  std::vector<std::filesystem::path> paths = drop_ins(file, ignored);
  paths.insert(paths.begin(), file);
  std::optional<std::string> out;
  for (const std::filesystem::path& path : paths) {
    const auto text = read_file(path, ignored);
    if (!text) continue;
    const Node root = parse_document(*text, path.string(), ignored);
    const Node* const admin = root.find("admin");
    const Node* const socket = admin == nullptr ? nullptr : admin->find("socket");
    if (socket != nullptr && socket->text() != nullptr) out = *socket->text();
  }
  return out;
}

std::expected<Config, std::vector<Problem>> load(const std::filesystem::path& file) {
  std::vector<Problem> problems;
  std::vector<std::filesystem::path> paths = drop_ins(file, problems);
  paths.insert(paths.begin(), file);
  std::vector<std::string> files;
  std::optional<Node> root;
  for (const std::filesystem::path& path : paths) {
    files.push_back(path.string());
    const auto text = read_file(path, problems);
    if (!text) continue;
    Node document = parse_document(*text, files.back(), problems);
    if (!root)
      root = std::move(document);
    else
      merge(*root, std::move(document));
  }
  // Half a configuration would only make errors that are none.
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return build(*root, files);
}

}  // namespace gatehouse::config
