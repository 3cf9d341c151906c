#include "gss/acceptors/lucid.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <memory>

#include "gss/acceptors/text.h"

namespace gatehouse::gss {
namespace {

using Lucid = gss_krb5_lucid_context_v1_t;

void wipe(gss_krb5_lucid_key_t& key) {
  if (key.data != nullptr) OPENSSL_cleanse(key.data, key.length);
}

// The library's own wiping is an ordinary memset before free(), which a compiler may drop.
struct FreeLucid {
  void operator()(Lucid* lucid) const {
    OM_uint32 minor = 0;
    if (lucid->protocol == 1) {
      wipe(lucid->cfx_kd.ctx_key);
      wipe(lucid->cfx_kd.acceptor_subkey);
    } else {
      wipe(lucid->rfc1964_kd.ctx_key);
    }
    gss_krb5_free_lucid_sec_context(&minor, lucid);
  }
};

std::size_t key_size(Enctype enctype) {
  return enctype == Enctype::aes128_sha1 || enctype == Enctype::aes128_sha256 ? 16 : 32;
}

}  // namespace

std::expected<Enctype, std::string> enctype_of(std::uint32_t number, std::size_t size) {
  if (number < 17 || number > 20)
    return std::unexpected("encryption type " + std::to_string(number) +
                           " is not taken, only aes128-cts and aes256-cts (17 to 20)");
  const auto enctype = static_cast<Enctype>(number);
  if (size != key_size(enctype))
    return std::unexpected("a key of " + std::to_string(size) + " bytes for encryption type " + std::to_string(number));
  return enctype;
}

//= rfc4121#2
// # per-message tokens use the acceptor's subkey if it asserted one, else the initiator's or the ticket's session key
std::expected<ExportedContext, std::string> export_context(GssContext context) {
  OM_uint32 minor = 0;
  void* exported = nullptr;
  const OM_uint32 major = gss_krb5_export_lucid_sec_context(&minor, context.in_out(), 1, &exported);
  if (major != GSS_S_COMPLETE) return std::unexpected("the context's key cannot be had: " + status_text(major, minor));
  const std::unique_ptr<Lucid, FreeLucid> lucid(static_cast<Lucid*>(exported));
  if (lucid->version != 1 || lucid->initiate != 0)
    return std::unexpected("libgssapi exports the context in an unknown form");
  if (lucid->protocol != 1)
    return std::unexpected("the context's key is of an old encryption type (DES, 3DES or RC4), which is not taken");

  const gss_krb5_cfx_keydata_t& keys = lucid->cfx_kd;
  const bool subkey = keys.have_acceptor_subkey != 0;
  const gss_krb5_lucid_key_t& key = subkey ? keys.acceptor_subkey : keys.ctx_key;
  const auto enctype = enctype_of(key.type, key.length);
  if (!enctype) return std::unexpected(enctype.error());

  ExportedContext out;
  out.key.enctype = *enctype;
  out.key.size = key.length;
  std::copy_n(static_cast<const std::uint8_t*>(key.data), key.length, out.key.bytes.begin());
  out.key.acceptor_subkey = subkey;
  out.key.send_seq = lucid->send_seq;
  // Unsigned: after 2038 the library's signed time stands for the years until 2106.
  out.ticket_end_s = lucid->endtime;
  return out;
}

}  // namespace gatehouse::gss
