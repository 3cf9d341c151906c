#include "proxy/nfs/rewrite3.h"

#include <array>

namespace gatehouse::nfs {
namespace {

// Changes one spot. False: why is in `fault`.
class Changer {
 public:
  Changer(const Rules& rules, bool to_server, rpc::Bytes in, Editor& editor)
      : rules_(rules), to_server_(to_server), in_(in), editor_(editor) {}

  bool change(const Spot& spot) {
    std::array<std::uint8_t, kMostFlavorBytes> list;
    std::array<std::uint8_t, 4> word;
    switch (spot.point) {
      case Point::handle: return change_handle(spot);
      case Point::flavors: editor_.replace(spot, mount_flavors(rules_.flavors, list)); return true;
      case Point::room:
        rpc::XdrWriter(word).u32(room_for_bound(rpc::XdrReader(in_.subspan(spot.offset, spot.length)).u32()));
        editor_.replace(spot, word);
        return true;
      default: return true;
    }
  }

  HandleFault fault{};

 private:
  bool change_handle(const Spot& spot) {
    const Binding binding{rules_.keys->handles(), kHandleMac3, kMaxHandle3};
    const rpc::Bytes handle = content_of(in_, spot);
    std::array<std::uint8_t, kMaxHandle> room;
    const auto other = to_server_ ? servers_handle(binding, handle) : bound_handle(binding, handle, room);
    if (!other) {
      fault = other.error();
      return false;
    }
    editor_.replace_opaque(spot, *other);
    return true;
  }

  const Rules& rules_;
  const bool to_server_;
  const rpc::Bytes in_;
  Editor& editor_;
};

bool binds(const Rules& rules) {
  return rules.bind_handles && rules.keys != nullptr;
}

Rewritten rewrite(const Rules& rules, const Shape& shape, bool to_server, rpc::Bytes in, std::span<std::uint8_t> out,
                  std::size_t& size) {
  const Points handles = binds(rules) ? Point::handle | (to_server ? Point::room : Point::none) : 0;
  const Points flavors = rules.flavors.empty() ? 0 : bit(Point::flavors);
  Walker walker(shape, in, handles | flavors);
  Editor editor(in, out);
  Changer changer(rules, to_server, in, editor);
  std::array<Spot, 4> spots;
  Walk w = Walk::spots_full;
  while (w == Walk::spots_full) {
    std::size_t count = 0;
    w = walker.walk(spots, count);
    for (const Spot& s : std::span(spots).first(count))
      if (!changer.change(s)) return changer.fault == HandleFault::foreign ? Rewritten::answered : Rewritten::no_handle;
  }
  if (w != Walk::done) return Rewritten::malformed;
  if (!editor.changed()) return Rewritten::same;
  const auto n = editor.finish();
  if (!n) return Rewritten::no_room;
  size = *n;
  return Rewritten::changed;
}

Rewritten fail(Procedure3 procedure, Status3 status, std::span<std::uint8_t> out, std::size_t& size) {
  if (out.size() < kMostFailure3) return Rewritten::no_room;
  size = failure3(procedure.program, procedure.number, status, out.first<kMostFailure3>()).size();
  return Rewritten::answered;
}

}  // namespace

bool touches3_call(const Rules& rules, Procedure3 procedure) {
  if (rules.read_only && changes3(procedure.program, procedure.number)) return true;
  return binds(rules) && procedure.program != Program3::mount &&
         arguments3(procedure.program, procedure.number) != nullptr;
}

bool touches3_reply(const Rules& rules, Procedure3 procedure) {
  if (results3(procedure.program, procedure.number) == nullptr) return false;
  return binds(rules) || (procedure.program == Program3::mount && !rules.flavors.empty());
}

Rewritten rewrite3_call(const Rules& rules, Procedure3 procedure, rpc::Bytes in, std::span<std::uint8_t> out,
                        std::size_t& size) {
  if (rules.read_only && changes3(procedure.program, procedure.number))
    return fail(procedure, Status3::rofs, out, size);
  if (!touches3_call(rules, procedure)) return Rewritten::same;
  const Rewritten what = rewrite(rules, *arguments3(procedure.program, procedure.number), true, in, out, size);
  return what == Rewritten::answered ? fail(procedure, Status3::stale, out, size) : what;
}

Rewritten rewrite3_reply(const Rules& rules, Procedure3 procedure, rpc::Bytes in, std::span<std::uint8_t> out,
                         std::size_t& size) {
  if (!touches3_reply(rules, procedure)) return Rewritten::same;
  return rewrite(rules, *results3(procedure.program, procedure.number), false, in, out, size);
}

}  // namespace gatehouse::nfs
