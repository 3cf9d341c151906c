// The language in which the shapes of NFS messages are written down: XDR (RFC 4506) as constant tables, which one
// walker reads. A table reads like the RFC's description of the message, less what no decision needs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatehouse::nfs {

/// Point: what the gateway may want to know of a message, or to change in it.
enum class Point : std::uint8_t {
  none,
  session,         ///< sessionid4, 16 bytes
  client,          ///< clientid4, 8 bytes
  state,           ///< stateid4, 16 bytes: seqid and 12 of the server's
  handle,          ///< a file handle, opaque
  owner,           ///< co_ownerid, or the id of nfs_client_id4, opaque
  verifier,        ///< the client's verifier of EXCHANGE_ID or SETCLIENTID, 8 bytes
  callback,        ///< the callback address of SETCLIENTID: two strings
  callback_using,  ///< the address in SETCLIENTID's NFS4ERR_CLID_INUSE: two strings
  program,         ///< the callback program, 4 bytes
  security,        ///< callback_sec_parms4<>
  protection,      ///< state_protect4_a
  flavors,         ///< secinfo4<> of SECINFO and SECINFO_NO_NAME, or the flavors of MOUNT: an array
  denied,          ///< lock_owner4 of a conflicting lock: client id and owner of whoever holds it
  request,         ///< the attributes that GETATTR asks for: a bitmap
  room,            ///< the most bytes that a directory's entries may take, 4 bytes
};

/// Points: a set of points, one bit each.
using Points = std::uint32_t;
constexpr Points bit(Point p) {
  return p == Point::none ? 0 : Points{1} << static_cast<unsigned>(p);
}
constexpr Points operator|(Point a, Point b) {
  return bit(a) | bit(b);
}
constexpr Points operator|(Points a, Point b) {
  return a | bit(b);
}

enum class Kind : std::uint8_t {
  fixed,       ///< n bytes
  opaque,      ///< length, at most n bytes, padding
  bulk,        ///< the same, file data: the last of its operation
  items,       ///< a count, then as many items of n bytes
  array,       ///< a count, at most n, then as many bodies
  chain,       ///< optional data: while the word before it is 1, one more body
  choice,      ///< a discriminant, then its arm
  ok,          ///< a status, then the body if that is 0
  attributes,  ///< fattr4
  share,       ///< share_access of OPEN: with write access the operation changes something
  changes,     ///< no bytes: the operation changes something
  begin,       ///< no bytes: here begins what the next `end` is about
  end,         ///< no bytes
  rest,        ///< all that is left
};

/// Others: what a discriminant without an arm means.
enum class Others : std::uint8_t { malformed, nothing, last_arm };

struct Arm;

/// Field: one step of a shape. The members after `point` belong to some kinds only.
struct Field {
  Kind kind;
  Point point = Point::none;
  Others others = Others::malformed;
  std::uint8_t count = 0;       ///< of body or arms
  std::uint32_t n = 0;          ///< bytes, or the most there may be
  const Field* body = nullptr;  ///< of array, chain and ok
  const Arm* arms = nullptr;    ///< of choice
};

/// Arm: of a choice; no body: nothing follows the discriminant.
struct Arm {
  std::uint32_t value;
  const Field* body = nullptr;
  std::uint8_t count = 0;
};

inline constexpr std::uint32_t kAny = 0xffffffffU;
inline constexpr std::uint32_t kOpaqueLimit = 1024;  // NFS4_OPAQUE_LIMIT
inline constexpr std::uint32_t kMaxHandle = 128;     // NFS4_FHSIZE

constexpr Field fixed(std::uint32_t bytes, Point p = Point::none) {
  return {.kind = Kind::fixed, .point = p, .n = bytes};
}
constexpr Field words(std::uint32_t n) {
  return fixed(n * 4);
}
constexpr Field opaque(std::uint32_t most = kAny, Point p = Point::none) {
  return {.kind = Kind::opaque, .point = p, .n = most};
}
constexpr Field items(std::uint32_t bytes, Point p = Point::none) {
  return {.kind = Kind::items, .point = p, .n = bytes};
}
constexpr Field only(Kind kind, Point p = Point::none) {
  return {.kind = kind, .point = p};
}
template <std::size_t N>
constexpr Field array(const Field (&body)[N], std::uint32_t most = kAny) {
  return {.kind = Kind::array, .count = N, .n = most, .body = body};
}
template <std::size_t N>
constexpr Field chain(const Field (&body)[N]) {
  return {.kind = Kind::chain, .count = N, .body = body};
}
template <std::size_t N>
constexpr Field ok(const Field (&body)[N]) {
  return {.kind = Kind::ok, .count = N, .body = body};
}
template <std::size_t N>
constexpr Field choice(const Arm (&arms)[N], Others others = Others::malformed) {
  return {.kind = Kind::choice, .others = others, .count = N, .arms = arms};
}
template <std::size_t N>
constexpr Arm arm(std::uint32_t value, const Field (&body)[N]) {
  return {value, body, N};
}
constexpr Arm arm(std::uint32_t value) {
  return {value};
}

/// Shape: a message's or an operation's fields, in order. A view of constants.
struct Shape {
  const Field* first = nullptr;
  std::uint8_t count = 0;
};
template <std::size_t N>
constexpr Shape shape(const Field (&fields)[N]) {
  return {fields, N};
}

// What occurs in several messages.
inline constexpr Field kBitmap = items(4);
inline constexpr Field kName = opaque();
inline constexpr Field kSession = fixed(16, Point::session);
inline constexpr Field kClient = fixed(8, Point::client);
inline constexpr Field kState = fixed(16, Point::state);
inline constexpr Field kHandle = opaque(kMaxHandle, Point::handle);
inline constexpr Field kOwnerOf = opaque(kOpaqueLimit);  // the owner behind a client id
inline constexpr Field kAttributes = only(Kind::attributes, Point::handle);
inline constexpr Field kBulk = only(Kind::bulk);
inline constexpr Field kChanges = only(Kind::changes);
inline constexpr Field kBegin = only(Kind::begin);
inline constexpr Field kVerifier = fixed(8);
inline constexpr Field kTime = fixed(12);    // nfstime4
inline constexpr Field kDevice = fixed(16);  // deviceid4
inline constexpr Field kChange = fixed(20);  // change_info4
inline constexpr Field kExtent = fixed(16);  // offset and length
inline constexpr Field kStatus = words(1);   // results that are a status, whatever it is

}  // namespace gatehouse::nfs
