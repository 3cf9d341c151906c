#include "proxy/nfs/editor.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace gatehouse::nfs {

void Editor::replace(const Edit& edit) {
  if (edit.offset < taken_ || edit.offset > in_.size() || edit.removed > in_.size() - edit.offset) ok_ = false;
  changed_ = true;
  copy_to(edit.offset);
  if (!ok_) return;
  taken_ += edit.removed;
  put(edit.inserted);
}

void Editor::replace_opaque(const Spot& spot, rpc::Bytes first, rpc::Bytes second) {
  static constexpr std::uint8_t kZero[3] = {};
  const std::size_t size = first.size() + second.size();
  std::uint8_t length[4];
  rpc::XdrWriter(length).u32(static_cast<std::uint32_t>(size));
  replace(spot, length);
  put(first);
  put(second);
  put(rpc::Bytes(kZero).first(rpc::padded(size) - size));
}

void Editor::cut(std::size_t offset) {
  if (offset < taken_ || offset > in_.size()) {
    ok_ = false;
    return;
  }
  changed_ = true;
  in_ = in_.first(offset);
}

void Editor::append(rpc::Bytes bytes) {
  changed_ = true;
  copy_to(in_.size());
  put(bytes);
}

std::optional<std::size_t> Editor::finish() {
  copy_to(in_.size());
  return ok_ ? std::optional(written_) : std::nullopt;
}

void Editor::copy_to(std::size_t offset) {
  if (!ok_) return;
  const rpc::Bytes piece = in_.subspan(taken_, offset - taken_);
  taken_ = offset;
  put(piece);
}

// The output may lie over the input: then it must not reach what was not read yet.
void Editor::put(rpc::Bytes bytes) {
  const std::uint8_t* const unread = in_.data() + taken_;
  std::uint8_t* const to = out_.data() + written_;
  const bool over = std::less_equal<>()(out_.data(), unread) && std::less<>()(unread, out_.data() + out_.size());
  if (bytes.size() > out_.size() - written_ || (over && taken_ < in_.size() && to + bytes.size() > unread)) ok_ = false;
  if (!ok_ || bytes.empty()) return;
  if (to != bytes.data()) std::memmove(to, bytes.data(), bytes.size());
  written_ += bytes.size();
}

std::optional<std::size_t> apply(rpc::Bytes message, std::span<const Edit> edits, std::span<std::uint8_t> out) {
  Editor editor(message, out);
  for (const Edit& e : edits) editor.replace(e);
  return editor.finish();
}

}  // namespace gatehouse::nfs
