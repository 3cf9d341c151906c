#include "proxy/nfs/names.h"

#include <array>

#include "proxy/nfs/operations.h"

namespace gatehouse::nfs {
namespace {

constexpr std::array<std::string_view, kLastOperation - kFirstOperation + 1> kNames = {
    "ACCESS", "CLOSE", "COMMIT", "CREATE", "DELEGPURGE", "DELEGRETURN", "GETATTR", "GETFH", "LINK", "LOCK", "LOCKT",
    "LOCKU", "LOOKUP", "LOOKUPP", "NVERIFY", "OPEN", "OPENATTR", "OPEN_CONFIRM", "OPEN_DOWNGRADE", "PUTFH", "PUTPUBFH",
    "PUTROOTFH", "READ", "READDIR", "READLINK", "REMOVE", "RENAME", "RENEW", "RESTOREFH", "SAVEFH", "SECINFO",
    "SETATTR", "SETCLIENTID", "SETCLIENTID_CONFIRM", "VERIFY", "WRITE", "RELEASE_LOCKOWNER",
    // 4.1
    "BACKCHANNEL_CTL", "BIND_CONN_TO_SESSION", "EXCHANGE_ID", "CREATE_SESSION", "DESTROY_SESSION", "FREE_STATEID",
    "GET_DIR_DELEGATION", "GETDEVICEINFO", "GETDEVICELIST", "LAYOUTCOMMIT", "LAYOUTGET", "LAYOUTRETURN",
    "SECINFO_NO_NAME", "SEQUENCE", "SET_SSV", "TEST_STATEID", "WANT_DELEGATION", "DESTROY_CLIENTID", "RECLAIM_COMPLETE",
    // 4.2
    "ALLOCATE", "COPY", "COPY_NOTIFY", "DEALLOCATE", "IO_ADVISE", "LAYOUTERROR", "LAYOUTSTATS", "OFFLOAD_CANCEL",
    "OFFLOAD_STATUS", "READ_PLUS", "SEEK", "WRITE_SAME", "CLONE", "GETXATTR", "SETXATTR", "LISTXATTRS", "REMOVEXATTR"};

}  // namespace

std::string_view operation_name(std::uint32_t operation) {
  if (operation < kFirstOperation || operation > kLastOperation) return "ILLEGAL";
  return kNames[operation - kFirstOperation];
}

std::string_view unknown_state(std::uint32_t status) {
  switch (status) {
    case 10022: return "NFS4ERR_STALE_CLIENTID";
    case 10023: return "NFS4ERR_STALE_STATEID";
    case 10025: return "NFS4ERR_BAD_STATEID";
    case 10052: return "NFS4ERR_BADSESSION";
    default: return {};
  }
}

}  // namespace gatehouse::nfs
