// Catch2, version 2 (Debian 12) or 3. A program's main() comes from the one file that defines CATCH_CONFIG_MAIN before
// it includes this.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#ifdef CATCH_CONFIG_MAIN
int main(int argc, char** argv) {
  return Catch::Session().run(argc, argv);
}
#endif
#else
#include <catch2/catch.hpp>
#endif
