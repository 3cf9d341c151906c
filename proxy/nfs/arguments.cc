// Arguments of the operations. Members that no decision needs are only counted: the comment beside them names them.
#include "proxy/nfs/common_shapes.h"
#include "proxy/nfs/operations.h"

namespace gatehouse::nfs {
namespace {

constexpr Field kChangesOnly[] = {kChanges};
constexpr Field kOneClient[] = {kClient};
constexpr Field kOneSession[] = {kSession};
constexpr Field kClientAndOwner[] = {kClient, kOwnerOf};
constexpr Field kOneHandle[] = {kHandle};
constexpr Field kRequest[] = {items(4, Point::request)};
constexpr Field kOneAttributes[] = {kAttributes};
constexpr Field kChangedName[] = {kChanges, kName};
constexpr Field kChangedExtent[] = {kChanges, kState, kExtent};

// RFC 7530
constexpr Field kClose[] = {words(1), kState};     // seqid
constexpr Field kCommit[] = {fixed(8), words(1)};  // offset, count
constexpr Field kDeviceNumber[] = {words(2)};      // specdata4
constexpr Arm kTypeArms[] = {arm(3, kDeviceNumber), arm(4, kDeviceNumber), arm(5, kOneName)};
constexpr Field kCreate[] = {kChanges, choice(kTypeArms, Others::nothing), kName, kAttributes};
constexpr Field kNewLocker[] = {words(1), kState, words(1), kClient, kOwnerOf};  // open_seqid, lock_seqid
constexpr Field kOldLocker[] = {kState, words(1)};                               // lock_seqid
constexpr Arm kLockerArms[] = {arm(0, kOldLocker), arm(1, kNewLocker)};
constexpr Field kLock[] = {words(2), kExtent, choice(kLockerArms)};  // locktype, reclaim
constexpr Field kLockT[] = {words(1), kExtent, kClient, kOwnerOf};   // locktype
constexpr Field kLockU[] = {words(2), kState, kExtent};              // locktype, seqid
constexpr Field kExclusive[] = {kVerifier};
constexpr Field kExclusive41[] = {kVerifier, kAttributes};
constexpr Arm kHowArms[] = {arm(0, kOneAttributes), arm(1, kOneAttributes), arm(2, kExclusive), arm(3, kExclusive41)};
constexpr Field kCreateHow[] = {kChanges, choice(kHowArms)};
constexpr Arm kOpenArms[] = {arm(1, kCreateHow)};
constexpr Field kStateAndName[] = {kState, kName};
constexpr Arm kClaimArms[] = {
    arm(0, kOneName), arm(1, kOneWord), arm(2, kStateAndName), arm(3, kOneName), arm(4), arm(5, kOneState), arm(6)};
constexpr Field kOpen[] = {words(1),                     // seqid
                           only(Kind::share), words(1),  // share_deny
                           kClient,           kOwnerOf, choice(kOpenArms, Others::nothing), choice(kClaimArms)};
constexpr Arm kCreateDirArms[] = {arm(0), arm(1, kChangesOnly)};
constexpr Field kOpenAttr[] = {choice(kCreateDirArms)};
constexpr Field kOpenConfirm[] = {kState, words(1)};     // seqid
constexpr Field kOpenDowngrade[] = {kState, words(3)};   // seqid, share_access, share_deny
constexpr Field kRead[] = {kState, fixed(8), words(1)};  // offset, count
constexpr Field kReadDir[] = {fixed(8), kVerifier, words(1), fixed(4, Point::room), kBitmap};  // cookie, dircount
constexpr Field kRename[] = {kChanges, kName, kName};
constexpr Field kSetAttr[] = {kChanges, kState, kAttributes};
constexpr Field kSetClientId[] = {fixed(8, Point::verifier),
                                  opaque(kOpaqueLimit, Point::owner),
                                  fixed(4, Point::program),
                                  kBegin,
                                  opaque(),  // r_netid
                                  opaque(),  // r_addr
                                  only(Kind::end, Point::callback),
                                  words(1)};  // callback_ident
constexpr Field kSetClientIdConfirm[] = {kClient, kVerifier};
constexpr Field kWrite[] = {kChanges, kState, fixed(8), words(1), kBulk};  // offset, stable

// RFC 8881
constexpr Field kSysCredential[] = {words(1), opaque(255), words(2), items(4)};  // stamp, machinename, uid, gid, gids
constexpr Field kGssHandles[] = {words(1), opaque(), opaque()};                  // gcbp_service, two handles
constexpr Arm kCallbackArms[] = {arm(0), arm(1, kSysCredential), arm(6, kGssHandles)};
constexpr Field kCallbackSecurity[] = {choice(kCallbackArms)};
constexpr Field kBackchannelCtl[] = {fixed(4, Point::program), kBegin, array(kCallbackSecurity),
                                     only(Kind::end, Point::security)};
constexpr Field kBindConn[] = {kSession, words(2)};  // bctsa_dir, bctsa_use_conn_in_rdma_mode
constexpr Field kOneOid[] = {opaque()};
constexpr Field kSsv[] = {kBitmap, kBitmap, array(kOneOid), array(kOneOid),
                          words(2)};  // ssp_window, ssp_num_gss_handles
constexpr Arm kProtectArms[] = {arm(0), arm(1, kProtectedOps), arm(2, kSsv)};
constexpr Field kExchangeId[] = {fixed(8, Point::verifier),
                                 opaque(kOpaqueLimit, Point::owner),
                                 words(1),  // eia_flags
                                 kBegin,
                                 choice(kProtectArms),
                                 only(Kind::end, Point::protection),
                                 array(kImplementation, 1)};
constexpr Field kCreateSession[] = {kClient,
                                    words(2),  // csa_sequence, csa_flags
                                    words(6),
                                    kRdma,
                                    words(6),
                                    kRdma,
                                    fixed(4, Point::program),
                                    kBegin,
                                    array(kCallbackSecurity),
                                    only(Kind::end, Point::security)};
constexpr Field kGetDirDelegation[] = {words(1), kBitmap, kTime, kTime, kBitmap, kBitmap};
constexpr Field kGetDeviceInfo[] = {kDevice, words(2), kBitmap};  // layout type, gdia_maxcount
constexpr Field kGetDeviceList[] = {words(2), fixed(8), kVerifier};
constexpr Field kLayoutCommit[] = {kChanges, kExtent,      words(1),  // loca_reclaim
                                   kState,   kMaybeOffset, kMaybeTime, words(1), opaque()};
constexpr Arm kIoModeArms[] = {arm(2, kChangesOnly)};  // LAYOUTIOMODE4_RW
constexpr Field kLayoutGet[] = {words(2), choice(kIoModeArms, Others::nothing), fixed(24), kState, words(1)};
constexpr Field kReturnedFile[] = {kExtent, kState, opaque()};
constexpr Arm kReturnArms[] = {arm(1, kReturnedFile)};
constexpr Field kLayoutReturn[] = {words(3), choice(kReturnArms, Others::nothing)};
constexpr Field kSequence[] = {kSession, words(4)};  // sa_sequenceid, sa_slotid, sa_highest_slotid, sa_cachethis
constexpr Field kSetSsv[] = {opaque(), opaque()};
constexpr Field kTestStateId[] = {array(kOneState)};
constexpr Arm kWantArms[] = {arm(1, kOneWord), arm(4), arm(6)};
constexpr Field kWantDelegation[] = {words(1), choice(kWantArms)};

// RFC 7862
constexpr Field kCopy[] = {kChanges, kState, kState, fixed(24), words(2), array(kLocation)};
constexpr Field kCopyNotify[] = {kState, choice(kLocationArms)};
constexpr Field kIoAdvise[] = {kState, kExtent, kBitmap};
constexpr Field kLayoutError[] = {kExtent, kState, items(24)};  // device_error4<>
constexpr Field kLayoutStats[] = {kExtent, kState, fixed(32), kDevice, words(1), opaque()};
constexpr Field kSeek[] = {kState, fixed(8), words(1)};
constexpr Field kWriteSame[] = {kChanges, kState, words(1), fixed(44), opaque()};  // app_data_block4
constexpr Field kClone[] = {kChanges, kState, kState, fixed(24)};

// RFC 8276
constexpr Field kSetXattr[] = {kChanges, words(1), kName, opaque()};
constexpr Field kListXattrs[] = {fixed(8), words(1)};

constexpr Shape kNothing = {};
constexpr Shape kArguments[] = {
    shape(kOneWord),             // 3 ACCESS
    shape(kClose),               // 4
    shape(kCommit),              // 5
    shape(kCreate),              // 6
    shape(kOneClient),           // 7 DELEGPURGE
    shape(kOneState),            // 8 DELEGRETURN
    shape(kRequest),             // 9 GETATTR
    kNothing,                    // 10 GETFH
    shape(kChangedName),         // 11 LINK
    shape(kLock),                // 12
    shape(kLockT),               // 13
    shape(kLockU),               // 14
    shape(kOneName),             // 15 LOOKUP
    kNothing,                    // 16 LOOKUPP
    shape(kOneAttributes),       // 17 NVERIFY
    shape(kOpen),                // 18
    shape(kOpenAttr),            // 19
    shape(kOpenConfirm),         // 20
    shape(kOpenDowngrade),       // 21
    shape(kOneHandle),           // 22 PUTFH
    kNothing,                    // 23 PUTPUBFH
    kNothing,                    // 24 PUTROOTFH
    shape(kRead),                // 25
    shape(kReadDir),             // 26
    kNothing,                    // 27 READLINK
    shape(kChangedName),         // 28 REMOVE
    shape(kRename),              // 29
    shape(kOneClient),           // 30 RENEW
    kNothing,                    // 31 RESTOREFH
    kNothing,                    // 32 SAVEFH
    shape(kOneName),             // 33 SECINFO
    shape(kSetAttr),             // 34
    shape(kSetClientId),         // 35
    shape(kSetClientIdConfirm),  // 36
    shape(kOneAttributes),       // 37 VERIFY
    shape(kWrite),               // 38
    shape(kClientAndOwner),      // 39 RELEASE_LOCKOWNER
    shape(kBackchannelCtl),      // 40
    shape(kBindConn),            // 41
    shape(kExchangeId),          // 42
    shape(kCreateSession),       // 43
    shape(kOneSession),          // 44 DESTROY_SESSION
    shape(kOneState),            // 45 FREE_STATEID
    shape(kGetDirDelegation),    // 46
    shape(kGetDeviceInfo),       // 47
    shape(kGetDeviceList),       // 48
    shape(kLayoutCommit),        // 49
    shape(kLayoutGet),           // 50
    shape(kLayoutReturn),        // 51
    shape(kOneWord),             // 52 SECINFO_NO_NAME
    shape(kSequence),            // 53
    shape(kSetSsv),              // 54
    shape(kTestStateId),         // 55
    shape(kWantDelegation),      // 56
    shape(kOneClient),           // 57 DESTROY_CLIENTID
    shape(kOneWord),             // 58 RECLAIM_COMPLETE
    shape(kChangedExtent),       // 59 ALLOCATE
    shape(kCopy),                // 60
    shape(kCopyNotify),          // 61
    shape(kChangedExtent),       // 62 DEALLOCATE
    shape(kIoAdvise),            // 63
    shape(kLayoutError),         // 64
    shape(kLayoutStats),         // 65
    shape(kOneState),            // 66 OFFLOAD_CANCEL
    shape(kOneState),            // 67 OFFLOAD_STATUS
    shape(kRead),                // 68 READ_PLUS
    shape(kSeek),                // 69
    shape(kWriteSame),           // 70
    shape(kClone),               // 71
    shape(kOneName),             // 72 GETXATTR
    shape(kSetXattr),            // 73
    shape(kListXattrs),          // 74
    shape(kChangedName),         // 75 REMOVEXATTR
};
static_assert(std::size(kArguments) == kLastOperation - kFirstOperation + 1);
static_assert(shallow(kArguments));

}  // namespace

const Shape* arguments_of(std::uint32_t number) {
  const std::uint32_t i = number - kFirstOperation;
  return i < std::size(kArguments) ? &kArguments[i] : nullptr;
}

}  // namespace gatehouse::nfs
