#include <algorithm>

#include "tests/bench/compound.h"
#include "tests/bench/dialect.h"

namespace gatehouse::bench {
namespace {

class AuthSys : public Dialect {
 public:
  explicit AuthSys(const Work& work)
      : work_(work),
        call_(work.compound_version != 0 ? make_compound_call(work.compound_version, work.handle)
                                         : make_call(work.procedure, work.payload)) {}

  bool call(std::uint32_t /*slot*/, std::uint32_t xid, SendQueue& out) override {
    put32(call_, kMark, xid);
    out.heads().insert(out.heads().end(), call_.begin(), call_.end());
    out.commit(work_.procedure == Procedure::write ? work_.payload : 0);
    return true;
  }

  std::size_t head_size(std::size_t record) const override {
    return std::min(record, reply_head_size(work_.procedure));
  }

  Seen examine(std::uint32_t /*slot*/, std::uint32_t xid, std::span<std::uint8_t> head) override {
    const char* fault = reply_fault(head, xid, work_.procedure, work_.payload);
    if (fault == nullptr && work_.compound_version != 0) fault = compound_fault(head.subspan(kReplyHeader));
    return {.fault = fault, .rest = Seen::Rest::payload};
  }

  const char* open(std::uint32_t /*slot*/, std::uint32_t /*xid*/, std::span<std::uint8_t> /*record*/) override {
    return "AUTH_SYS gathers no record";
  }

 private:
  const Work work_;
  std::vector<std::uint8_t> call_;
};

}  // namespace

std::unique_ptr<Dialect> make_auth_sys(const Work& work) {
  return std::make_unique<AuthSys>(work);
}

}  // namespace gatehouse::bench
