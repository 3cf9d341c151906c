// Bodies under privacy: what is taken is whole and its own, what one end makes the other takes, a changed bit is seen.
#include "tests/fuzz/protected_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::fuzz::run_body(gatehouse::rpc::GssService::privacy, {data, size});
  return 0;
}
