// Results of the operations. Each begins with a status; what follows it depends on that status.
#include "proxy/nfs/common_shapes.h"
#include "proxy/nfs/operations.h"

namespace gatehouse::nfs {
namespace {

enum : std::uint32_t {
  kOk = 0,
  kTooSmall = 10005,
  kDenied = 10010,
  kClientIdInUse = 10017,
  kTryLater = 10058,
  kNoOffloadReqs = 10094
};

constexpr Field kStatusOnly[] = {kStatus};
constexpr Field kChangeBody[] = {kChange};
constexpr Field kStateResult[] = {ok(kOneState)};
constexpr Field kChangeResult[] = {ok(kChangeBody)};
constexpr Field kTextBody[] = {opaque()};
constexpr Field kTextResult[] = {ok(kTextBody)};

// RFC 7530
constexpr Field kTwoWords[] = {words(2)};
constexpr Field kAccess[] = {ok(kTwoWords)};  // supported, access
constexpr Field kVerifierBody[] = {kVerifier};
constexpr Field kCommit[] = {ok(kVerifierBody)};
constexpr Field kCreated[] = {kChange, kBitmap};
constexpr Field kCreate[] = {ok(kCreated)};
constexpr Field kAttributesBody[] = {kAttributes};
constexpr Field kGetAttr[] = {ok(kAttributesBody)};
constexpr Field kHandleBody[] = {kHandle};
constexpr Field kGetFh[] = {ok(kHandleBody)};
constexpr Field kLockDenied[] = {kExtent, words(1), kBegin, fixed(8), kOwnerOf, only(Kind::end, Point::denied)};
constexpr Arm kLockArms[] = {arm(kOk, kOneState), arm(kDenied, kLockDenied)};
constexpr Field kLock[] = {choice(kLockArms, Others::nothing)};
constexpr Arm kLockTArms[] = {arm(kDenied, kLockDenied)};
constexpr Field kLockT[] = {choice(kLockTArms, Others::nothing)};
constexpr Field kOpened[] = {kState, kChange, words(1), kBitmap, kDelegation};  // rflags
constexpr Field kOpen[] = {ok(kOpened)};
constexpr Field kData[] = {words(1), kBulk};  // eof
constexpr Field kRead[] = {ok(kData)};
constexpr Field kEntry[] = {fixed(8), kName, kAttributes};          // cookie
constexpr Field kEntries[] = {kVerifier, chain(kEntry), words(1)};  // eof
constexpr Field kReadDir[] = {ok(kEntries)};
constexpr Field kRenamed[] = {kChange, kChange};
constexpr Field kRename[] = {ok(kRenamed)};
constexpr Field kGssFlavor[] = {opaque(), words(2)};  // oid, qop, service
constexpr Arm kFlavorArms[] = {arm(6, kGssFlavor)};
constexpr Field kFlavor[] = {choice(kFlavorArms, Others::nothing)};
constexpr Field kFlavors[] = {kBegin, array(kFlavor), only(Kind::end, Point::flavors)};
constexpr Field kSecInfo[] = {ok(kFlavors)};
constexpr Field kSetAttr[] = {kStatus, kBitmap};  // the bitmap whatever the status
constexpr Field kNewClient[] = {kClient, kVerifier};
constexpr Field kUsing[] = {kBegin, opaque(), opaque(), only(Kind::end, Point::callback_using)};
constexpr Arm kSetClientIdArms[] = {arm(kOk, kNewClient), arm(kClientIdInUse, kUsing)};
constexpr Field kSetClientId[] = {choice(kSetClientIdArms, Others::nothing)};
constexpr Field kWritten[] = {words(2), kVerifier};  // count, committed
constexpr Field kWrite[] = {ok(kWritten)};

// RFC 8881
constexpr Field kBound[] = {kSession, words(2)};
constexpr Field kBindConn[] = {ok(kBound)};
constexpr Field kSsv[] = {kBitmap, kBitmap, words(4), array(kTextBody)};
constexpr Arm kProtectArms[] = {arm(0), arm(1, kProtectedOps), arm(2, kSsv)};
constexpr Field kExchanged[] = {kClient,
                                words(2),  // eir_sequenceid, eir_flags
                                choice(kProtectArms),
                                fixed(8),
                                opaque(kOpaqueLimit),  // so_minor_id, so_major_id
                                opaque(kOpaqueLimit),
                                array(kImplementation, 1)};  // eir_server_scope
constexpr Field kExchangeId[] = {ok(kExchanged)};
constexpr Field kNewSession[] = {kSession, words(2), words(6), kRdma, words(6), kRdma};  // csr_sequence, csr_flags
constexpr Field kCreateSession[] = {ok(kNewSession)};
constexpr Field kDirDelegation[] = {kVerifier, kState, kBitmap, kBitmap, kBitmap};
constexpr Arm kDirDelegationArms[] = {arm(0, kDirDelegation), arm(1, kOneWord)};
constexpr Field kNonFatal[] = {choice(kDirDelegationArms)};
constexpr Field kGetDirDelegation[] = {ok(kNonFatal)};
constexpr Field kDeviceAddress[] = {words(1), opaque(), kBitmap};
constexpr Arm kDeviceInfoArms[] = {arm(kOk, kDeviceAddress), arm(kTooSmall, kOneWord)};
constexpr Field kGetDeviceInfo[] = {choice(kDeviceInfoArms, Others::nothing)};
constexpr Field kDevices[] = {fixed(8), kVerifier, items(16), words(1)};
constexpr Field kGetDeviceList[] = {ok(kDevices)};
constexpr Field kNewSize[] = {kMaybeOffset};
constexpr Field kLayoutCommit[] = {ok(kNewSize)};
constexpr Field kLayout[] = {kExtent, words(2), opaque()};  // iomode, type
constexpr Field kLayouts[] = {words(1), kState, array(kLayout)};
constexpr Arm kLayoutArms[] = {arm(kOk, kLayouts), arm(kTryLater, kOneWord)};
constexpr Field kLayoutGet[] = {choice(kLayoutArms, Others::nothing)};
constexpr Field kReturnedState[] = {kMaybeState};
constexpr Field kLayoutReturn[] = {ok(kReturnedState)};
constexpr Field kSequenced[] = {kSession, words(5)};
constexpr Field kSequence[] = {ok(kSequenced)};
constexpr Field kStates[] = {items(4)};
constexpr Field kTestStateId[] = {ok(kStates)};
constexpr Field kDelegated[] = {kDelegation};
constexpr Field kWantDelegation[] = {ok(kDelegated)};

// RFC 7862
constexpr Field kCopied[] = {array(kOneState, 1), fixed(8), words(1), kVerifier, words(2)};
constexpr Arm kCopyArms[] = {arm(kOk, kCopied), arm(kNoOffloadReqs, kTwoWords)};
constexpr Field kCopy[] = {choice(kCopyArms, Others::nothing)};
constexpr Field kNotified[] = {kTime, kState, array(kLocation)};
constexpr Field kCopyNotify[] = {ok(kNotified)};
constexpr Field kHints[] = {kBitmap};
constexpr Field kIoAdvise[] = {ok(kHints)};
constexpr Field kOffloaded[] = {fixed(8), array(kOneWord, 1)};
constexpr Field kOffloadStatus[] = {ok(kOffloaded)};
constexpr Field kContentData[] = {fixed(8), opaque()};
constexpr Field kContentHole[] = {kExtent};
constexpr Arm kContentArms[] = {arm(0, kContentData), arm(1, kContentHole)};
constexpr Field kContent[] = {choice(kContentArms, Others::nothing)};
constexpr Field kContents[] = {words(1), array(kContent)};
constexpr Field kReadPlus[] = {ok(kContents)};
constexpr Field kSought[] = {words(1), fixed(8)};
constexpr Field kSeek[] = {ok(kSought)};
constexpr Field kWriteSame[] = {ok(kWriteResponse)};

// RFC 8276
constexpr Field kXattrs[] = {fixed(8), array(kOneName), words(1)};
constexpr Field kListXattrs[] = {ok(kXattrs)};

constexpr Shape kNoMore = shape(kStatusOnly);
constexpr Shape kResults[] = {
    shape(kAccess),            // 3
    shape(kStateResult),       // 4 CLOSE
    shape(kCommit),            // 5
    shape(kCreate),            // 6
    kNoMore,                   // 7 DELEGPURGE
    kNoMore,                   // 8 DELEGRETURN
    shape(kGetAttr),           // 9
    shape(kGetFh),             // 10
    shape(kChangeResult),      // 11 LINK
    shape(kLock),              // 12
    shape(kLockT),             // 13
    shape(kStateResult),       // 14 LOCKU
    kNoMore,                   // 15 LOOKUP
    kNoMore,                   // 16 LOOKUPP
    kNoMore,                   // 17 NVERIFY
    shape(kOpen),              // 18
    kNoMore,                   // 19 OPENATTR
    shape(kStateResult),       // 20 OPEN_CONFIRM
    shape(kStateResult),       // 21 OPEN_DOWNGRADE
    kNoMore,                   // 22 PUTFH
    kNoMore,                   // 23 PUTPUBFH
    kNoMore,                   // 24 PUTROOTFH
    shape(kRead),              // 25
    shape(kReadDir),           // 26
    shape(kTextResult),        // 27 READLINK
    shape(kChangeResult),      // 28 REMOVE
    shape(kRename),            // 29
    kNoMore,                   // 30 RENEW
    kNoMore,                   // 31 RESTOREFH
    kNoMore,                   // 32 SAVEFH
    shape(kSecInfo),           // 33
    shape(kSetAttr),           // 34
    shape(kSetClientId),       // 35
    kNoMore,                   // 36 SETCLIENTID_CONFIRM
    kNoMore,                   // 37 VERIFY
    shape(kWrite),             // 38
    kNoMore,                   // 39 RELEASE_LOCKOWNER
    kNoMore,                   // 40 BACKCHANNEL_CTL
    shape(kBindConn),          // 41
    shape(kExchangeId),        // 42
    shape(kCreateSession),     // 43
    kNoMore,                   // 44 DESTROY_SESSION
    kNoMore,                   // 45 FREE_STATEID
    shape(kGetDirDelegation),  // 46
    shape(kGetDeviceInfo),     // 47
    shape(kGetDeviceList),     // 48
    shape(kLayoutCommit),      // 49
    shape(kLayoutGet),         // 50
    shape(kLayoutReturn),      // 51
    shape(kSecInfo),           // 52 SECINFO_NO_NAME
    shape(kSequence),          // 53
    shape(kTextResult),        // 54 SET_SSV
    shape(kTestStateId),       // 55
    shape(kWantDelegation),    // 56
    kNoMore,                   // 57 DESTROY_CLIENTID
    kNoMore,                   // 58 RECLAIM_COMPLETE
    kNoMore,                   // 59 ALLOCATE
    shape(kCopy),              // 60
    shape(kCopyNotify),        // 61
    kNoMore,                   // 62 DEALLOCATE
    shape(kIoAdvise),          // 63
    kNoMore,                   // 64 LAYOUTERROR
    kNoMore,                   // 65 LAYOUTSTATS
    kNoMore,                   // 66 OFFLOAD_CANCEL
    shape(kOffloadStatus),     // 67
    shape(kReadPlus),          // 68
    shape(kSeek),              // 69
    shape(kWriteSame),         // 70
    kNoMore,                   // 71 CLONE
    shape(kTextResult),        // 72 GETXATTR
    shape(kChangeResult),      // 73 SETXATTR
    shape(kListXattrs),        // 74
    shape(kChangeResult),      // 75 REMOVEXATTR
};
static_assert(std::size(kResults) == kLastOperation - kFirstOperation + 1);
static_assert(shallow(kResults));

}  // namespace

namespace {

consteval Points points_in(const Field* first, std::size_t count) {
  Points out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Field& f = first[i];
    out |= bit(f.point);
    if (f.kind == Kind::choice) {
      for (std::size_t a = 0; a < f.count; ++a) out |= points_in(f.arms[a].body, f.arms[a].count);
    } else if (f.count > 0) {
      out |= points_in(f.body, f.count);
    }
  }
  return out;
}

consteval std::array<std::uint64_t, 2> holding(Points points) {
  std::array<std::uint64_t, 2> out{};
  for (std::size_t i = 0; i < std::size(kResults); ++i) {
    const std::size_t number = kFirstOperation + i;
    if ((points_in(kResults[i].first, kResults[i].count) & points) != 0)
      out[number / 64] |= std::uint64_t{1} << number % 64;
  }
  return out;
}

}  // namespace

std::array<std::uint64_t, 2> results_hold() {
  static constexpr auto kHolding =
      holding(Point::session | Point::client | bit(Point::denied) | bit(Point::callback_using) | bit(Point::flavors));
  return kHolding;
}

const Shape* results_of(std::uint32_t number) {
  if (number == kIllegal) return &kNoMore;
  const std::uint32_t i = number - kFirstOperation;
  return i < std::size(kResults) ? &kResults[i] : nullptr;
}

}  // namespace gatehouse::nfs
