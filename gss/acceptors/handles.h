// Handles of libgssapi that release themselves.
#pragma once

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <string_view>
#include <utility>

#include "rpc/xdr.h"

namespace gatehouse::gss {

/// GssHandle: owns one handle of libgssapi, which `release` gives back. Move-only; not thread-safe.
template <typename Handle, OM_uint32 (*release)(OM_uint32*, Handle*)>
class GssHandle {
 public:
  GssHandle() = default;
  GssHandle(GssHandle&& o) noexcept : handle_(std::exchange(o.handle_, nullptr)) {}
  GssHandle& operator=(GssHandle&& o) noexcept {
    if (this != &o) {
      reset();
      handle_ = std::exchange(o.handle_, nullptr);
    }
    return *this;
  }
  ~GssHandle() { reset(); }

  [[nodiscard]] Handle get() const { return handle_; }
  [[nodiscard]] explicit operator bool() const { return handle_ != nullptr; }
  /// out: where the library writes a new handle; the old one is released first.
  Handle* out() {
    reset();
    return &handle_;
  }
  /// in_out: where the library takes the handle from, and may leave another or none.
  Handle* in_out() { return &handle_; }
  void reset() {
    OM_uint32 minor = 0;
    if (handle_ != nullptr) release(&minor, &handle_);
    handle_ = nullptr;
  }

 private:
  Handle handle_ = nullptr;
};

namespace detail {
inline OM_uint32 delete_context(OM_uint32* minor, gss_ctx_id_t* context) {
  return gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}
}  // namespace detail

using GssCred = GssHandle<gss_cred_id_t, gss_release_cred>;
using GssName = GssHandle<gss_name_t, gss_release_name>;
using GssContext = GssHandle<gss_ctx_id_t, detail::delete_context>;

/// GssBuffer: memory that libgssapi allocated.
class GssBuffer {
 public:
  GssBuffer() = default;
  GssBuffer(const GssBuffer&) = delete;
  GssBuffer& operator=(const GssBuffer&) = delete;
  ~GssBuffer() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &buffer_);
  }

  gss_buffer_t out() { return &buffer_; }
  [[nodiscard]] std::string_view text() const { return {static_cast<const char*>(buffer_.value), buffer_.length}; }
  [[nodiscard]] rpc::Bytes bytes() const { return {static_cast<const std::uint8_t*>(buffer_.value), buffer_.length}; }

 private:
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

}  // namespace gatehouse::gss
