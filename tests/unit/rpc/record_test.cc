#include "rpc/record.h"

#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse::rpc;
using namespace gatehouse::test;
using Kind = RecordReader::Kind;

namespace {

// What a reader made of a stream.
struct Result {
  std::vector<Buffer> records;
  Kind end = Kind::need_more;
  bool idle = true;
};

// Feeds `stream` in pieces of `piece` bytes; of each head only the first `head` bytes are taken at once.
Result feed(const Buffer& stream, std::size_t piece, std::size_t head = SIZE_MAX, RecordLimits limits = {}) {
  RecordReader reader(limits);
  Result out;
  Buffer pending, record;
  for (std::size_t at = 0; at < stream.size() || !pending.empty();) {
    const std::size_t n = std::min(piece, stream.size() - at);
    pending.insert(pending.end(), stream.begin() + static_cast<std::ptrdiff_t>(at),
                   stream.begin() + static_cast<std::ptrdiff_t>(at + n));
    at += n;
    Bytes in = pending;
    RecordReader::Item item;
    while ((item = reader.next(in)).kind == Kind::head || item.kind == Kind::body) {
      if (item.kind == Kind::head) {
        const std::size_t take = item.complete ? item.bytes.size() : std::min(head, item.bytes.size());
        record = copy(item.bytes.first(take));
        reader.take(in, take);
        if (!item.complete) continue;
      } else {
        record.insert(record.end(), item.bytes.begin(), item.bytes.end());
        if (!item.complete) continue;
      }
      out.records.push_back(record);
    }
    if (item.kind != Kind::need_more) {
      out.end = item.kind;
      break;
    }
    pending = copy(in);
    if (n == 0) break;
  }
  out.idle = reader.idle();
  return out;
}

Buffer pattern(std::size_t n) {
  Buffer out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return out;
}

}  // namespace

TEST_CASE("records come out whole however the stream is cut, byte by byte too [V3]") {
  const Buffer a = pattern(40), b = pattern(1000), c = pattern(1);
  const Buffer stream = join({fragment(a, true), fragment(b, true), fragment(c, true)});
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{3}, std::size_t{43}, std::size_t{44}, std::size_t{45}, stream.size()}) {
    const Result r = feed(stream, piece);
    CAPTURE(piece);
    CHECK(r.records == std::vector<Buffer>{a, b, c});
    CHECK(r.idle);
  }
}

TEST_CASE("a record of several fragments is gathered, one-byte and empty fragments among them [V3]") {
  const Buffer a = pattern(300);
  Buffer stream;
  for (std::size_t i = 0; i < a.size(); ++i)
    stream = join({stream, fragment({a[i]}, false), i % 5 == 0 ? fragment({}, false) : Buffer{}});
  stream = join({stream, fragment({}, true), fragment(pattern(8), true)});
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, stream.size()}) {
    const Result r = feed(stream, piece);
    CHECK(r.records == std::vector<Buffer>{a, pattern(8)});
    CHECK(r.idle);
  }
}

TEST_CASE("the fragments of a record split at every point give the same record [V3]") {
  const Buffer a = pattern(64);
  for (std::size_t cut = 0; cut <= a.size(); ++cut) {
    const auto middle = a.begin() + static_cast<std::ptrdiff_t>(cut);
    const Buffer stream = join({fragment(Buffer(a.begin(), middle), false), fragment(Buffer(middle, a.end()), true)});
    CHECK(feed(stream, 5).records == std::vector<Buffer>{a});
  }
}

TEST_CASE("a record of one fragment may be taken in parts as it comes [V3]") {
  const Buffer a = pattern(5000);
  const Buffer stream = join({fragment(a, true), fragment(pattern(4), true)});
  CHECK(feed(stream, 100, 24).records == std::vector<Buffer>{a, pattern(4)});
  CHECK(feed(stream, stream.size(), 24).records == std::vector<Buffer>{a, pattern(4)});
}

TEST_CASE("an empty record is a record [V3]") {
  CHECK(feed(fragment({}, true), 1).records == std::vector<Buffer>{{}});
}

TEST_CASE("a record of the limit passes, one byte more does not, in one fragment or several [V3]") {
  const RecordLimits limits{100, 10};
  CHECK(feed(fragment(pattern(100), true), 1, SIZE_MAX, limits).records.size() == 1);
  CHECK(feed(fragment(pattern(101), true), 1, SIZE_MAX, limits).end == Kind::too_long);
  const Buffer half = fragment(pattern(50), false);
  CHECK(feed(join({half, fragment(pattern(50), true)}), 1, SIZE_MAX, limits).records.size() == 1);
  CHECK(feed(join({half, fragment(pattern(51), true)}), 1, SIZE_MAX, limits).end == Kind::too_long);
}

