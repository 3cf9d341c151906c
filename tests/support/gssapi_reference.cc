#include "tests/support/gssapi_reference.h"

#include <gssapi/gssapi_krb5.h>

#include <algorithm>
#include <stdexcept>

namespace gatehouse::test {

namespace {

// A buffer that libgssapi allocated.
struct Given {
  gss_buffer_desc buffer = GSS_C_EMPTY_BUFFER;
  Given() = default;
  Given(const Given&) = delete;
  Given& operator=(const Given&) = delete;
  ~Given() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &buffer);
  }
  [[nodiscard]] Octets copy() const {
    const auto* const p = static_cast<const std::uint8_t*>(buffer.value);
    return p == nullptr ? Octets{} : Octets(p, p + buffer.length);
  }
};

// libgssapi does not write to its input.
gss_buffer_desc input(rpc::Bytes b) {
  return {b.size(), const_cast<std::uint8_t*>(b.data())};
}

std::string words(OM_uint32 code, int kind) {
  OM_uint32 minor = 0, more = 0;
  Given text;
  gss_display_status(&minor, code, kind, GSS_C_NO_OID, &more, &text.buffer);
  const Octets o = text.copy();
  return {o.begin(), o.end()};
}

void must(OM_uint32 major, OM_uint32 minor, const char* what) {
  if (GSS_ERROR(major) != 0)
    throw std::runtime_error(std::string(what) + ": " + words(major, GSS_C_GSS_CODE) + ": " +
                             words(minor, GSS_C_MECH_CODE));
}

struct Name {
  gss_name_t name = GSS_C_NO_NAME;
  explicit Name(const std::string& service) {
    gss_buffer_desc text{service.size(), const_cast<char*>(service.data())};
    OM_uint32 minor = 0;
    must(gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name), minor, "gss_import_name");
  }
  Name(const Name&) = delete;
  Name& operator=(const Name&) = delete;
  ~Name() {
    OM_uint32 minor = 0;
    gss_release_name(&minor, &name);
  }
};

}  // namespace

ReferenceContext::~ReferenceContext() {
  OM_uint32 minor = 0;
  if (context_ != nullptr) gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
}

Octets ReferenceContext::initiate(const std::string& service, bool mutual, rpc::Bytes token) {
  const Name target(service);
  OM_uint32 minor = 0;
  gss_buffer_desc in = input(token);
  Given out;
  // Neither replay detection nor sequence: RPCSEC_GSS has a window of its own.
  const OM_uint32 flags = GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | (mutual ? GSS_C_MUTUAL_FLAG : 0U);
  const OM_uint32 major =
      gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context_, target.name, gss_mech_krb5, flags, 0,
                           GSS_C_NO_CHANNEL_BINDINGS, &in, nullptr, &out.buffer, nullptr, nullptr);
  must(major, minor, "gss_init_sec_context");
  return out.copy();
}

Octets ReferenceContext::accept(rpc::Bytes token) {
  OM_uint32 minor = 0;
  gss_buffer_desc in = input(token);
  Given out;
  const OM_uint32 major = gss_accept_sec_context(&minor, &context_, GSS_C_NO_CREDENTIAL, &in, GSS_C_NO_CHANNEL_BINDINGS,
                                                 nullptr, nullptr, &out.buffer, nullptr, nullptr, nullptr);
  must(major, minor, "gss_accept_sec_context");
  return out.copy();
}

Octets ReferenceContext::get_mic(rpc::Bytes message) {
  OM_uint32 minor = 0;
  gss_buffer_desc in = input(message);
  Given out;
  must(gss_get_mic(&minor, context_, GSS_C_QOP_DEFAULT, &in, &out.buffer), minor, "gss_get_mic");
  return out.copy();
}

Octets ReferenceContext::wrap(rpc::Bytes message, bool confidential) {
  OM_uint32 minor = 0;
  int state = 0;
  gss_buffer_desc in = input(message);
  Given out;
  must(gss_wrap(&minor, context_, confidential ? 1 : 0, GSS_C_QOP_DEFAULT, &in, &state, &out.buffer), minor,
       "gss_wrap");
  if ((state != 0) != confidential) throw std::runtime_error("gss_wrap: not as confidential as asked for");
  return out.copy();
}

bool ReferenceContext::verify_mic(rpc::Bytes message, rpc::Bytes token) {
  OM_uint32 minor = 0;
  gss_buffer_desc in = input(message), mic = input(token);
  return GSS_ERROR(gss_verify_mic(&minor, context_, &in, &mic, nullptr)) == 0;
}

std::optional<Octets> ReferenceContext::unwrap(rpc::Bytes token) {
  OM_uint32 minor = 0;
  int state = 0;
  gss_buffer_desc in = input(token);
  Given out;
  if (GSS_ERROR(gss_unwrap(&minor, context_, &in, &out.buffer, &state, nullptr)) != 0 || state == 0)
    return std::nullopt;
  return out.copy();
}

gss::SessionKey ReferenceContext::take_key() && {
  OM_uint32 minor = 0;
  void* exported = nullptr;
  must(gss_krb5_export_lucid_sec_context(&minor, &context_, 1, &exported), minor, "gss_krb5_export_lucid_sec_context");
  const auto* const lucid = static_cast<const gss_krb5_lucid_context_v1_t*>(exported);
  gss::SessionKey key;
  if (lucid->protocol == 1) {
    key.acceptor_subkey = lucid->cfx_kd.have_acceptor_subkey != 0;
    const gss_krb5_lucid_key_t& from = key.acceptor_subkey ? lucid->cfx_kd.acceptor_subkey : lucid->cfx_kd.ctx_key;
    key.enctype = static_cast<gss::Enctype>(from.type);
    key.size = std::min<std::size_t>(from.length, key.bytes.size());
    std::copy_n(static_cast<const std::uint8_t*>(from.data), key.size, key.bytes.begin());
    key.send_seq = lucid->send_seq;
  }
  gss_krb5_free_lucid_sec_context(&minor, exported);
  if (key.size == 0) throw std::runtime_error("the context is not one of RFC 4121");
  return key;
}

ReferencePair establish(const std::string& service, bool mutual) {
  ReferencePair pair;
  const Octets answer = pair.acceptor.accept(pair.initiator.initiate(service, mutual));
  if (mutual) pair.initiator.initiate(service, mutual, answer);
  return pair;
}

}  // namespace gatehouse::test
