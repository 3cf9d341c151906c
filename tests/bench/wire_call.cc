#include "tests/bench/wire.h"

#include "tests/bench/compound.h"

namespace gatehouse::bench {
namespace {

// Reader walks big-endian words; running past the end is remembered and checked once.
class Reader {
 public:
  Reader(Bytes bytes, std::size_t at) : bytes_(bytes), at_(at) {}
  std::uint32_t word() {
    if (failed_ || bytes_.size() - at_ < 4) return fail();
    at_ += 4;
    return get32(bytes_, at_ - 4);
  }
  void skip_opaque(std::uint32_t length) {
    const std::size_t padded = (std::size_t{length} + 3) / 4 * 4;
    if (failed_ || bytes_.size() - at_ < padded) {
      fail();
    } else {
      at_ += padded;
    }
  }
  std::size_t at() const { return at_; }
  bool failed() const { return failed_; }

 private:
  std::uint32_t fail() {
    failed_ = true;
    return 0;
  }
  Bytes bytes_;
  std::size_t at_;
  bool failed_ = false;
};

bool skip_auth_sys(Reader& in) {
  if (in.word() != 1) return false;
  const std::uint32_t length = in.word();
  const std::size_t begin = in.at();
  in.word();  // stamp
  const std::uint32_t name = in.word();
  if (name > 255) return false;
  in.skip_opaque(name);
  in.word();  // uid
  in.word();  // gid
  const std::uint32_t count = in.word();
  if (count > 16) return false;
  in.skip_opaque(count * 4);
  return !in.failed() && in.at() - begin == length;
}

}  // namespace

AcceptStat parse_arguments(Bytes available, std::size_t at, std::size_t record, CallView& call) {
  Reader in(available, at);
  if (call.procedure == Procedure::getattr && in.word() == 0)  // a tag, where GETATTR has a handle
    return parse_compound(available.subspan(at), call) ? AcceptStat::success : AcceptStat::garbage_args;
  if (call.procedure == Procedure::null || call.procedure == Procedure::getattr) return AcceptStat::success;
  if (call.procedure != Procedure::read && call.procedure != Procedure::write) return AcceptStat::proc_unavail;
  const std::uint32_t handle = in.word();
  if (handle > 64) return AcceptStat::garbage_args;
  in.skip_opaque(handle);
  in.word();  // offset, two words
  in.word();
  const std::uint32_t count = in.word();
  bool sound = count <= kMaxPayload && count % 8 == 0;
  if (call.procedure == Procedure::write) {
    in.word();  // stable
    sound = sound && in.word() == count && in.at() + count == record;
  } else {
    sound = sound && in.at() == record;
  }
  if (in.failed() || !sound) return AcceptStat::garbage_args;
  call.payload = count;
  call.head = in.at();
  return AcceptStat::success;
}

CallFault parse_call(Bytes available, std::size_t record, CallView& call) {
  Reader in(available, 0);
  call = CallView{};
  call.xid = in.word();
  const std::uint32_t type = in.word();
  const std::uint32_t rpc_version = in.word();
  const std::uint32_t program = in.word();
  const std::uint32_t version = in.word();
  call.procedure = static_cast<Procedure>(in.word());
  if (in.failed() || type != 0 || rpc_version != 2) return CallFault::not_a_call;
  if (!skip_auth_sys(in)) return CallFault::bad_credential;
  const std::uint32_t verifier = in.word();
  if (in.word() != 0 || verifier != 0 || in.failed()) return CallFault::bad_verifier;
  const bool ours = program == kProgram && (version == kVersion || version == kCompoundVersion);
  call.head = record;
  call.verdict = ours ? parse_arguments(available, in.at(), record, call) : AcceptStat::prog_unavail;
  return CallFault::none;
}

}  // namespace gatehouse::bench
