// gatehouse-manual: reads a page with "@SECTION@" lines from standard input and writes gatehouse.conf(5). Used by the
// build.
#include <iostream>
#include <iterator>

#include "proxy/manual/manual.h"

int main() {
  const std::string page{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const auto filled = gatehouse::manual::fill(page, gatehouse::config::settings());
  if (!filled) {
    std::cerr << "gatehouse-manual: " << filled.error() << '\n';
    return 1;
  }
  std::cout << *filled << std::flush;
  return std::cout ? 0 : 1;
}
