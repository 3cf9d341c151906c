#include "tests/bench/initiator.h"

#include <gssapi/gssapi_krb5.h>

#include <algorithm>

namespace gatehouse::bench {
namespace {

std::string words(OM_uint32 status, int type) {
  std::string text;
  OM_uint32 more = 0;
  OM_uint32 minor = 0;
  do {
    gss_buffer_desc line = GSS_C_EMPTY_BUFFER;
    if (GSS_ERROR(gss_display_status(&minor, status, type, GSS_C_NO_OID, &more, &line))) break;
    text.append(text.empty() ? "" : "; ").append(static_cast<const char*>(line.value), line.length);
    gss_release_buffer(&minor, &line);
  } while (more != 0);
  return text;
}

// The key that per-message tokens are made with: the acceptor's subkey where there is one (RFC 4121 section 2).
std::expected<gss::SessionKey, std::string> key_of(const gss_krb5_lucid_context_v1_t& lucid) {
  if (lucid.protocol != 1) return std::unexpected("the context has a key of RFC 1964, not RFC 4121");
  const bool subkey = lucid.cfx_kd.have_acceptor_subkey != 0;
  const gss_krb5_lucid_key_t& from = subkey ? lucid.cfx_kd.acceptor_subkey : lucid.cfx_kd.ctx_key;
  if (from.type < 17 || from.type > 20 || from.length > gss::SessionKey::kMaxBytes) {
    return std::unexpected("the context's key has encryption type " + std::to_string(from.type) + ", not 17 to 20");
  }
  gss::SessionKey key;
  key.enctype = static_cast<gss::Enctype>(from.type);
  key.size = from.length;
  std::copy_n(static_cast<const std::uint8_t*>(from.data), key.size, key.bytes.begin());
  key.acceptor_subkey = subkey;
  key.send_seq = lucid.send_seq;
  return key;
}

}  // namespace

Pending& Pending::operator=(Pending&& other) noexcept {
  std::swap(context, other.context);
  token.swap(other.token);
  return *this;
}

Pending::~Pending() {
  OM_uint32 minor = 0;
  if (context != GSS_C_NO_CONTEXT) gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
}

std::string gss_text(const std::string& what, OM_uint32 major, OM_uint32 minor) {
  return what + ": " + words(major, GSS_C_GSS_CODE) + " (" + words(minor, GSS_C_MECH_CODE) + ")";
}

std::expected<std::unique_ptr<Initiator>, std::string> Initiator::make(const std::string& service) {
  std::string text = service;
  gss_buffer_desc buffer{text.size(), text.data()};
  gss_name_t name = GSS_C_NO_NAME;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_import_name(&minor, &buffer, GSS_C_NT_HOSTBASED_SERVICE, &name);
  if (GSS_ERROR(major)) return std::unexpected(gss_text("service " + service, major, minor));
  return std::unique_ptr<Initiator>(new Initiator(name));
}

Initiator::~Initiator() {
  OM_uint32 minor = 0;
  gss_release_name(&minor, &name_);
}

std::expected<Pending, std::string> Initiator::step(Pending pending, Bytes token, OM_uint32& major) {
  // libgssapi only reads what the input points at.
  gss_buffer_desc in{token.size(), const_cast<std::uint8_t*>(token.data())};
  gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
  gss_OID_desc krb5{9, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")};
  OM_uint32 minor = 0;
  major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &pending.context, name_, &krb5, GSS_C_MUTUAL_FLAG, 0,
                               GSS_C_NO_CHANNEL_BINDINGS, &in, nullptr, &out, nullptr, nullptr);
  const auto* bytes = static_cast<const std::uint8_t*>(out.value);
  pending.token.assign(bytes, bytes + out.length);
  const std::string fault = GSS_ERROR(major) ? gss_text("gss_init_sec_context", major, minor) : "";
  gss_release_buffer(&minor, &out);
  if (!fault.empty()) return std::unexpected(fault);
  return pending;
}

std::expected<Pending, std::string> Initiator::begin() {
  OM_uint32 major = 0;
  auto pending = step({}, {}, major);
  if (pending && major != GSS_S_CONTINUE_NEEDED) return std::unexpected("the first token wants no answer");
  return pending;
}

std::expected<gss::SessionKey, std::string> Initiator::finish(Pending& pending, Bytes token) {
  OM_uint32 major = 0;
  auto done = step(std::move(pending), token, major);
  if (!done) return std::unexpected(done.error());
  if (major != GSS_S_COMPLETE) return std::unexpected("the acceptor's token did not complete the context");
  void* lucid = nullptr;
  OM_uint32 minor = 0;
  major = gss_krb5_export_lucid_sec_context(&minor, &done->context, 1, &lucid);
  if (GSS_ERROR(major)) return std::unexpected(gss_text("gss_krb5_export_lucid_sec_context", major, minor));
  auto key = key_of(*static_cast<const gss_krb5_lucid_context_v1_t*>(lucid));
  gss_krb5_free_lucid_sec_context(&minor, lucid);
  return key;
}

}  // namespace gatehouse::bench
