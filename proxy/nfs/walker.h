// Walks the bytes of an NFS message by the tables of its shapes: finds where each operation ends and where the points
// are that matter, and keeps nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "proxy/nfs/field.h"
#include "proxy/nfs/operations.h"
#include "rpc/xdr.h"

namespace gatehouse::nfs {

/// Spot: a point of a message: `length` bytes at `offset`, as they are encoded: of an opaque with its length word and
/// its padding. `operation` and `index` say in which operation, the first has index 0; both 0 in a message that has
/// none.
struct Spot {
  Point point = Point::none;
  std::uint32_t operation = 0;
  std::uint32_t index = 0;
  std::size_t start = 0;
  std::size_t offset = 0;
  std::size_t length = 0;
  std::size_t around = 0;  ///< of a handle among attributes: offset of the word with the length of their values
};

/// content_of: the bytes of an opaque, without length word and padding.
rpc::Bytes content_of(rpc::Bytes message, const Spot& opaque);

/// Walk: how far a walk came.
enum class Walk : std::uint8_t {
  done,                 ///< to the exact end of the message
  spots_full,           ///< no room for the next spot: take those that are there and go on with walk()
  in_bulk,              ///< the bytes end inside file data; go on with continue_with()
  unknown_operation,    ///< Facts::at says which; what follows it cannot be read
  unknown_minor,        ///< a minor version above 2
  too_many_operations,  ///< more than the limit
  tag_too_long,         ///< a tag of more than kMaxTag bytes
  malformed,            ///< a length or a discriminant that cannot be
};

/// Where: an operation of the message: its number, its index, and the offset of its number.
struct Where {
  std::uint32_t operation = 0;
  std::uint32_t index = 0;
  std::size_t offset = 0;
};

/// Facts: what a walk found besides the spots.
struct Facts {
  std::uint32_t status = 0;             ///< of the COMPOUND; replies
  std::uint32_t minor = 0;              ///< calls
  std::uint32_t operations = 0;         ///< as counted in the message
  std::size_t count_at = 0;             ///< offset of that count
  rpc::Bytes tag;                       ///< a view
  Where at;                             ///< the operation that was reached; after `done` the last
  std::uint32_t at_status = 0;          ///< that operation's status; replies
  std::array<std::uint64_t, 2> seen{};  ///< operations that were begun, a bit each; read it with saw()
  bool changes = false;                 ///< whether an operation changes something; calls
  Where change;                         ///< the first that does

  /// saw: whether operation `number`, at most kLastOperation, is in the message.
  [[nodiscard]] bool saw(std::uint32_t number) const { return (seen[number / 64] >> number % 64 & 1U) != 0; }
};

inline constexpr std::uint32_t kMaxOperations = 10000;
inline constexpr std::uint32_t kMaxTag = 1024;

/// Walker: one message's walk. Every length is compared with the bytes that are there before it is used; the work is
/// bounded by the bytes, whatever counts they claim. Allocates nothing, does not recurse. Belongs to one thread; the
/// message must outlive it.
class Walker {
 public:
  /// A COMPOUND; `wanted` says which points become spots.
  Walker(Message message, rpc::Bytes body, Points wanted, std::uint32_t max_operations = kMaxOperations);
  /// A message of one shape, without operations.
  Walker(const Shape& shape, rpc::Bytes body, Points wanted);

  /// walk: goes on until the end or something else to say. Appends to `spots` from `count` on, and counts.
  Walk walk(std::span<Spot> spots, std::size_t& count);

  /// bulk_left: after `in_bulk`: bytes of the file data, its padding included, that are not in the message's part so
  /// far.
  [[nodiscard]] std::size_t bulk_left() const { return bulk_left_; }
  /// continue_with: what follows the file data. Offsets begin anew at 0. Only after `in_bulk`.
  void continue_with(rpc::Bytes rest);

  [[nodiscard]] const Facts& facts() const { return facts_; }

 private:
  /// Frame: a body being walked: where in it, and how often it comes again.
  struct Frame {
    const Field* at;
    const Field* first;
    const Field* end;
    std::uint32_t more;  ///< times, after this
    bool chained;
  };

  Walk head();
  Walk next_operation();
  bool next_body(Frame& frame);
  void step(const Field& field);
  void push(const Field* first, std::size_t count, std::uint32_t more = 0, bool chained = false);
  void choose(const Field& field);
  void attributes(const Field& field);
  void find_handle(std::size_t values, std::uint32_t bits, std::uint32_t size);
  void bulk();
  void note_change();
  void note(Point point, std::size_t from, std::size_t around = 0);

  std::uint32_t u32();
  bool skip(std::uint64_t bytes);
  bool skip_opaque(std::uint32_t most);
  [[nodiscard]] std::size_t left() const { return body_.size() - at_; }
  void fail() { failed_ = true; }

  rpc::Bytes body_;
  std::size_t at_ = 0;
  std::size_t mark_ = 0;       ///< where the last `begin` stood
  std::size_t bulk_left_ = 0;  ///< not 0: the walk stands in file data
  Message message_ = Message::call;
  bool headed_ = false;
  bool failed_ = false;
  int depth_ = 0;
  Points wanted_;
  std::uint32_t max_operations_ = 0;
  std::uint32_t operations_left_ = 0;
  std::array<Frame, kDepth> stack_;
  Facts facts_;
  std::span<Spot> spots_;
  std::size_t* count_ = nullptr;
};

}  // namespace gatehouse::nfs
