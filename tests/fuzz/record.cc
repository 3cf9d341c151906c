// The record assembler: a stream gives the same records whether it comes at once, in pieces or byte by byte, they are
// those of a reader written in the plainest way, and no limit is exceeded on the way.
#include "rpc/record.h"

#include <algorithm>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::Dice;
using fuzz::expect;
using rpc::Bytes;
using rpc::RecordReader;
using Kind = RecordReader::Kind;

/// Outcome: what a stream held.
struct Outcome {
  std::vector<std::vector<std::uint8_t>> records;  ///< the last one may be unfinished
  bool unfinished = false;
  Kind end = Kind::need_more;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// RFC 5531 section 11, read with the whole stream at hand.
Outcome plainly(Bytes in, rpc::RecordLimits limits) {
  Outcome out;
  std::uint32_t fragments = 0;
  std::uint64_t length = 0;
  while (in.size() >= 4) {
    const std::uint32_t mark = rpc::XdrReader(in).u32();
    const std::uint32_t size = mark & ~rpc::kLastFragment;
    if (!out.unfinished) {
      fragments = 0;
      length = 0;
    }
    if (++fragments > limits.fragments) {
      out.end = Kind::too_many_fragments;
      return out;
    }
    length += size;
    if (length > limits.bytes) {
      out.end = Kind::too_long;
      return out;
    }
    in = in.subspan(4);
    if (!out.unfinished) out.records.emplace_back();
    const Bytes here = in.first(std::min<std::size_t>(in.size(), size));
    out.records.back().insert(out.records.back().end(), here.begin(), here.end());
    in = in.subspan(here.size());
    out.unfinished = here.size() < size || (mark & rpc::kLastFragment) == 0;
  }
  return out;
}

/// Driver: reads a stream as a session does, with the choices a session has.
class Driver {
 public:
  Driver(Bytes stream, rpc::RecordLimits limits) : reader_(limits), limits_(limits), dice_(stream) {}

  /// feed: further bytes of the stream; `last`: there will be no more.
  void feed(Bytes fresh, bool last) {
    fed_ += fresh.size();
    held_.insert(held_.end(), fresh.begin(), fresh.end());
    Bytes in = held_;
    while (out_.end == Kind::need_more && step(in, last)) {
      expect(reader_.gathered() <= std::min<std::size_t>(limits_.bytes, fed_), "only bytes that came are held");
      if (reader_.remaining() > 0) spliced(in);
    }
    held_ = std::vector<std::uint8_t>(in.begin(), in.end());
  }

  /// outcome: after the last feed. A record that is being gathered is seen only by its size.
  Outcome outcome(const Outcome& plain) {
    const bool gathering = !reader_.idle() && reader_.remaining() == 0 && !at_head_;
    if (out_.end == Kind::need_more) expect(reader_.idle() == !plain.unfinished, "idle means between records");
    if (gathering && plain.unfinished) {
      expect(reader_.gathered() == plain.records.back().size(), "what came of an unfinished record is held");
      out_.records.push_back(plain.records.back());
    }
    out_.unfinished = plain.unfinished;
    return out_;
  }

 private:
  bool step(Bytes& in, bool last) {
    const RecordReader::Item item = reader_.next(in);
    switch (item.kind) {
      case Kind::need_more: return false;
      case Kind::head: return head(item, in, last);
      case Kind::body: {
        expect(!item.bytes.empty(), "a body piece is not empty");
        std::vector<std::uint8_t>& record = out_.records.back();
        record.insert(record.end(), item.bytes.begin(), item.bytes.end());
        expect(item.complete == (record.size() == length_), "complete marks the piece that ends the record");
        return true;
      }
      case Kind::too_long:
      case Kind::too_many_fragments: out_.end = item.kind; return false;
    }
    return false;
  }

  bool head(const RecordReader::Item& item, Bytes& in, bool last) {
    at_head_ = true;
    expect(item.length <= limits_.bytes, "a record stays within the limit");
    expect(item.complete == (item.bytes.size() == item.length), "a complete head is the whole record");
    // A session that has not seen the end of a header leaves the bytes where they are.
    if (!item.complete && !last && dice_.one_in(2)) return false;
    at_head_ = false;
    const std::size_t n = item.complete ? item.bytes.size() : dice_.below(item.bytes.size() + 1);
    length_ = item.length;
    out_.records.emplace_back(item.bytes.begin(), item.bytes.begin() + static_cast<std::ptrdiff_t>(n));
    reader_.take(in, n);
    expect(reader_.remaining() == item.length - n, "the rest of the record follows as its body");
    return true;
  }

  // Bytes that go through the kernel are skipped here.
  void spliced(Bytes& in) {
    if (in.empty() || !dice_.one_in(3)) return;
    const std::size_t n = 1 + dice_.below(std::min<std::size_t>(in.size(), reader_.remaining()));
    std::vector<std::uint8_t>& record = out_.records.back();
    record.insert(record.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(n));
    in = in.subspan(n);
    reader_.skip(static_cast<std::uint32_t>(n));
  }

  RecordReader reader_;
  rpc::RecordLimits limits_;
  Dice dice_;
  Outcome out_;
  std::vector<std::uint8_t> held_;
  std::size_t fed_ = 0;
  std::uint32_t length_ = 0;
  bool at_head_ = false;
};

// Pieces of 1 .. `most` bytes.
void compare(Bytes stream, rpc::RecordLimits limits, std::size_t most) {
  const Outcome plain = plainly(stream, limits);
  Driver driver(stream, limits);
  Dice dice(stream);
  Bytes rest = stream;
  do {
    const std::size_t n = std::min(rest.size(), 1 + dice.below(most));
    driver.feed(rest.first(n), n == rest.size());
    rest = rest.subspan(n);
  } while (!rest.empty());
  expect(driver.outcome(plain) == plain, "the records are those of the plain reader");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes stream(data, size);
  for (const rpc::RecordLimits limits : {rpc::RecordLimits{64 * 1024, 64}, rpc::RecordLimits{64, 3}})
    for (const std::size_t most : {std::size_t{1}, std::size_t{48}, size + 1}) compare(stream, limits, most);
  return 0;
}
