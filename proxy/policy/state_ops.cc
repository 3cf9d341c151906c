// NFSv4 COMPOUNDs made of state operations alone. Strict: what a server could read differently is not one.
#include <algorithm>

#include "proxy/policy/decide.h"
#include "rpc/auth_sys.h"

namespace gatehouse::policy {
namespace {

constexpr std::uint32_t kOpaqueLimit = 1024;  // NFS4_OPAQUE_LIMIT
constexpr std::uint32_t kAnyLength = 0xffffffffU;
constexpr std::size_t kVerifier = 8;
constexpr std::size_t kClientId = 8;
constexpr std::size_t kSessionId = 16;
constexpr std::size_t kTime = 12;  // nfstime4

// Walks arguments without keeping them. Every step takes at least one unit or makes the cursor bad, so that a loop over
// a count of the peer ends with the bytes that are there.
class Walk {
 public:
  explicit Walk(rpc::Bytes in) : in_(in) {}

  [[nodiscard]] bool good() const { return good_ && in_.ok(); }
  [[nodiscard]] bool at_end() const { return good_ && in_.at_end(); }

  std::uint32_t u32() { return in_.u32(); }
  void words(std::uint32_t n) {
    for (; n > 0 && good(); --n) in_.u32();
  }
  void fixed(std::size_t bytes) { words(static_cast<std::uint32_t>(bytes / 4)); }
  void opaque(std::uint32_t max) { in_.opaque(max); }
  void require(bool condition) { good_ = good_ && condition; }
  // A boolean or an enumeration of consecutive values.
  std::uint32_t one_of(std::uint32_t low, std::uint32_t high) {
    const std::uint32_t v = in_.u32();
    require(v >= low && v <= high);
    return v;
  }
  void boolean() { one_of(0, 1); }
  // An array of at most `max` elements.
  void array(std::uint32_t max, void (*element)(Walk&)) {
    std::uint32_t n = in_.u32();
    require(n <= max);
    for (; n > 0 && good(); --n) element(*this);
  }

