#include "tests/bench/gss_pool.h"

#include "tests/bench/ask.h"

namespace gatehouse::bench {
std::expected<GssPool, std::string> GssPool::establish(const Address& target, Initiator& initiator, std::size_t count,
                                                       std::size_t used) {
  const auto fd = connect_to(target);
  if (!fd) return std::unexpected(fd.error());
  GssPool pool;
  pool.used_ = used;
  for (std::uint32_t xid = 1; xid <= count; ++xid) {
    auto pending = initiator.begin();
    if (!pending) return std::unexpected(pending.error());
    std::vector<std::uint8_t> call;
    push_init(call, xid, pending->token);
    const auto reply = ask(*fd, call);
    if (!reply) return std::unexpected(reply.error());
    auto context = take_init_reply(*reply, xid, initiator, *pending);
    if (!context) return std::unexpected(context.error());
    pool.contexts_.push_back(std::move(*context));
  }
  return pool;
}

std::expected<void, std::string> GssPool::destroy(const Address& target) {
  const auto fd = connect_to(target);
  if (!fd) return std::unexpected(fd.error());
  std::uint32_t xid = 0;
  for (GssContext& context : contexts_) {
    std::vector<std::uint8_t> call;
    if (!push_head(call, ++xid, Procedure::null, GssProc::destroy, Service::none, context)) {
      return std::unexpected("OpenSSL failed");
    }
    const auto reply = ask(*fd, call);
    if (!reply) return std::unexpected(reply.error());
    if (const char* fault = verified_head_fault(*reply, xid, context.seq, context)) return std::unexpected(fault);
  }
  return {};
}

}  // namespace gatehouse::bench
