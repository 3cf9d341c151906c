// Results of NFSv4 COMPOUNDs and CB_COMPOUNDs, of NFSv3's procedures and of MNT.
#include "proxy/nfs/rewrite3.h"
#include "tests/fuzz/nfs_compound.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const rpc::Bytes body(data, size);
  fuzz::check(nfs::Message::reply, body);
  fuzz::check(nfs::Message::callback_reply, body);
  static const fuzz::Keys kKeys;
  static constexpr std::array kFlavors = {nfs::Flavor::krb5p};
  static const nfs::Rules kRules{.keys = &kKeys, .bind_handles = true, .flavors = kFlavors};
  std::vector<std::uint8_t> out(size * 3 + nfs::kMostFlavorBytes);
  for (const nfs::Program3 program : {nfs::Program3::nfs, nfs::Program3::mount}) {
    for (std::uint32_t procedure = 0; procedure <= 22; ++procedure) {
      std::size_t n = 0;
      fuzz::expect(nfs::rewrite3_reply(kRules, {program, procedure}, body, out, n) != nfs::Rewritten::answered,
                   "replies are not answered");
    }
  }
  return 0;
}
