// fattr4 (RFC 8881 sections 3.3.7 and 5): a bitmap and, as one opaque, the values of the attributes in the bitmap's
// order. Only the file handle among them matters here; what stands before it must be read to find it.
#include "proxy/nfs/walker.h"

namespace gatehouse::nfs {
namespace {

constexpr std::uint32_t kHandleBit = 19;  // FATTR4_FILEHANDLE

// Bytes of the attributes before the handle; the two that have no fixed size are 0.
constexpr std::uint8_t kSizes[kHandleBit] = {
    0,   // supported_attrs, a bitmap
    4,   // type
    4,   // fh_expire_type
    8,   // change
    8,   // size
    4,   // link_support
    4,   // symlink_support
    4,   // named_attr
    16,  // fsid
    4,   // unique_handles
    4,   // lease_time
    4,   // rdattr_error
    0,   // acl
    4,   // aclsupport
    4,   // archive
    4,   // cansettime
    4,   // case_insensitive
    4,   // case_preserving
    4,   // chown_restricted
};
constexpr std::uint32_t kSupported = 0;

}  // namespace

void Walker::attributes(const Field& field) {
  const std::uint32_t words = u32();
  const std::uint32_t bits = words > 0 ? u32() : 0;
  if (words > 1) skip((std::uint64_t{words} - 1) * 4);
  const std::uint32_t size = u32();
  const std::size_t values = at_;
  if (!skip(rpc::padded(std::uint64_t{size}))) return;
  if ((bit(field.point) & wanted_) != 0 && (bits >> kHandleBit & 1U) != 0) find_handle(values, bits, size);
}

// The values are walked as a message of their own, so that no length among them reaches behind their end.
void Walker::find_handle(std::size_t values, std::uint32_t bits, std::uint32_t size) {
  const rpc::Bytes whole = body_;
  const std::size_t behind = at_;
  body_ = whole.first(values + size);
  at_ = values;
  for (std::uint32_t i = 0; i < kHandleBit; ++i) {
    if ((bits >> i & 1U) == 0) continue;
    if (kSizes[i] != 0) {
      skip(kSizes[i]);
    } else if (i == kSupported) {
      skip(std::uint64_t{u32()} * 4);
    } else {  // acl: nfsace4<>, three words and an opaque each
      for (std::uint32_t n = u32(); n > 0 && skip(12); --n) skip_opaque(kAny);
    }
  }
  const std::size_t handle = at_;
  if (skip_opaque(kMaxHandle)) note(Point::handle, handle, values - 4);
  body_ = whole;
  at_ = behind;
}

}  // namespace gatehouse::nfs
