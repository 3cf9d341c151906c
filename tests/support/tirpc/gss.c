/* RPCSEC_GSS as libtirpc makes it. */
#include "gss.h"

#include <gssapi/gssapi.h>
#include <rpc/auth_gss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const rpc_gss_svc_t services[] = {RPCSEC_GSS_SVC_NONE, RPCSEC_GSS_SVC_INTEGRITY, RPCSEC_GSS_SVC_PRIVACY};

static rpc_gss_svc_t service_of(const char *sec) {
  static const char *const names[] = {"krb5", "krb5i", "krb5p"};
  for (int at = 0; at < 3; ++at)
    if (!strcmp(sec, names[at])) return services[at];
  if (!strcmp(sec, "mixed")) return RPCSEC_GSS_SVC_NONE;
  fprintf(stderr, "unknown security %s\n", sec);
  exit(2);
}

AUTH *gss_auth(CLIENT *client, const char *sec, const char *target) {
  static gss_OID_desc krb5 = {9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};
  struct rpc_gss_sec wanted = {&krb5, GSS_C_QOP_DEFAULT, service_of(sec), GSS_C_NO_CREDENTIAL, GSS_C_MUTUAL_FLAG};
  return authgss_create_default(client, (char *)target, &wanted);
}

void gss_turn(AUTH *auth, const char *sec, u_long turn) {
  if (sec != NULL && !strcmp(sec, "mixed")) authgss_service(auth, services[turn % 3]);
}
