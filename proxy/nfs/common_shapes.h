// XDR types of NFSv4 that calls, results and callbacks share.
#pragma once

#include "proxy/nfs/field.h"

namespace gatehouse::nfs {

// RFC 7862 section 11.x: netloc4.
inline constexpr Field kNetAddress[] = {opaque(), opaque()};  // r_netid, r_addr
inline constexpr Field kOneName[] = {kName};
inline constexpr Arm kLocationArms[] = {arm(1, kOneName), arm(2, kOneName), arm(3, kNetAddress)};
inline constexpr Field kLocation[] = {choice(kLocationArms)};

// RFC 8881 section 18.35: nfs_impl_id4 and state_protect_ops4.
inline constexpr Field kImplementation[] = {kName, kName, kTime};
inline constexpr Field kProtectedOps[] = {kBitmap, kBitmap};

// RFC 8881 section 18.36: ca_rdma_ird<1> ends channel_attrs4, whose other members are six words.
inline constexpr Field kOneWord[] = {words(1)};
inline constexpr Field kRdma = array(kOneWord, 1);

// RFC 7530 section 16.16, RFC 8881 section 18.16, RFC 9754: open_delegation4. 4 and 5 have the shapes of 1 and 2.
inline constexpr Field kAce = words(3);  // and who
inline constexpr Field kLimit[] = {fixed(8)};
inline constexpr Arm kLimitArms[] = {arm(1, kLimit), arm(2, kLimit)};
inline constexpr Arm kWhyArms[] = {arm(1, kOneWord), arm(2, kOneWord)};
inline constexpr Field kReadDelegation[] = {kState, words(1), kAce, kName};
inline constexpr Field kWriteDelegation[] = {kState, words(1), choice(kLimitArms), kAce, kName};
inline constexpr Field kNoDelegation[] = {choice(kWhyArms, Others::nothing)};
inline constexpr Arm kDelegationArms[] = {arm(0),
                                          arm(1, kReadDelegation),
                                          arm(2, kWriteDelegation),
                                          arm(3, kNoDelegation),
                                          arm(4, kReadDelegation),
                                          arm(5, kWriteDelegation)};
inline constexpr Field kDelegation = choice(kDelegationArms);

// RFC 7862 section 15.x: write_response4.
inline constexpr Field kOneState[] = {kState};
inline constexpr Field kWriteResponse[] = {array(kOneState, 1), fixed(8), words(1), kVerifier};

// Values that are void or one of these, behind a boolean.
inline constexpr Field kOneOffset[] = {fixed(8)};
inline constexpr Field kOneTime[] = {kTime};
inline constexpr Arm kMaybeOffsetArms[] = {arm(0), arm(1, kOneOffset)};
inline constexpr Arm kMaybeTimeArms[] = {arm(0), arm(1, kOneTime)};
inline constexpr Arm kMaybeStateArms[] = {arm(0), arm(1, kOneState)};
inline constexpr Field kMaybeOffset = choice(kMaybeOffsetArms);
inline constexpr Field kMaybeTime = choice(kMaybeTimeArms);
inline constexpr Field kMaybeState = choice(kMaybeStateArms);

}  // namespace gatehouse::nfs
