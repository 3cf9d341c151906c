// Record marking (RFC 5531 section 11): records out of a byte stream, within limits, without sockets.
#pragma once

#include <cstdint>
#include <vector>

#include "rpc/xdr.h"

namespace gatehouse::rpc {

inline constexpr std::uint32_t kLastFragment = 0x80000000U;

/// last_fragment_mark: the mark of a record of `length` bytes sent as one fragment.
constexpr std::uint32_t last_fragment_mark(std::uint32_t length) {
  return kLastFragment | length;
}

/// RecordLimits: what one record may cost.
struct RecordLimits {
  std::uint32_t bytes = 2U << 20;  ///< sum of its fragments' lengths
  std::uint32_t fragments = 1024;  ///< how many fragments, empty ones counted
};

/// RecordReader: cuts a stream into records. A record of one fragment is passed through as it comes (`head`, then
/// `body` pieces) and never stored; a record of several is gathered whole and then handed out as one `head`. Nothing
/// is allocated by a declared length: the gathering buffer grows with the bytes that have arrived.
///
/// Use: call `next` with the unread input until it says need_more, then keep what is left of the input and come back
/// with more bytes behind it. After `head`, call `take`. Not thread-safe.
class RecordReader {
 public:
  enum class Kind : std::uint8_t {
    need_more,           ///< the input holds less than a mark; keep its bytes
    head,                ///< a record begins: `bytes` is what is here of it; call take() before the next next()
    body,                ///< a further piece of the record whose head was taken
    too_long,            ///< the record exceeds RecordLimits::bytes
    too_many_fragments,  ///< the record exceeds RecordLimits::fragments
  };
  struct Item {
    Kind kind = Kind::need_more;
    Bytes bytes;
    std::uint32_t length = 0;  ///< of the whole record (head only)
    bool complete = false;     ///< head: `bytes` is the whole record. body: this piece ends it
    bool gathered = false;     ///< head: `bytes` views the reader's own buffer, valid until the next call of next()
  };

  explicit RecordReader(RecordLimits limits) : limits_(limits) {}

  /// next: the next thing in `in`, which is moved past what was consumed (a head is consumed by take()).
  Item next(Bytes& in);

  /// take: accepts the first `n` bytes of the head last returned; a complete head is taken whole, of another the rest
  /// follows as body pieces. `in` is the input that was given to next().
  void take(Bytes& in, std::size_t n);

  /// gather: the record whose head next() returned last, and which was not taken, is gathered whole like one of several
  /// fragments, and handed out as one head again. Not for one that was gathered.
  void gather();

  /// remaining: bytes of the current record that have not been handed out; 0 between records.
  [[nodiscard]] std::uint32_t remaining() const { return state_ == State::body ? remaining_ : 0; }
  /// skip: `n` bytes of the body, n <= remaining(), went another way (splice).
  void skip(std::uint32_t n);

  /// set_limits: for the fragments that come from now on.
  void set_limits(RecordLimits limits) { limits_ = limits; }

  /// idle: between records; a stream that ends here ends well.
  [[nodiscard]] bool idle() const { return state_ == State::mark && !gathering_; }
  /// gathered: bytes now held for a record of several fragments that was not yet taken.
  [[nodiscard]] std::size_t gathered() const { return gathering_ ? gather_.size() : 0; }
  /// release: gives the gathering buffer's memory back; only between records.
  void release() { gather_ = {}; }

 private:
  enum class State : std::uint8_t { mark, head, fragment, gathered, body };
  Kind read_mark(Bytes& in);
  Kind read_fragment(Bytes& in);
  void begin_record();

  RecordLimits limits_;
  State state_ = State::mark;
  bool gathering_ = false;
  bool last_ = false;
  std::uint32_t remaining_ = 0;  // of the fragment or the body
  std::uint32_t fragments_ = 0;
  std::uint32_t length_ = 0;  // of the record so far
  std::vector<std::uint8_t> gather_;
};

}  // namespace gatehouse::rpc
