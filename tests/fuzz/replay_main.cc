// Runs every file of the folders given through a fuzz target: what the fuzzers found stays found, with any compiler.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;

/// kLeast: a folder with fewer files has lost its seeds.
constexpr std::size_t kLeast = 20;

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.is_regular_file()) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

void run(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  // A buffer of exactly the input's size, so that the sanitizer sees a read of one byte too many.
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (const char* folder : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    const std::vector<fs::path> files = files_of(folder);
    if (files.size() < kLeast) {
      std::fprintf(stderr, "%s has %zu files; a corpus has at least %zu\n", folder, files.size(), kLeast);
      return 1;
    }
    for (const fs::path& file : files) {
      // Named before it runs: the last name printed is the input that stopped the run.
      std::fprintf(stderr, "%s\n", file.c_str());
      run(file);
    }
    count += files.size();
  }
  std::printf("%zu inputs\n", count);
  return count > 0 ? 0 : 1;
}
