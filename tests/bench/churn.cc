#include "tests/bench/churn.h"

#include <algorithm>
#include <optional>

namespace gatehouse::bench {
namespace {

class Churn : public Dialect {
 public:
  Churn(const Work& work, Tokens& tokens) : tokens_(tokens), slots_(work.depth) {}

  bool call(std::uint32_t slot, std::uint32_t xid, SendQueue& out) override {
    Slot& of = slots_[slot];
    if (of.context) {
      if (!push_head(out.heads(), xid, Procedure::null, GssProc::destroy, Service::none, *of.context)) return false;
    } else {
      auto pending = tokens_.take();
      if (!pending) return false;
      of.pending = std::move(*pending);
      push_init(out.heads(), xid, of.pending.token);
    }
    out.commit(0);
    return true;
  }

  std::size_t head_size(std::size_t record) const override { return std::min(record, kLeastReply); }

  Seen examine(std::uint32_t /*slot*/, std::uint32_t /*xid*/, std::span<std::uint8_t> /*head*/) override {
    return {.rest = Seen::Rest::record};
  }

  const char* open(std::uint32_t slot, std::uint32_t xid, std::span<std::uint8_t> record) override {
    Slot& of = slots_[slot];
    if (of.context) {
      const char* fault = verified_head_fault(record, xid, of.context->seq, *of.context);
      of.context.reset();
      return fault;
    }
    auto context = take_init_reply(record, xid, tokens_.initiator(), of.pending);
    if (!context) {
      why_ = context.error();
      return why_.c_str();
    }
    of.context = std::move(*context);
    return nullptr;
  }

 private:
  struct Slot {
    Pending pending;
    std::optional<GssContext> context;
  };
  Tokens& tokens_;
  std::vector<Slot> slots_;
  std::string why_;
};

}  // namespace

std::expected<Tokens, std::string> Tokens::make(Initiator& initiator, std::size_t count) {
  Tokens tokens;
  tokens.initiator_ = &initiator;
  for (std::size_t i = 0; i < count; ++i) {
    auto pending = initiator.begin();
    if (!pending) return std::unexpected(pending.error());
    tokens.ready_.push_back(std::move(*pending));
  }
  return tokens;
}

std::expected<Pending, std::string> Tokens::take() {
  if (ready_.empty()) return initiator_->begin();
  Pending pending = std::move(ready_.front());
  ready_.pop_front();
  return pending;
}

std::unique_ptr<Dialect> make_churn(const Work& work, Tokens& tokens) {
  return std::make_unique<Churn>(work, tokens);
}

}  // namespace gatehouse::bench
