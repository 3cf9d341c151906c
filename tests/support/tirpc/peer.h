/* The program that tirpc-server offers and tirpc-client calls: what the two have to agree on. */
#pragma once

#include <rpc/rpc.h>

enum {
  PEER_PROGRAM = 0x20000001, /* from the range that RFC 5531 leaves to users */
  PEER_LOW = 1,
  PEER_HIGH = 2,

  PEER_NULL = 0, /* void -> void */
  PEER_WHO = 1,  /* void -> struct who: the credential as the server received it */
  PEER_ECHO = 2, /* opaque<PEER_MAX_ECHO> -> the same */
  PEER_SLOW = 3, /* unsigned milliseconds -> the same, after that time; other connections are served meanwhile */

  PEER_MAX_ECHO = 16 << 20,
  PEER_MAX_GIDS = 16
};

/* who is the answer of PEER_WHO. Without AUTH_SYS only `flavor` and `peer` mean something. */
struct who {
  u_int flavor;
  u_int stamp;
  char* machine;
  u_int uid;
  u_int gid;
  struct {
    u_int count;
    u_int* values;
  } gids;
  char* peer; /* "ADDRESS:PORT" the connection came from; "unix" for a unix socket */
};

/* blob is the argument and the result of PEER_ECHO. */
struct blob {
  u_int length;
  char* bytes;
};

static inline bool_t xdr_who(XDR* xdrs, struct who* who) {
  return xdr_u_int(xdrs, &who->flavor) && xdr_u_int(xdrs, &who->stamp) && xdr_string(xdrs, &who->machine, 255) &&
         xdr_u_int(xdrs, &who->uid) && xdr_u_int(xdrs, &who->gid) &&
         xdr_array(xdrs, (char**)&who->gids.values, &who->gids.count, PEER_MAX_GIDS, sizeof(u_int),
                   (xdrproc_t)xdr_u_int) &&
         xdr_string(xdrs, &who->peer, 255);
}

static inline bool_t xdr_blob(XDR* xdrs, struct blob* blob) {
  return xdr_bytes(xdrs, &blob->bytes, &blob->length, PEER_MAX_ECHO);
}
