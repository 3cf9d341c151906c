// Messages written again with edits.
#include "proxy/nfs/editor.h"

#include <numeric>

#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using Text = std::vector<std::uint8_t>;

namespace {

Text message() {
  Text out(40);
  std::iota(out.begin(), out.end(), std::uint8_t{0});
  return out;
}

}  // namespace

TEST_CASE("without edits a message is itself, byte for byte, and nothing is copied before it must be") {
  const Text in = message();
  Text out(in.size());
  CHECK(apply(in, {}, out) == in.size());
  CHECK(out == in);
  CHECK_FALSE(Editor(in, {}).changed());
}

TEST_CASE("edits may grow, shrink, keep, remove and insert") {
  const Text in = message();
  const Text four = {90, 91, 92, 93}, eight = {80, 81, 82, 83, 84, 85, 86, 87};
  const std::array edits = {Edit{4, 4, four}, Edit{8, 4, eight}, Edit{16, 8, four},
                            Edit{28, 4, {}},  Edit{32, 0, four}, Edit{40, 0, four}};
  Text out(60);
  const auto size = apply(in, edits, out);
  REQUIRE(size == 44);
  out.resize(*size);
  CHECK(out == Text{0,  1,  2,  3,  90, 91, 92, 93, 80, 81, 82, 83, 84, 85, 86, 87, 12, 13, 14, 15, 90, 91,
                    92, 93, 24, 25, 26, 27, 90, 91, 92, 93, 32, 33, 34, 35, 36, 37, 38, 39, 90, 91, 92, 93});
}

TEST_CASE("edits out of order, one over another, outside, or without room are refused") {
  const Text in = message();
  const Text four = {90, 91, 92, 93};
  Text out(60);
  CHECK_FALSE(apply(in, std::array{Edit{8, 4, four}, Edit{4, 4, four}}, out));
  CHECK_FALSE(apply(in, std::array{Edit{8, 8, four}, Edit{12, 4, four}}, out));
  CHECK_FALSE(apply(in, std::array{Edit{36, 8, four}}, out));
  CHECK_FALSE(apply(in, std::array{Edit{44, 0, four}}, out));
  CHECK_FALSE(apply(in, std::array{Edit{8, ~std::size_t{0}, four}}, out));
  CHECK_FALSE(apply(in, std::array{Edit{8, 0, four}}, std::span(out).first(43)));
  CHECK(apply(in, std::array{Edit{8, 0, four}}, std::span(out).first(44)) == 44);
}

TEST_CASE("an opaque gets its length and its padding anew") {
  const Text in = {1, 1, 1, 1, 0, 0, 0, 2, 7, 7, 0, 0, 2, 2, 2, 2};
  const Spot spot{.offset = 4, .length = 8};
  for (std::size_t n = 0; n < 9; ++n) {
    Text out(40);
    Editor editor(in, out);
    const Text first(n, 9), second(1, 8);
    editor.replace_opaque(spot, first, second);
    const auto size = editor.finish();
    REQUIRE(size == 4 + 4 + rpc::padded(n + 1) + 4);
    CHECK(out[7] == n + 1);
    CHECK(out[8 + n] == 8);
    for (std::size_t i = 9 + n; i < *size - 4; ++i) CHECK(out[i] == 0);
    CHECK(out[*size - 1] == 2);
  }
}

TEST_CASE("a message may be written over itself while it does not grow past what was read") {
  const Text four = {90, 91, 92, 93}, eight = {80, 81, 82, 83, 84, 85, 86, 87};
  const std::array shrinks = {Edit{4, 8, four}, Edit{20, 4, four}};
  const std::array shrinks_then_grows = {Edit{4, 8, four}, Edit{20, 4, eight}};
  const std::array grows = {Edit{4, 4, eight}};
  for (const auto& edits : {std::span<const Edit>(shrinks), std::span<const Edit>(shrinks_then_grows)}) {
    Text apart(60), over = message();
    const auto size = apply(message(), edits, apart);
    REQUIRE(size);
    CHECK(apply(over, edits, over) == size);
    CHECK(std::equal(over.begin(), over.begin() + static_cast<std::ptrdiff_t>(*size), apart.begin()));
  }
  Text over = message();
  CHECK_FALSE(apply(over, grows, over));
  // With room before it, it may grow by as much.
  Text room(44);
  const Text in = message();
  std::copy(in.begin(), in.end(), room.begin() + 4);
  Text apart(60);
  CHECK(apply(in, grows, apart) == 44);
  CHECK(apply(rpc::Bytes(room).subspan(4), grows, room) == 44);
  CHECK(std::equal(room.begin(), room.end(), apart.begin()));
}

TEST_CASE("a message is cut and gets an end") {
  const Text in = message();
  const Text four = {90, 91, 92, 93};
  Text out(60);
  Editor editor(in, out);
  editor.replace({4, 4, four});
  editor.cut(12);
  editor.append(four);
  REQUIRE(editor.finish() == 16);
  out.resize(16);
  CHECK(out == Text{0, 1, 2, 3, 90, 91, 92, 93, 8, 9, 10, 11, 90, 91, 92, 93});
  Editor late(in, out);
  late.replace({8, 4, four});
  late.cut(4);
  CHECK_FALSE(late.finish());
}
