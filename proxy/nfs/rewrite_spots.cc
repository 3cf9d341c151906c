// What becomes of each point of a message.
#include <array>
#include <cstring>

#include "proxy/nfs/rewrite.h"
#include "proxy/nfs/straight.h"

namespace gatehouse::nfs {
namespace {

// Copies the spot's bytes, changes them and puts them back.
template <std::size_t N>
void through(Editor& editor, rpc::Bytes in, const Spot& spot, const GuestKeys& keys,
             void (GuestKeys::*way)(std::span<std::uint8_t, N>) const) {
  std::array<std::uint8_t, N> id;
  std::memcpy(id.data(), in.data() + spot.offset, N);
  (keys.*way)(id);
  editor.replace(spot, id);
}

}  // namespace

// Calls and answers to callbacks hold what the guest was shown.
bool Rewrite::toward_server() const {
  return message_ == Message::call || message_ == Message::callback_reply;
}

Points Rewrite::wanted() const {
  Points out = 0;
  if (rules_.keys != nullptr && rules_.bind_state) {
    out |= Point::session | Point::client;
    // Ids of state: of 4.0 alone, see docs/design/nfs.md.
    if (message_ == Message::call || (message_ == Message::reply && note_.minor == 0)) out |= bit(Point::state);
    if (message_ == Message::reply) out |= Point::denied | Point::callback_using;
  }
  if (rules_.keys != nullptr && rules_.bind_handles) out |= bit(Point::handle);
  if (message_ == Message::reply && !rules_.flavors.empty()) out |= bit(Point::flavors);
  if (message_ != Message::call) return out;
  if (rules_.bind_handles) out |= bit(Point::room);
  if (!rules_.guest.empty()) out |= bit(Point::owner);
  if (rules_.neutral_callbacks) out |= Point::callback | Point::security;
  if (rules_.no_state_protection) out |= bit(Point::protection);
  return out;
}

// False: the walk need not go on.
bool Rewrite::change(const Spot& spot) {
  std::array<std::uint8_t, kMostFlavorBytes> list;
  switch (spot.point) {
    case Point::session:
    case Point::client:
    case Point::state: change_id(spot); break;
    case Point::handle: return change_handle(spot);
    case Point::owner: change_owner(spot); break;
    case Point::callback:
    case Point::callback_using: replace_if_other(spot, no_callback()); break;
    case Point::security:
      if (needs_gss(in_.subspan(spot.offset, spot.length))) replace_if_other(spot, no_security());
      break;
    case Point::protection: replace_if_other(spot, no_protection()); break;
    case Point::flavors: replace_if_other(spot, secinfo_flavors(rules_.flavors, list)); break;
    case Point::denied: hide(spot); break;
    case Point::room: shrink_room(spot); break;
    case Point::none:
    case Point::request:
    case Point::verifier:
    case Point::program: break;
  }
  return true;
}

void Rewrite::change_id(const Spot& spot) {
  const GuestKeys& keys = *rules_.keys;
  const bool to_server = toward_server();
  if (spot.point == Point::session) {
    std::array<std::uint8_t, 16> id;
    std::memcpy(id.data(), in_.data() + spot.offset, id.size());
    change_session(keys, to_server, id, memo_);
    return editor_.replace(spot, id);
  }
  if (spot.point == Point::client)
    return through(editor_, in_, spot, keys, to_server ? &GuestKeys::client_to_server : &GuestKeys::client_to_guest);
  if (note_.minor == 0)
    through(editor_, in_, spot, keys, to_server ? &GuestKeys::state_to_server : &GuestKeys::state_to_guest);
}

bool Rewrite::change_handle(const Spot& spot) {
  const Binding binding{rules_.keys->handles()};
  const rpc::Bytes handle = content_of(in_, spot);
  std::array<std::uint8_t, kMaxHandle> room;
  const auto other = toward_server() ? servers_handle(binding, handle) : bound_handle(binding, handle, room);
  if (other) {
    if (spot.around != 0) resize(spot, 4 + rpc::padded(other->size()));
    editor_.replace_opaque(spot, *other);
    return true;
  }
  if (other.error() == HandleFault::too_long || message_ != Message::call) {
    handle_too_long_ = true;
  } else {
    foreign_handle_ = true;
    stop_at({spot.operation, spot.index, spot.start}, spot.operation, Status4::stale);
  }
  return false;
}

// The attributes around the spot get as much longer, or shorter, as it does.
void Rewrite::resize(const Spot& spot, std::size_t length) {
  std::array<std::uint8_t, 4> word;
  const std::uint32_t now = rpc::XdrReader(in_.subspan(spot.around, 4)).u32();
  rpc::XdrWriter(word).u32(static_cast<std::uint32_t>(now + length - spot.length));
  editor_.replace({spot.around, 4, word});
}

void Rewrite::change_owner(const Spot& spot) {
  std::array<std::uint8_t, kOpaqueLimit> room;
  editor_.replace_opaque(spot, owner_for_server(rules_.guest, content_of(in_, spot), room));
}

void Rewrite::replace_if_other(const Spot& spot, rpc::Bytes with) {
  const rpc::Bytes now = in_.subspan(spot.offset, spot.length);
  if (now.size() != with.size() || std::memcmp(now.data(), with.data(), now.size()) != 0) editor_.replace(spot, with);
}

// Who holds a conflicting lock may be another guest: its client id, shown under this guest's key, would be one that
// this guest could use.
void Rewrite::hide(const Spot& spot) {
  static constexpr std::array<std::uint8_t, kOpaqueLimit> kZeros{};
  constexpr std::size_t kClientId = 8;
  const rpc::Bytes owner = content_of(in_, {.offset = spot.offset + kClientId});
  editor_.replace({spot.offset, kClientId, rpc::Bytes(kZeros).first(kClientId)});
  editor_.replace({spot.offset + kClientId + 4, owner.size(), rpc::Bytes(kZeros).first(owner.size())});
}

void Rewrite::shrink_room(const Spot& spot) {
  std::array<std::uint8_t, 4> word;
  rpc::XdrWriter(word).u32(room_for_bound(rpc::XdrReader(in_.subspan(spot.offset, spot.length)).u32()));
  editor_.replace(spot, word);
}

}  // namespace gatehouse::nfs
