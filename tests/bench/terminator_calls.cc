#include "tests/bench/terminator_calls.h"

#include <cstdio>

namespace gatehouse::bench {
namespace {

using Reply = std::optional<std::vector<std::uint8_t>>;

enum GssProc : std::uint32_t { kData = 0, kInit = 1, kDestroy = 3 };
enum Service : std::uint32_t { kNone = 1, kIntegrity = 2, kPrivacy = 3 };

Reply refuse(const char* why) {
  std::fprintf(stderr, "bench_terminator: closing a connection: %s\n", why);
  return std::nullopt;
}

// Buffer is what libgssapi allocated.
struct Buffer {
  gss_buffer_desc desc = GSS_C_EMPTY_BUFFER;
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &desc);
  }
  Bytes view() const { return {static_cast<const std::uint8_t*>(desc.value), desc.length}; }
};

// libgssapi only reads what its input buffers point at.
gss_buffer_desc input(Bytes bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

void push_opaque(std::vector<std::uint8_t>& out, Bytes bytes) {
  push32(out, static_cast<std::uint32_t>(bytes.size()));
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.resize(out.size() + (4 - bytes.size() % 4) % 4);
}

// Fields walks the words and opaques of a record; running past the end is remembered.
class Fields {
 public:
  explicit Fields(Bytes bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  std::uint32_t word() {
    if (!ok_ || bytes_.size() - at_ < 4) return static_cast<std::uint32_t>(ok_ = false);
    at_ += 4;
    return get32(bytes_, at_ - 4);
  }
  Bytes opaque() {
    const std::size_t size = word();
    const std::size_t padded = (size + 3) / 4 * 4;
    if (!ok_ || bytes_.size() - at_ < padded) return (ok_ = false, Bytes{});
    at_ += padded;
    return bytes_.subspan(at_ - padded, size);
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// Call is a record whose header was read.
struct Call {
  CallView view;
  std::uint32_t gss_proc = 0;
  std::uint32_t seq = 0;
  std::uint32_t service = 0;
  Bytes handle;
  Bytes header;  // what the verifier signs
  Bytes mic;
  Bytes body;
};

bool parse(Bytes record, Call& call) {
  Fields in(record);
  call.view.xid = in.word();
  const bool is_call = in.word() == 0 && in.word() == 2;
  const bool ours = in.word() == kProgram && in.word() == kVersion;
  call.view.procedure = static_cast<Procedure>(in.word());
  const bool gss = in.word() == 6;
  in.word();  // length of the credential
  const bool version = in.word() == 1;
  call.gss_proc = in.word();
  call.seq = in.word();
  call.service = in.word();
  call.handle = in.opaque();
  call.header = record.first(in.at());
  in.word();  // flavor of the verifier
  call.mic = in.opaque();
  call.body = record.subspan(in.at());
  return in.ok() && is_call && ours && gss && version;
}

// A reply up to its accept_stat, success, with a MIC over `number` as verifier.
bool push_head(std::vector<std::uint8_t>& out, std::uint32_t xid, std::uint32_t number, gss_ctx_id_t context) {
  std::array<std::uint8_t, 4> signed_bytes{};
  put32(signed_bytes, 0, number);
  gss_buffer_desc message = input(signed_bytes);
  Buffer mic;
  OM_uint32 minor = 0;
  if (GSS_ERROR(gss_get_mic(&minor, context, GSS_C_QOP_DEFAULT, &message, &mic.desc))) return false;
  for (const std::uint32_t word : {0U, xid, 1U, 0U, 6U}) push32(out, word);
  push_opaque(out, mic.view());
  push32(out, 0);
  return true;
}

Reply init(TerminatorContexts& contexts, const Call& call) {
  constexpr std::uint32_t kWindow = 1024;
  auto context = std::make_shared<TerminatorContexts::Context>();
  Fields args(call.body);
  gss_buffer_desc token = input(args.opaque());
  Buffer out;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_accept_sec_context(&minor, &context->gss, GSS_C_NO_CREDENTIAL, &token, GSS_C_NO_CHANNEL_BINDINGS, nullptr,
                             nullptr, &out.desc, nullptr, nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return refuse("gss_accept_sec_context failed");
  std::vector<std::uint8_t> reply;
  if (!push_head(reply, call.view.xid, kWindow, context->gss)) return refuse("gss_get_mic failed");
  push32(reply, 4);
  push32(reply, contexts.add(std::move(context)));
  for (const std::uint32_t word : {0U, 0U, kWindow}) push32(reply, word);
  push_opaque(reply, out.view());
  set_mark(reply, 0);
  return reply;
}

// The arguments of a call under integrity or privacy, behind their sequence number; views `call` or `plain`.
bool open_body(const Call& call, gss_ctx_id_t context, Buffer& plain, Bytes& args) {
  OM_uint32 minor = 0;
  Fields body(call.body);
  gss_buffer_desc outer = input(body.opaque());
  Bytes data{static_cast<const std::uint8_t*>(outer.value), outer.length};
  if (call.service == kIntegrity) {
    gss_buffer_desc mic = input(body.opaque());
    if (!body.ok() || GSS_ERROR(gss_verify_mic(&minor, context, &outer, &mic, nullptr))) return false;
  } else {
    int sealed = 0;
    if (GSS_ERROR(gss_unwrap(&minor, context, &outer, &plain.desc, &sealed, nullptr)) || sealed == 0) return false;
    data = plain.view();
  }
  if (data.size() < 4 || get32(data, 0) != call.seq) return false;
  args = data.subspan(4);
  return true;
}

bool push_results(std::vector<std::uint8_t>& out, const Call& call, gss_ctx_id_t context,
                  std::vector<std::uint8_t>& data) {
  OM_uint32 minor = 0;
  put32(data, 0, call.seq);
  if (call.service == kNone) return (out.insert(out.end(), data.begin() + 4, data.end()), true);
  gss_buffer_desc message = input(data);
  Buffer made;
  if (call.service == kIntegrity) {
    if (GSS_ERROR(gss_get_mic(&minor, context, GSS_C_QOP_DEFAULT, &message, &made.desc))) return false;
    push_opaque(out, data);
  } else if (GSS_ERROR(gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &message, nullptr, &made.desc))) {
    return false;
  }
  push_opaque(out, made.view());
  return true;
}

Reply data(const Call& call, gss_ctx_id_t context) {
  Buffer plain;
  Bytes args = call.body;
  if (call.service != kNone && !open_body(call, context, plain, args)) return refuse("the arguments are not protected");
  CallView view = call.view;
  view.verdict = parse_arguments(args, 0, args.size(), view);
  if (view.verdict != AcceptStat::success) return refuse("the arguments are damaged");
  if (view.procedure == Procedure::write && !payload_matches(0, args.subspan(view.head)))
    return refuse("a payload is damaged");
  const std::uint32_t payload = view.procedure == Procedure::read ? view.payload : 0;
  std::vector<std::uint8_t> results(4 + results_size(view.procedure));
  put_results(std::span(results).subspan(4), view.xid, view.procedure, view.payload);
  append_payload(payload, results);
  std::vector<std::uint8_t> reply;
  if (!push_head(reply, view.xid, call.seq, context)) return refuse("gss_get_mic failed");
  if (!push_results(reply, call, context, results)) return refuse("the results could not be protected");
  set_mark(reply, 0);
  return reply;
}

}  // namespace

TerminatorContexts::Context::~Context() {
  OM_uint32 minor = 0;
  if (gss != GSS_C_NO_CONTEXT) gss_delete_sec_context(&minor, &gss, GSS_C_NO_BUFFER);
}

std::shared_ptr<TerminatorContexts::Context> TerminatorContexts::find(std::uint32_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = contexts_.find(handle);
  return found == contexts_.end() ? nullptr : found->second;
}

std::uint32_t TerminatorContexts::add(std::shared_ptr<Context> context) {
  const std::lock_guard lock(mutex_);
  contexts_[++next_] = std::move(context);
  return next_;
}

void TerminatorContexts::remove(std::uint32_t handle) {
  const std::lock_guard lock(mutex_);
  contexts_.erase(handle);
}

Reply answer(TerminatorContexts& contexts, std::span<std::uint8_t> record) {
  Call call;
  if (!parse(record, call)) return refuse("the record is no RPCSEC_GSS call");
  if (call.gss_proc == kInit) return init(contexts, call);
  const std::uint32_t handle = call.handle.size() == 4 ? get32(call.handle, 0) : 0;
  const auto context = contexts.find(handle);
  if (!context) return refuse("a handle is unknown");
  const std::lock_guard lock(context->mutex);
  gss_buffer_desc header = input(call.header);
  gss_buffer_desc mic = input(call.mic);
  OM_uint32 minor = 0;
  if (GSS_ERROR(gss_verify_mic(&minor, context->gss, &header, &mic, nullptr))) return refuse("a header's MIC is wrong");
  if (call.gss_proc == kData && call.service >= kNone && call.service <= kPrivacy) return data(call, context->gss);
  if (call.gss_proc != kDestroy) return refuse("the credential is malformed");
  contexts.remove(handle);
  std::vector<std::uint8_t> reply;
  if (!push_head(reply, call.view.xid, call.seq, context->gss)) return refuse("gss_get_mic failed");
  set_mark(reply, 0);
  return reply;
}

}  // namespace gatehouse::bench
