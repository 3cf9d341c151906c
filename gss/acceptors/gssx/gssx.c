#include "gssx.h"

#include <gss_proxy.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* gssproxy compares names and values with their terminating NUL, and ignores, without a word, those that have none. */
static char context_type[] = "exported_context_type";
static char lucid_v1[] = "linux_lucid_v1";
static char creds_type[] = "exported_creds_type";
static char creds_v1[] = "linux_creds_v1";
#define WITH_NUL(text) {sizeof(text), text}

size_t gssx_encode_accept(const uint8_t* token, size_t token_size, uint8_t* out, size_t room) {
  gssx_option options[] = {{WITH_NUL(context_type), WITH_NUL(lucid_v1)}, {WITH_NUL(creds_type), WITH_NUL(creds_v1)}};
  gssx_accept_args args;
  XDR xdr;

  if (token_size > UINT32_MAX || room > UINT32_MAX) return 0;
  memset(&args, 0, sizeof(args));
  args.call_ctx.options.gssx_options_len = sizeof(options) / sizeof(options[0]);
  args.call_ctx.options.gssx_options_val = options;
  args.input_token.gssx_buffer_len = (u_int)token_size;
  args.input_token.gssx_buffer_val = (char*)(uintptr_t)token; /* only read */
  xdrmem_create(&xdr, (char*)out, (u_int)room, XDR_ENCODE);
  return xdr_gssx_accept_args(&xdr, &args) ? xdr_getpos(&xdr) : 0;
}

static struct gssx_view view(const gssx_buffer* b) {
  const struct gssx_view out = {(const uint8_t*)b->gssx_buffer_val, b->gssx_buffer_len};
  return out;
}

static void view_context(const gssx_ctx* context, struct gssx_accepted* out) {
  out->has_context = 1;
  out->mech = view(&context->mech);
  out->lucid = view(&context->exported_token);
  out->client = view(&context->src_name.display_name);
  out->service = view(&context->targ_name.display_name);
  out->open = context->open != 0;
  out->locally_initiated = context->locally_initiated != 0;
}

static void view_creds(const gssx_options* options, struct gssx_accepted* out) {
  for (u_int i = 0; i < options->gssx_options_len; ++i) {
    const gssx_option* o = &options->gssx_options_val[i];
    if (o->option.gssx_buffer_len != sizeof(creds_v1)) continue;
    if (memcmp(o->option.gssx_buffer_val, creds_v1, sizeof(creds_v1)) != 0) continue;
    ++out->creds_options;
    out->creds = view(&o->value);
  }
}

static void free_result(gssx_accept_result* result) {
  if (result->context != NULL && result->context->exported_token.gssx_buffer_val != NULL)
    OPENSSL_cleanse(result->context->exported_token.gssx_buffer_val, result->context->exported_token.gssx_buffer_len);
  xdr_free((xdrproc_t)xdr_gssx_accept_result, (char*)result);
  free(result);
}

int gssx_decode_accept(const uint8_t* results, size_t size, struct gssx_accepted* out) {
  gssx_accept_result* result = NULL;
  XDR xdr;

  memset(out, 0, sizeof(*out));
  if (size > UINT32_MAX) return 0;
  result = calloc(1, sizeof(*result));
  if (result == NULL) return 0;
  xdrmem_create(&xdr, (char*)(uintptr_t)results, (u_int)size, XDR_DECODE);
  if (!xdr_gssx_accept_result(&xdr, result) || xdr_getpos(&xdr) != size) {
    free_result(result);
    return 0;
  }
  out->major = result->status.major_status;
  out->minor = result->status.minor_status;
  out->major_text = view(&result->status.major_text);
  out->minor_text = view(&result->status.minor_text);
  if (result->context != NULL) view_context(result->context, out);
  if (result->output_token != NULL) out->token = view(result->output_token);
  view_creds(&result->options, out);
  out->decoded = result;
  return 1;
}

void gssx_free_accepted(struct gssx_accepted* in) {
  if (in->decoded != NULL) free_result(in->decoded);
  memset(in, 0, sizeof(*in));
}