TEST_CASE("a mark that declares more than the limit is refused by the mark alone [V3]") {
  for (const std::uint32_t mark :
       {0xffffffffU, 0x7fffffffU, 0x80000065U, 0x00000065U, 0x47455420U}) {  // the last is "GET "
    RecordReader reader({100, 10});
    const Buffer stream = words({mark});
    Bytes in = stream;
    CHECK(reader.next(in).kind == Kind::too_long);
    CHECK(reader.gathered() == 0);
  }
}

TEST_CASE("lengths that would overflow a sum of fragments are refused [V3]") {
  const Buffer stream = join({fragment(pattern(90), false), words({0x7ffffff0})});
  CHECK(feed(stream, stream.size(), SIZE_MAX, {100, 10}).end == Kind::too_long);
  RecordReader widest({0x7fffffff, 10});
  const Buffer first = join({fragment(pattern(4), false), words({0xffffffff})});
  Bytes in = first;
  CHECK(widest.next(in).kind == Kind::too_long);
}

TEST_CASE("empty fragments without end are refused by their number [V3]") {
  Buffer ten;
  for (int i = 0; i < 9; ++i) ten = join({ten, fragment({}, false)});
  CHECK(feed(join({ten, fragment(pattern(3), true)}), 4, SIZE_MAX, {100, 10}).records ==
        std::vector<Buffer>{pattern(3)});
  CHECK(feed(join({ten, fragment({}, false), fragment({}, true)}), 4, SIZE_MAX, {100, 10}).end ==
        Kind::too_many_fragments);
}

TEST_CASE("a declared length allocates nothing: the buffer grows with the bytes that came [V3]") {
  RecordReader reader({0x7fffffff, 10});
  const Buffer start = join({words({0x40000000}), pattern(10)});
  Bytes in = start;
  CHECK(reader.next(in).kind == Kind::need_more);
  CHECK(reader.gathered() == 10);
  CHECK(in.empty());
  CHECK_FALSE(reader.idle());
}

TEST_CASE("a stream that ends in a mark, a fragment or between fragments has not ended well [V3]") {
  const Buffer one = fragment(pattern(8), true);
  CHECK(feed(one, one.size()).idle);
  CHECK_FALSE(feed(fragment(pattern(8), false), 12).idle);
  const Buffer cut(one.begin(), one.end() - 1);
  CHECK_FALSE(feed(cut, cut.size(), 2).idle);
}

TEST_CASE("part of a body can go another way and the next record is found [V3]") {
  RecordReader reader({1000, 10});
  const Buffer stream = join({fragment(pattern(500), true), fragment(pattern(4), true)});
  Bytes in = stream;
  const auto head = reader.next(in);
  REQUIRE(head.kind == Kind::head);
  CHECK(head.length == 500);
  reader.take(in, 24);
  CHECK(reader.remaining() == 476);
  reader.skip(476);
  CHECK(reader.remaining() == 0);
  in = in.subspan(476);
  const auto next = reader.next(in);
  CHECK(next.kind == Kind::head);
  CHECK(copy(next.bytes) == pattern(4));
}

TEST_CASE("a record of one fragment is gathered where its head does not suffice, and the next one is not [V3]") {
  const Buffer stream = join({fragment(pattern(300), true), fragment(pattern(5), true), fragment(pattern(700), true)});
  for (const std::size_t piece : {1U, 7U, 299U, 304U, 2000U}) {
    RecordReader reader({});
    std::vector<Buffer> records;
    Buffer pending;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      pending = join({pending, copy(Bytes(stream).subspan(at, std::min(piece, stream.size() - at)))});
      Bytes in = pending;
      for (auto item = reader.next(in); item.kind == Kind::head; item = reader.next(in)) {
        if (!item.complete) {
          reader.gather();
          continue;
        }
        records.push_back(copy(item.bytes));
        CHECK((item.length == item.bytes.size()));
        reader.take(in, item.bytes.size());
      }
      pending = copy(in);
    }
    CHECK((records == std::vector<Buffer>{pattern(300), pattern(5), pattern(700)}));
    CHECK(reader.idle());
    CHECK(reader.gathered() == 0);
  }
}
