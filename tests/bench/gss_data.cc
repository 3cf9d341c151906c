#include "tests/bench/gss_data.h"

#include <algorithm>

namespace gatehouse::bench {
namespace {

class GssData : public Dialect {
 public:
  GssData(const Work& work, Service service, GssPool& pool, std::size_t index, std::size_t connections,
          std::uint32_t sample)
      : work_(work),
        service_(service),
        pool_(pool),
        next_(index),
        stride_(connections),
        sample_(sample),
        slots_(work.depth) {
    push_arguments(body_, work.procedure, work.payload);
    const bool sealed = service != Service::none;
    if (sealed) body_.insert(body_.begin(), 4, 0);  // the sequence number
    if (work.procedure != Procedure::write) return;
    if (sealed) {
      append_payload(work.payload, body_);
    } else {
      streamed_ = work.payload;
    }
  }

  bool call(std::uint32_t slot, std::uint32_t xid, SendQueue& out) override {
    GssContext& context = pool_.at(next_);
    next_ += stride_;
    std::vector<std::uint8_t>& bytes = out.heads();
    const std::size_t begin = bytes.size();
    if (!push_head(bytes, xid, work_.procedure, GssProc::data, service_, context)) return false;
    slots_[slot] = {&context, context.seq};
    if (!push_body(bytes, context)) return false;
    set_mark(std::span(bytes).subspan(begin), streamed_);
    out.commit(streamed_);
    return true;
  }

  std::size_t head_size(std::size_t record) const override {
    const std::size_t results = service_ == Service::none ? results_size(work_.procedure) : 0;
    return std::min(record, verified_head_size(pool_.at(0)) + results);
  }

  Seen examine(std::uint32_t slot, std::uint32_t xid, std::span<std::uint8_t> head) override {
    const Slot& of = slots_[slot];
    if (const char* fault = verified_head_fault(head, xid, of.seq, *of.context)) return {.fault = fault};
    const std::size_t record = (get32(head, 0) & ~kLastFragment) + kMark;
    const std::size_t begin = verified_head_size(*of.context);
    const std::size_t payload = work_.procedure == Procedure::read ? work_.payload : 0;
    const std::size_t least = begin + results_size(work_.procedure) + payload;
    if (service_ != Service::none) {
      const bool wanted = ++replies_ % sample_ == 0;
      return {.fault = record < least ? "the record is too short" : nullptr,
              .rest = wanted ? Seen::Rest::record : Seen::Rest::skipped};
    }
    if (record != least) return {.fault = "the record has a wrong length"};
    return {.fault = results_fault(head.subspan(begin), xid, work_.procedure, work_.payload)};
  }

  const char* open(std::uint32_t slot, std::uint32_t xid, std::span<std::uint8_t> record) override {
    const Slot& of = slots_[slot];
    const std::span<std::uint8_t> body = record.subspan(verified_head_size(*of.context));
    std::span<std::uint8_t> data;
    if (const char* fault =
            service_ == Service::integrity ? unsign(body, *of.context, data) : unseal(body, *of.context, data)) {
      return fault;
    }
    if (data.size() < 4 || get32(data, 0) != of.seq) return "the sequence number inside is not the call's";
    const Bytes results = Bytes(data).subspan(4);
    if (const char* fault = results_fault(results, xid, work_.procedure, work_.payload)) return fault;
    const Bytes rest = results.subspan(results_size(work_.procedure));
    if (rest.size() != (work_.procedure == Procedure::read ? work_.payload : 0))
      return "the results have a wrong length";
    return payload_matches(0, rest) ? nullptr : "a payload is damaged";
  }

 private:
  struct Slot {
    GssContext* context = nullptr;
    std::uint32_t seq = 0;
  };

  bool push_body(std::vector<std::uint8_t>& out, GssContext& context) {
    if (service_ != Service::none) put32(body_, 0, context.seq);
    gss::Protection& protection = *context.protection;
    if (service_ == Service::privacy) {
      const std::size_t head = protection.wrap_head();
      const std::size_t token = head + body_.size() + protection.wrap_tail();
      push32(out, static_cast<std::uint32_t>(token));
      out.resize(out.size() + head);
      out.insert(out.end(), body_.begin(), body_.end());
      out.resize(out.size() + protection.wrap_tail());
      return protection.wrap(std::span(out).last(token), context.token_seq++);
    }
    if (service_ == Service::integrity) push32(out, static_cast<std::uint32_t>(body_.size()));
    out.insert(out.end(), body_.begin(), body_.end());
    if (service_ == Service::none) return true;
    push32(out, static_cast<std::uint32_t>(protection.mic_size()));
    out.resize(out.size() + protection.mic_size());
    return protection.get_mic(body_, context.token_seq++, std::span(out).last(protection.mic_size()));
  }

  static const char* unsign(std::span<std::uint8_t> body, GssContext& context, std::span<std::uint8_t>& data) {
    const std::size_t mic = context.protection->mic_size();
    if (body.size() < 8 + mic || get32(body, 0) != body.size() - 8 - mic)
      return "the integrity body has a wrong length";
    data = body.subspan(4, body.size() - 8 - mic);
    if (get32(body, 4 + data.size()) != mic) return "the checksum has a wrong length";
    return context.protection->verify_mic(data, body.last(mic)) ? nullptr : "the results' checksum is wrong";
  }

  static const char* unseal(std::span<std::uint8_t> body, GssContext& context, std::span<std::uint8_t>& data) {
    if (body.size() < 4 || (get32(body, 0) + 3) / 4 * 4 != body.size() - 4)
      return "the privacy body has a wrong length";
    const auto plain = context.protection->unwrap(body.subspan(4, get32(body, 0)));
    if (!plain) return "the results' token is wrong";
    data = *plain;
    return nullptr;
  }

  const Work work_;
  const Service service_;
  GssPool& pool_;
  std::size_t next_;
  const std::size_t stride_;
  const std::uint32_t sample_;
  std::uint32_t replies_ = 0;
  std::uint32_t streamed_ = 0;      // WRITE's payload that follows as it is
  std::vector<std::uint8_t> body_;  // the arguments, behind the sequence number under integrity and privacy
  std::vector<Slot> slots_;
};

}  // namespace

std::unique_ptr<Dialect> make_gss_data(const Work& work, Service service, GssPool& pool, std::size_t index,
                                       std::size_t connections, std::uint32_t sample) {
  return std::make_unique<GssData>(work, service, pool, index, connections, sample);
}

}  // namespace gatehouse::bench
