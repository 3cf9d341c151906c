// One message of each operation, and more where a union has arms, written down word by word from the RFCs.
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/nfs/operations.h"
#include "tests/unit/proxy/policy/compound.h"

namespace gatehouse::test {

/// Sample: an operation behind its number, and the points in it, in order.
struct Sample {
  std::uint32_t operation;
  Words body;
  std::vector<nfs::Point> points;
};

/// arguments, results, callback_arguments, callback_results: samples of every operation.
std::vector<Sample> argument_samples();
std::vector<Sample> result_samples();
std::vector<Sample> callback_argument_samples();
std::vector<Sample> callback_result_samples();

/// samples_of: those of the message's kind.
inline std::vector<Sample> samples_of(nfs::Message message) {
  switch (message) {
    case nfs::Message::call: return argument_samples();
    case nfs::Message::reply: return result_samples();
    case nfs::Message::callback: return callback_argument_samples();
    case nfs::Message::callback_reply: return callback_result_samples();
  }
  return {};
}

/// message_of: a COMPOUND of the kind with these operations, each with its number; the tag is "tag".
inline std::vector<std::uint8_t> message_of(nfs::Message message, const std::vector<Words>& operations,
                                            std::uint32_t status = 0, std::uint32_t minor = 2) {
  Words out;
  if (nfs::is_reply(message)) out.u32({status});
  out.opaque("tag");
  if (!nfs::is_reply(message)) out.u32({minor});
  if (message == nfs::Message::callback) out.u32({7});
  out.u32({static_cast<std::uint32_t>(operations.size())});
  for (const Words& w : operations) out.add(w);
  return out.bytes();
}

/// numbered: the sample's operation with its number.
inline Words numbered(const Sample& s) {
  return Words().u32({s.operation}).add(s.body);
}

}  // namespace gatehouse::test
