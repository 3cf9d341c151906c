// What one guest is shown of programs and their addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::rpcbind {

/// kProgram, kLowVersion, kHighVersion: rpcbind itself (RFC 1833).
inline constexpr std::uint32_t kProgram = 100000;
inline constexpr std::uint32_t kLowVersion = 2;
inline constexpr std::uint32_t kHighVersion = 4;

/// kMaxListed: the most program versions that DUMP lists, and the most entries of a view: an answer has a bound,
/// whatever ranges the configuration has.
inline constexpr std::size_t kMaxListed = 256;
/// kMaxListedOfRange: the most versions of one range that DUMP lists: a wide range hides no other.
inline constexpr std::uint32_t kMaxListedOfRange = 16;

/// kMaxUaddr: the longest uaddr: a unix socket's path.
inline constexpr std::size_t kMaxUaddr = 108;

/// Netid: the transports that are listed. "vsockd" is reserved by the draft for datagrams, which nothing here serves:
/// it is never listed.
enum class Netid : std::uint8_t { vsockc, tcp, tcp6, local };
/// netid_name: the word on the wire, for example "vsockc".
std::string_view netid_name(Netid n);
/// netid_of: the netid of a word; "vsock", which ntirpc and early nfs-utils used, is vsockc. Nothing for others.
std::optional<Netid> netid_of(std::string_view name);

/// Address: where programs are reached. `port` is 0 where there is none.
struct Address {
  Netid netid = Netid::vsockc;
  std::string uaddr;
  std::uint32_t port = 0;
};

/// Program: a program with its versions, both ends included.
struct Program {
  std::uint32_t number = 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
};

/// Entry: a program at an address.
struct Entry {
  Program program;
  Address address;
  bool repeats = false;  ///< to version 2, which knows ports alone, it is the same as an entry before it
};

/// View: what one guest is told on one listener. Built at configuration, then immutable and safe for all threads.
class View {
 public:
  /// `asked_over`: the netid of the listener that is asked.
  explicit View(Netid asked_over) : asked_over_(asked_over) {}

  /// add: `program` is reached at `address`; the first address of a program is preferred. False: the view is full
  /// (kMaxListed), or the uaddr is too long, and nothing was added.
  bool add(const Program& program, const Address& address);

  [[nodiscard]] Netid asked_over() const { return asked_over_; }
  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }

 private:
  Netid asked_over_;
  std::vector<Entry> entries_;
};

}  // namespace gatehouse::rpcbind
