/* Makes an initial token of an unusual shape with libgssapi and libkrb5, and prints it in hex.
 *
 *   token-maker KIND SERVICE@HOST [NUMBER]     credentials: $KRB5CCNAME
 *
 *   dce              GSS_C_DCE_STYLE: a raw AP-REQ, as such clients send it
 *   dce-framed       the same in the frame of RFC 2743
 *   mutual, plain    an AP-REQ made by libkrb5 with the checksum of RFC 4121 section 4.1.1, with and without mutual
 * authentication extension N      the same, N bytes of an extension that nobody knows behind the checksum's fields skew
 * N           the same, by a clock that is N seconds ahead authdata N       the same, with a ticket that has N bytes of
 * authorization data, for which the KDC was asked session N        the same, with a ticket whose session key is of
 * encryption type N
 */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char* what, long code) {
  fprintf(stderr, "%s: %ld\n", what, code);
  exit(1);
}

static void check(krb5_context context, const char* what, krb5_error_code code) {
  if (code == 0) return;
  fprintf(stderr, "%s: %s\n", what, krb5_get_error_message(context, code));
  exit(1);
}

static void print_hex(const unsigned char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) printf("%02x", bytes[i]);
}

static size_t der_length(unsigned char* out, size_t length) {
  out[0] = 0x83;
  out[1] = (unsigned char)(length >> 16);
  out[2] = (unsigned char)(length >> 8);
  out[3] = (unsigned char)length;
  return 4;
}

static void print_framed(const unsigned char* ap_req, size_t size) {
  static const unsigned char oid[] = {0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01, 0x00};
  unsigned char head[8] = {0x60};
  print_hex(head, 1 + der_length(head + 1, sizeof(oid) + size));
  print_hex(oid, sizeof(oid));
  print_hex(ap_req, size);
}

static void print_by_gss(char* target, OM_uint32 flags, int framed) {
  OM_uint32 minor = 0, major = 0;
  gss_name_t name = GSS_C_NO_NAME;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_buffer_desc text = {strlen(target), target}, token = GSS_C_EMPTY_BUFFER;
  major = gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name);
  if (GSS_ERROR(major)) fail("gss_import_name", minor);
  major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, name, (gss_OID)gss_mech_krb5, flags, 0,
                               GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &token, NULL, NULL);
  if (GSS_ERROR(major)) fail("gss_init_sec_context", minor);
  if (framed)
    print_framed(token.value, token.length);
  else
    print_hex(token.value, token.length);
}

/* What may be unusual of a token of libkrb5. */
struct wishes {
  int mutual;
  long skew;
  size_t extension;
  size_t authdata;
  int session;
};

/* The ticket for service@host. */
static krb5_creds* get_ticket(krb5_context context, char* target, const struct wishes* wish) {
  krb5_ccache cache;
  krb5_creds want, *got = NULL;
  krb5_authdata data, *list[2] = {&data, NULL};
  char* host = strchr(target, '@');
  memset(&want, 0, sizeof(want));
  check(context, "krb5_cc_default", krb5_cc_default(context, &cache));
  check(context, "krb5_cc_get_principal", krb5_cc_get_principal(context, cache, &want.client));
  *host = '\0';
  check(context, "krb5_sname_to_principal",
        krb5_sname_to_principal(context, host + 1, target, KRB5_NT_SRV_HST, &want.server));
  *host = '@';
  want.keyblock.enctype = wish->session;
  if (wish->authdata != 0) {
    data.magic = 0;
    data.ad_type = 0x7357; /* nobody's */
    data.length = (unsigned)wish->authdata;
    data.contents = calloc(1, wish->authdata);
    want.authdata = list;
  }
  check(context, "krb5_get_credentials", krb5_get_credentials(context, 0, cache, &want, &got));
  return got;
}

static void print_by_krb5(char* target, const struct wishes* wish) {
  krb5_context context;
  krb5_auth_context auth = NULL;
  krb5_creds* creds = NULL;
  krb5_data checksum = {0, 0, NULL}, request = {0, 0, NULL};
  unsigned char* c = calloc(1, 24 + 8 + wish->extension);
  check(NULL, "krb5_init_context", krb5_init_context(&context));
  creds = get_ticket(context, target, wish);
  if (wish->skew != 0)
    check(context, "krb5_set_real_time", krb5_set_real_time(context, (krb5_timestamp)(time(NULL) + wish->skew), 0));
  check(context, "krb5_auth_con_init", krb5_auth_con_init(context, &auth));
  krb5_auth_con_setflags(context, auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE);
  krb5_auth_con_set_req_cksumtype(context, auth, 0x8003);
  c[0] = 16;                          /* no channel bindings */
  c[20] = wish->mutual ? 0x02 : 0x00; /* flags, little-endian */
  checksum.length = 24;
  checksum.data = (char*)c;
  if (wish->extension != 0) {
    c[24] = 0x7f; /* type and length, big-endian */
    c[28] = (unsigned char)(wish->extension >> 24);
    c[29] = (unsigned char)(wish->extension >> 16);
    c[30] = (unsigned char)(wish->extension >> 8);
    c[31] = (unsigned char)wish->extension;
    checksum.length += 8 + (unsigned)wish->extension;
  }
  check(context, "krb5_mk_req_extended",
        krb5_mk_req_extended(context, &auth, wish->mutual ? AP_OPTS_MUTUAL_REQUIRED : 0, &checksum, creds, &request));
  print_framed((const unsigned char*)request.data, request.length);
}

int main(int argc, char** argv) {
  struct wishes wish = {1, 0, 0, 0, 0};
  if (argc < 3) fail("usage: token-maker KIND SERVICE@HOST [NUMBER]", argc);
  const char* kind = argv[1];
  const long number = argc > 3 ? atol(argv[3]) : 0;
  if (strcmp(kind, "dce") == 0 || strcmp(kind, "dce-framed") == 0) {
    print_by_gss(argv[2], GSS_C_DCE_STYLE | GSS_C_MUTUAL_FLAG, strcmp(kind, "dce-framed") == 0);
    return 0;
  }
  if (strcmp(kind, "plain") == 0)
    wish.mutual = 0;
  else if (strcmp(kind, "extension") == 0)
    wish.extension = (size_t)number;
  else if (strcmp(kind, "skew") == 0)
    wish.skew = number;
  else if (strcmp(kind, "authdata") == 0)
    wish.authdata = (size_t)number;
  else if (strcmp(kind, "session") == 0)
    wish.session = (int)number;
  else if (strcmp(kind, "mutual") != 0)
    fail("unknown kind", 0);
  print_by_krb5(argv[2], &wish);
  return 0;
}