 private:
  rpc::XdrReader in_;
  bool good_ = true;
};

void one_word(Walk& w) {
  w.u32();
}
void one_opaque(Walk& w) {
  w.opaque(kAnyLength);
}

// RFC 8881 section 18.35.1: nfs_impl_id4.
void implementation_id(Walk& w) {
  w.opaque(kAnyLength);  // nii_domain
  w.opaque(kAnyLength);  // nii_name
  w.fixed(kTime);        // nii_date
}

// RFC 8881 section 18.35.1: state_protect_ops4, two bitmaps.
void state_protect_ops(Walk& w) {
  w.array(kAnyLength, one_word);  // spo_must_enforce
  w.array(kAnyLength, one_word);  // spo_must_allow
}

// RFC 8881 section 18.35.1.
void exchange_id(Walk& w) {
  enum : std::uint32_t { kNone = 0, kMachCred = 1, kSsv = 2 };
  w.fixed(kVerifier);      // co_verifier
  w.opaque(kOpaqueLimit);  // co_ownerid
  w.u32();                 // eia_flags
  const std::uint32_t how = w.one_of(kNone, kSsv);
  if (how != kNone) state_protect_ops(w);
  if (how == kSsv) {
    w.array(kAnyLength, one_opaque);  // ssp_hash_algs
    w.array(kAnyLength, one_opaque);  // ssp_encr_algs
    w.u32();                          // ssp_window
    w.u32();                          // ssp_num_gss_handles
  }
  w.array(1, implementation_id);
}

// RFC 8881 section 18.36.1: channel_attrs4.
void channel_attrs(Walk& w) {
  w.words(6);            // header padding, request, response and cached response sizes, operations, requests
  w.array(1, one_word);  // ca_rdma_ird
}

// RFC 8881 section 18.36.1: callback_sec_parms4; authsys_parms of RFC 5531 appendix A.
void callback_sec(Walk& w) {
  enum : std::uint32_t { kNone = 0, kSys = 1, kGss = 6 };
  const std::uint32_t flavor = w.u32();
  w.require(flavor == kNone || flavor == kSys || flavor == kGss);
  if (flavor == kSys) {
    w.u32();  // stamp
    w.opaque(rpc::kMaxMachineName);
    w.words(2);  // uid, gid
    w.array(rpc::kMaxGids, one_word);
  } else if (flavor == kGss) {
    w.one_of(1, 3);        // gcbp_service
    w.opaque(kAnyLength);  // gcbp_handle_from_server
    w.opaque(kAnyLength);  // gcbp_handle_from_client
  }
}

// RFC 8881 section 18.36.1.
void create_session(Walk& w) {
  w.fixed(kClientId);
  w.words(2);        // csa_sequence, csa_flags
  channel_attrs(w);  // fore
  channel_attrs(w);  // back
  w.u32();           // csa_cb_program
  w.array(kAnyLength, callback_sec);
}

// RFC 8881 section 18.34.1.
void bind_conn_to_session(Walk& w) {
  enum : std::uint32_t { kFore = 1, kForeOrBoth = 3, kBackOrBoth = 7 };
  w.fixed(kSessionId);
  const std::uint32_t dir = w.u32();
  w.require((dir >= kFore && dir <= kForeOrBoth) || dir == kBackOrBoth);
  w.boolean();  // bctsa_use_conn_in_rdma_mode
}

// RFC 8881 section 18.46.1.
void sequence(Walk& w) {
  w.fixed(kSessionId);
  w.words(3);   // sa_sequenceid, sa_slotid, sa_highest_slotid
  w.boolean();  // sa_cachethis
}

// RFC 7530 section 16.33.2.
void setclientid(Walk& w) {
  w.fixed(kVerifier);
  w.opaque(kOpaqueLimit);  // id
  w.u32();                 // cb_program
  w.opaque(kAnyLength);    // r_netid
  w.opaque(kAnyLength);    // r_addr
  w.u32();                 // callback_ident
}

// RFC 7530 section 16.34.2.
void setclientid_confirm(Walk& w) {
  w.fixed(kClientId);
  w.fixed(kVerifier);
}

void only_client_id(Walk& w) {
  w.fixed(kClientId);
}
void only_session_id(Walk& w) {
  w.fixed(kSessionId);
}
void only_boolean(Walk& w) {
  w.boolean();
}
void nothing(Walk& /*w*/) {}

// GETATTR of lease_time (RFC 8881 section 5.8.1.11) and of nothing else.
void lease_time_alone(Walk& w) {
  constexpr std::uint32_t kLeaseTime = 1U << 10;
  std::uint32_t n = w.u32();
  w.require(n > 0 && w.u32() == kLeaseTime);
  for (; n > 1 && w.good(); --n) w.require(w.u32() == 0);
}

// SECINFO_NO_NAME of the current file handle (RFC 8881 section 18.45.1), which tells what the gateway takes.
void of_current_handle(Walk& w) {
  w.require(w.u32() == 0);  // SECINFO_STYLE4_CURRENT_FH
}

// The operations with the minor versions that have them (RFC 8881 section 2.7: those of 4.0 end there).
struct Operation {
  std::uint32_t number;
  std::uint32_t first_minor;
  std::uint32_t last_minor;
  void (*arguments)(Walk&);
};
constexpr std::uint32_t kGetAttr = 9;
constexpr std::uint32_t kPutRootFh = 24;
constexpr std::uint32_t kSecinfoNoName = 52;
constexpr Operation kOperations[] = {
    // How Linux learns the lease time, from the root and nowhere else: it is a part of setting up its state.
    {kGetAttr, 0, 2, lease_time_alone},
    {kPutRootFh, 0, 2, nothing},
    {30, 0, 0, only_client_id},       // RENEW (RFC 7530 section 16.29)
    {35, 0, 0, setclientid},          // SETCLIENTID
    {36, 0, 0, setclientid_confirm},  // SETCLIENTID_CONFIRM
    {41, 1, 2, bind_conn_to_session},
    {42, 1, 2, exchange_id},
    {43, 1, 2, create_session},
    {44, 1, 2, only_session_id},  // DESTROY_SESSION (RFC 8881 section 18.37)
    // How Linux finds the flavor of a mount without sec=, asked of the root.
    {kSecinfoNoName, 1, 2, of_current_handle},
    {53, 1, 2, sequence},
    {57, 1, 2, only_client_id},  // DESTROY_CLIENTID (RFC 8881 section 18.50)
    {58, 1, 2, only_boolean},    // RECLAIM_COMPLETE (RFC 8881 section 18.51)
};

}  // namespace

bool only_state_operations(rpc::Bytes args) {
  Walk w(args);
  w.opaque(kAnyLength);                 // tag
  const std::uint32_t minor = w.u32();  // one that no operation has is found out below
  std::uint32_t count = w.u32();
  w.require(count > 0);
  std::uint32_t before = 0;
  for (; count > 0 && w.good(); --count) {
    const std::uint32_t number = w.u32();
    w.require((number == kGetAttr || number == kSecinfoNoName) == (before == kPutRootFh));
    before = number;
    const auto* op = std::ranges::find_if(kOperations, [&](const Operation& o) {
      return o.number == number && minor >= o.first_minor && minor <= o.last_minor;
    });
    if (op == std::end(kOperations)) return false;
    op->arguments(w);
  }
  return w.at_end() && before != kPutRootFh;
}

}  // namespace gatehouse::policy
