// Arguments and results of the operations that a server calls at its client: NFSv4.1's backchannel.
#include "proxy/nfs/common_shapes.h"
#include "proxy/nfs/operations.h"

namespace gatehouse::nfs {
namespace {

constexpr Field kGetAttr[] = {kHandle, kBitmap};
constexpr Field kRecall[] = {kState, words(1), kHandle};  // truncate
constexpr Field kRecalledFile[] = {kHandle, kExtent, kState};
constexpr Field kFsid[] = {fixed(16)};
constexpr Arm kLayoutArms[] = {arm(1, kRecalledFile), arm(2, kFsid), arm(3)};
constexpr Field kLayoutRecall[] = {words(3), choice(kLayoutArms)};  // clora_type, clora_iomode, clora_changed
constexpr Field kNotification[] = {kBitmap, opaque()};
constexpr Field kNotify[] = {kState, kHandle, array(kNotification)};
constexpr Field kPushDelegation[] = {kHandle, kDelegation};
constexpr Field kRecallAny[] = {words(1), kBitmap};
constexpr Field kOneWordOnly[] = {words(1)};
constexpr Field kReferring[] = {kSession, items(8)};  // rc_sequenceid, rc_slotid
constexpr Field kSequence[] = {kSession, words(4), array(kReferring)};
constexpr Field kWantsCancelled[] = {words(2)};
constexpr Field kNotifyLock[] = {kHandle, kClient, kOwnerOf};
constexpr Field kNotifyDevice[] = {array(kNotification)};
constexpr Arm kOffloadArms[] = {arm(0, kWriteResponse), arm(kAny, kOneOffset)};
constexpr Field kOffload[] = {kHandle, kState, choice(kOffloadArms, Others::last_arm)};

constexpr Shape kArguments[] = {
    shape(kGetAttr),         // 3
    shape(kRecall),          // 4
    shape(kLayoutRecall),    // 5
    shape(kNotify),          // 6
    shape(kPushDelegation),  // 7
    shape(kRecallAny),       // 8
    shape(kRecallAny),       // 9 CB_RECALLABLE_OBJ_AVAIL
    shape(kOneWordOnly),     // 10 CB_RECALL_SLOT
    shape(kSequence),        // 11
    shape(kWantsCancelled),  // 12
    shape(kNotifyLock),      // 13
    shape(kNotifyDevice),    // 14
    shape(kOffload),         // 15
};
static_assert(std::size(kArguments) == kLastCallback - kFirstOperation + 1);
static_assert(shallow(kArguments));

constexpr Field kAttributesBody[] = {kAttributes};
constexpr Field kGetAttrResult[] = {ok(kAttributesBody)};
constexpr Field kSequenced[] = {kSession, words(4)};
constexpr Field kSequenceResult[] = {ok(kSequenced)};
constexpr Field kStatusOnly[] = {kStatus};
constexpr Shape kOfGetAttr = shape(kGetAttrResult);
constexpr Shape kOfSequence = shape(kSequenceResult);
constexpr Shape kNoMore = shape(kStatusOnly);

}  // namespace

const Shape* callback_arguments_of(std::uint32_t number) {
  const std::uint32_t i = number - kFirstOperation;
  return i < std::size(kArguments) ? &kArguments[i] : nullptr;
}

const Shape* callback_results_of(std::uint32_t number) {
  constexpr std::uint32_t kCbGetAttr = 3, kCbSequence = 11;
  if (number == kCbGetAttr) return &kOfGetAttr;
  if (number == kCbSequence) return &kOfSequence;
  return (number >= kFirstOperation && number <= kLastCallback) || number == kIllegal ? &kNoMore : nullptr;
}

}  // namespace gatehouse::nfs
