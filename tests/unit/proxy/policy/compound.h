// Arguments of NFSv4 COMPOUNDs, written word by word, for tests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace gatehouse::test {

/// Words: XDR as it is written down: numbers of 32 bits and opaques.
class Words {
 public:
  Words& u32(std::initializer_list<std::uint32_t> numbers) {
    for (const std::uint32_t n : numbers)
      for (const int shift : {24, 16, 8, 0}) bytes_.push_back(static_cast<std::uint8_t>(n >> shift));
    return *this;
  }
  Words& opaque(std::string_view s) {
    u32({static_cast<std::uint32_t>(s.size())});
    for (const char c : s) bytes_.push_back(static_cast<std::uint8_t>(c));
    while (bytes_.size() % 4 != 0) bytes_.push_back(0);
    return *this;
  }
  Words& add(const Words& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// compound: COMPOUND4args with an empty tag; `operations` are opnum and arguments of each.
inline std::vector<std::uint8_t> compound(std::uint32_t minor, std::initializer_list<Words> operations) {
  Words out;
  out.u32({0, minor, static_cast<std::uint32_t>(operations.size())});
  for (const Words& op : operations) out.add(op);
  return out.bytes();
}

// Each operation by RFC 7530 and RFC 8881; session ids are 16 bytes, client ids and verifiers 8.
inline Words renew() {
  return Words().u32({30, 0x01020304, 5});
}
inline Words setclientid() {
  return Words()
      .u32({35, 0xaaaaaaaa, 0xbbbbbbbb})
      .opaque("Linux NFSv4.0 client")
      .u32({0x40000000})
      .opaque("tcp")
      .opaque("127.0.0.1.139.87")
      .u32({1});
}
inline Words setclientid_confirm() {
  return Words().u32({36, 1, 2, 3, 4});
}
inline Words bind_conn_to_session(std::uint32_t direction = 3, std::uint32_t rdma = 0) {
  return Words().u32({41, 1, 2, 3, 4, direction, rdma});
}
/// exchange_id: up to and with the discriminant of its state protection; behind it go on with a union's arm and ids.
inline Words exchange_id(std::uint32_t how = 0) {
  return Words().u32({42, 0x11111111, 0x22222222}).opaque("Linux NFSv4.2 a.example.com").u32({0x103, how});
}
inline Words implementation_id() {
  return Words().opaque("kernel.org").opaque("Linux 6.12").u32({0, 0, 0});
}
inline Words channel(std::initializer_list<std::uint32_t> rdma = {0}) {
  return Words().u32({0, 1049620, 1049480, 7584, 8, 64}).u32(rdma);
}
inline Words sys_callbacks(std::uint32_t gids = 0) {
  Words out = Words().u32({1, 7}).opaque("a.example.com").u32({0, 0, gids});
  for (std::uint32_t i = 0; i < gids; ++i) out.u32({i});
  return out;
}
/// create_session: with `parms` behind their count.
inline Words create_session(std::uint32_t count, const Words& parms, const Words& fore = channel(),
                            const Words& back = channel()) {
  return Words().u32({43, 1, 2, 1, 3}).add(fore).add(back).u32({0x40000000, count}).add(parms);
}
inline Words destroy_session() {
  return Words().u32({44, 1, 2, 3, 4});
}
inline Words sequence(std::uint32_t cache = 0) {
  return Words().u32({53, 1, 2, 3, 4, 1, 0, 0, cache});
}
inline Words destroy_clientid() {
  return Words().u32({57, 1, 2});
}
inline Words reclaim_complete(std::uint32_t one_fs = 0) {
  return Words().u32({58, one_fs});
}

}  // namespace gatehouse::test
