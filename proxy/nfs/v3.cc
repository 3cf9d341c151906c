#include "proxy/nfs/v3.h"

#include <iterator>

#include "proxy/nfs/operations.h"

namespace gatehouse::nfs {
namespace {

constexpr Field kHandle3 = opaque(64, Point::handle);
constexpr Field kRest = only(Kind::rest);
constexpr Field kPath = opaque(1024);  // MNTPATHLEN

// Attributes that may be there: post_op_attr.
constexpr Field kFattr3[] = {fixed(84)};
constexpr Arm kMaybeAttributes[] = {arm(0), arm(1, kFattr3)};
constexpr Field kPostAttributes = choice(kMaybeAttributes);
constexpr Field kOneHandle[] = {kHandle3};
constexpr Arm kMaybeHandle[] = {arm(0), arm(1, kOneHandle)};
constexpr Field kPostHandle = choice(kMaybeHandle);

constexpr Field kHandleFirst[] = {kHandle3, kRest};
constexpr Field kRename[] = {kHandle3, kName, kHandle3, kName};
constexpr Field kLink[] = {kHandle3, kHandle3, kName};
constexpr Field kListing[] = {kHandle3, fixed(8), kVerifier, words(1), fixed(4, Point::room)};  // cookie, dircount
constexpr Field kMntPath[] = {kPath};
constexpr Shape kOfHandle = shape(kHandleFirst);
constexpr Shape kOfRename = shape(kRename);
constexpr Shape kOfLink = shape(kLink);
constexpr Shape kOfListing = shape(kListing);
constexpr Shape kOfMnt = shape(kMntPath);

constexpr Field kFound[] = {kHandle3};
constexpr Field kLookup[] = {ok(kFound), kRest};
constexpr Field kMade[] = {kPostHandle};
constexpr Field kCreate[] = {ok(kMade), kRest};
constexpr Field kEntry[] = {fixed(8), kName, fixed(8), kPostAttributes, kPostHandle};  // fileid, cookie
constexpr Field kEntries[] = {kPostAttributes, kVerifier, chain(kEntry)};
constexpr Field kReadDirPlus[] = {ok(kEntries), kRest};
constexpr Field kMounted[] = {kHandle3, kBegin, items(4), only(Kind::end, Point::flavors)};
constexpr Field kMnt[] = {ok(kMounted)};
constexpr Shape kResults[] = {shape(kLookup), shape(kCreate), shape(kReadDirPlus), shape(kMnt)};
static_assert(shallow(kResults));

enum : std::uint32_t {
  kNull = 0,
  kSetAttr = 2,
  kLookupProc = 3,
  kWrite = 7,
  kCreateProc = 8,
  kMknod = 11,
  kRenameProc = 14,
  kLinkProc = 15,
  kReadDirPlusProc = 17,
  kCommit = 21,
  kSetAcl = 2
};

// Words behind the status of a failure: each says that no attributes follow; of wcc_data there are two.
constexpr std::uint8_t kFailureWords[] = {
    0,              // NULL cannot fail
    0, 2, 1, 1, 1,  // GETATTR SETATTR LOOKUP ACCESS READLINK
    1, 2, 2, 2, 2,  // READ WRITE CREATE MKDIR SYMLINK
    2, 2, 2, 4, 3,  // MKNOD REMOVE RMDIR RENAME LINK
    1, 1, 1, 1, 1,  // READDIR READDIRPLUS FSSTAT FSINFO PATHCONF
    2,              // COMMIT
};
static_assert(std::size(kFailureWords) == kCommit + 1);

}  // namespace

const Shape* arguments3(Program3 program, std::uint32_t procedure) {
  if (procedure == kNull) return nullptr;
  if (program == Program3::mount) return procedure == kMountMnt ? &kOfMnt : nullptr;
  if (program == Program3::acl) return procedure <= kSetAcl ? &kOfHandle : nullptr;
  if (procedure == kRenameProc) return &kOfRename;
  if (procedure == kLinkProc) return &kOfLink;
  if (procedure == kReadDirPlusProc) return &kOfListing;
  return procedure <= kCommit ? &kOfHandle : nullptr;
}

const Shape* results3(Program3 program, std::uint32_t procedure) {
  if (program == Program3::mount) return procedure == kMountMnt ? &kResults[3] : nullptr;
  if (program != Program3::nfs) return nullptr;
  if (procedure == kLookupProc) return &kResults[0];
  if (procedure >= kCreateProc && procedure <= kMknod) return &kResults[1];
  return procedure == kReadDirPlusProc ? &kResults[2] : nullptr;
}

bool changes3(Program3 program, std::uint32_t procedure) {
  if (program == Program3::acl) return procedure == kSetAcl;
  return program == Program3::nfs && (procedure == kSetAttr || (procedure >= kWrite && procedure <= kLinkProc));
}

rpc::Bytes failure3(Program3 program, std::uint32_t procedure, Status3 status,
                    std::span<std::uint8_t, kMostFailure3> out) {
  std::size_t words = 0;
  if (program == Program3::nfs && procedure != kNull && procedure <= kCommit) {
    words = kFailureWords[procedure];
  } else if (program == Program3::acl && procedure != kNull && procedure <= kSetAcl) {
    words = 1;
  } else if (program != Program3::mount || procedure != kMountMnt) {
    return {};
  }
  rpc::XdrWriter w(out);
  w.u32(static_cast<std::uint32_t>(status));
  for (; words > 0; --words) w.u32(0);
  return w.written();
}

}  // namespace gatehouse::nfs
