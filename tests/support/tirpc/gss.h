/* RPCSEC_GSS for tirpc-client. */
#pragma once

#include <rpc/rpc.h>

/* gss_auth makes a context with `target`, such as nfs@localhost, over the client's connection, with the tickets of the environment; `sec` is
 * krb5, krb5i, krb5p or mixed, which begins as krb5. NULL: rpc_createerr says why; exits for another `sec`. */
AUTH *gss_auth(CLIENT *client, const char *sec, const char *target);

/* gss_turn makes the calls of a mixed context use the three services in turn. */
void gss_turn(AUTH *auth, const char *sec, u_long turn);
