// Writes a message again with some of its bytes replaced.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "proxy/nfs/walker.h"
#include "rpc/xdr.h"

namespace gatehouse::nfs {

/// Edit: `removed` bytes at `offset` give way to `inserted`. Both are whole XDR units where the message is to stay one.
struct Edit {
  std::size_t offset = 0;
  std::size_t removed = 0;
  rpc::Bytes inserted;
};

/// Editor: copies a message to `out` and replaces what it is told to, from front to back; sticky like XdrWriter: an
/// edit before the one that came last, one outside the message, or too little room makes it bad. `out` may lie over the
/// message as long as what is written never gets ahead of what was read: with edits that keep or shrink the size it may
/// begin where the message does. Until the first replacement nothing is copied. Allocates nothing.
class Editor {
 public:
  Editor(rpc::Bytes message, std::span<std::uint8_t> out) : in_(message), out_(out) {}

  void replace(const Edit& edit);
  /// replace: the bytes of the spot.
  void replace(const Spot& spot, rpc::Bytes with) { replace({spot.offset, spot.length, with}); }
  /// replace_opaque: a spot that is an opaque, by another of the content `first` and `second`.
  void replace_opaque(const Spot& spot, rpc::Bytes first, rpc::Bytes second = {});
  /// cut: the message ends at `offset`.
  void cut(std::size_t offset);
  /// append: bytes behind the message's end.
  void append(rpc::Bytes bytes);

  /// changed: whether anything was replaced. If not, the message itself is the result.
  [[nodiscard]] bool changed() const { return changed_; }
  /// finish: copies the rest. The result's size; nothing when the editor is bad.
  std::optional<std::size_t> finish();

 private:
  void copy_to(std::size_t offset);
  void put(rpc::Bytes bytes);

  rpc::Bytes in_;
  std::span<std::uint8_t> out_;
  std::size_t taken_ = 0;
  std::size_t written_ = 0;
  bool changed_ = false;
  bool ok_ = true;
};

/// apply: all the edits, in ascending order, none over another. The result's size, in `out`; nothing when they are not
/// so, lie outside the message, or do not fit.
std::optional<std::size_t> apply(rpc::Bytes message, std::span<const Edit> edits, std::span<std::uint8_t> out);

}  // namespace gatehouse::nfs
