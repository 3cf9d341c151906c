// What one gatehoused leaves to the next: the contexts of all guests, as plain records and as bytes.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "gss/acceptors/wiped.h"
#include "gss/context.h"

namespace gatehouse::handover {

/// SavedGuest: whose contexts they are. A guest that is called the same and is somebody else inherits nothing.
struct SavedGuest {
  std::string name;
  std::string uuid;
  std::string identity;  ///< identity_text()
  bool trusted = false;
  std::vector<gss::Context::State> contexts;
};

/// Saved: everything. The monotonic times in it are of the same clock as `at`.
struct Saved {
  gss::Clock at;  ///< when it was saved
  std::vector<SavedGuest> guests;
};

/// Bounds of what is saved; nothing beyond them is encoded, and decode() refuses it.
inline constexpr std::uint32_t kMostGuests = 1U << 20;
inline constexpr std::uint32_t kMostName = 4096;          ///< bytes of a guest's name
inline constexpr std::uint32_t kMostUuid = 64;            ///< bytes
inline constexpr std::uint32_t kMostIdentity = 1U << 16;  ///< bytes
inline constexpr std::uint32_t kMostPrincipal = 1024;     ///< bytes; acceptors take no longer one
inline constexpr std::uint32_t kMostMapping = 1U << 16;   ///< bytes of Identity::mapped_by
inline constexpr std::uint32_t kMostGroups = 65537;       ///< NGROUPS_MAX and one
inline constexpr std::uint32_t kMostWindow = 65536;       ///< numbers
inline constexpr std::uint64_t kMostTime = 1ULL << 62;    ///< of every time, in its own unit

/// encoded_size: bytes of a context, or of a guest without its contexts; 0: it is beyond the bounds, or a guest has no
/// name, or the context had expired at `at`.
std::size_t encoded_size(const gss::Context::State& context, const gss::Clock& at);
std::size_t encoded_size(const SavedGuest& guest);

/// encode_head, encode_guest: the parts of what decode() takes: the head, then `guests` guests. All that is in a guest
/// is within the bounds (encoded_size). Big-endian, as XDR (docs/design/restart.md).
gss::WipedBytes encode_head(const gss::Clock& at, std::size_t guests);
gss::WipedBytes encode_guest(const SavedGuest& guest, const gss::Clock& at);

/// DecodeFault: why bytes are not taken.
enum class DecodeFault : std::uint8_t {
  cut_short,  ///< something ends beyond the end
  excess,     ///< something stands behind the end
  bad_field,  ///< a value beyond its bounds, or one that no context has
};
std::string_view decode_fault_text(DecodeFault f);

/// decode: all or nothing. Nothing is allocated by a count or length before what it counts is there; what is taken
/// encodes to the same bytes.
std::expected<Saved, DecodeFault> decode(rpc::Bytes bytes);

}  // namespace gatehouse::handover
