// The fields that most operations are made of: passed over without the walker's bookkeeping.
#pragma once

#include <cstring>

#include "proxy/nfs/field.h"
#include "rpc/xdr.h"

namespace gatehouse::nfs {

/// PlainFields: a place in a message. Every length is compared with the bytes that are there. Not thread-safe.
class PlainFields {
 public:
  /// At the begin of `message`. Points of `stop` are not passed.
  PlainFields(rpc::Bytes message, Points stop)
      : begin_(message.data()), at_(begin_), end_(begin_ + message.size()), stop_(stop) {}

  /// word: the next four bytes; all ones when they are not there, which is no operation's number.
  std::uint32_t word() {
    if (here() < 4) return kAny;
    at_ += 4;
    return load(at_ - 4);
  }
  /// at: bytes from the message's begin.
  [[nodiscard]] std::size_t at() const { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] bool at_end() const { return at_ == end_; }

  /// skip: the fields of a shape. False: one of them is of another kind, has a point of `stop`, or is not here; the
  /// place is then anywhere.
  bool skip(const Field* field, std::size_t count) {
    for (const Field* const end = field + count; field != end; ++field) {
      if ((bit(field->point) & stop_) != 0) return false;
      std::uint64_t size = field->n;
      switch (field->kind) {
        case Kind::fixed: break;
        case Kind::changes: continue;
        case Kind::items: size = 4 + length() * field->n; break;
        case Kind::opaque:
          if (length() > field->n) return false;
          size = 4 + rpc::padded(length());
          break;
        default: return false;
      }
      if (size > here()) return false;
      at_ += size;
    }
    return true;
  }

 private:
  [[nodiscard]] std::size_t here() const { return static_cast<std::size_t>(end_ - at_); }
  // A length that is not here is longer than all that is.
  [[nodiscard]] std::uint64_t length() const { return here() < 4 ? std::uint64_t{kAny} : load(at_); }
  static std::uint32_t load(const std::uint8_t* p) {
    std::uint32_t v = 0;
    std::memcpy(&v, p, sizeof v);
    return rpc::big_endian(v);
  }

  const std::uint8_t* const begin_;
  const std::uint8_t* at_;
  const std::uint8_t* const end_;
  const Points stop_;
};

}  // namespace gatehouse::nfs
