// Arguments of NFSv4 COMPOUNDs and CB_COMPOUNDs, and of NFSv3's procedures.
#include "proxy/nfs/rewrite3.h"
#include "tests/fuzz/nfs_compound.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const rpc::Bytes body(data, size);
  fuzz::check(nfs::Message::call, body);
  fuzz::check(nfs::Message::callback, body);
  static const fuzz::Keys kKeys;
  static const nfs::Rules kRules{.keys = &kKeys, .bind_handles = true};
  std::vector<std::uint8_t> out(size + nfs::kMostFailure3);
  for (std::uint32_t procedure = 0; procedure <= 22; ++procedure) {
    std::size_t n = 0;
    const nfs::Rewritten what = nfs::rewrite3_call(kRules, {nfs::Program3::nfs, procedure}, body, out, n);
    fuzz::expect(what != nfs::Rewritten::changed || n < size, "a handle that is taken has lost the guest's part");
  }
  return 0;
}
