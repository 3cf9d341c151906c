/* gssproxy's procedure that accepts a token, encoded and decoded by rpcgen's code on libtirpc. C, and a folder of its
 * own: libtirpc's headers are called <rpc/...> as this project's are, so no file may see both. */
#ifndef GATEHOUSE_GSSX_GSSX_H_
#define GATEHOUSE_GSSX_GSSX_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* GSSX_CALL_PROGRAM, _VERSION, _PROCEDURE: what a call names (GSSX_ACCEPT_SEC_CONTEXT). */
#define GSSX_CALL_PROGRAM 400112
#define GSSX_CALL_VERSION 1
#define GSSX_CALL_PROCEDURE 9

/* GSSX_ARGUMENTS_BESIDE_TOKEN: room that the arguments take at most besides the token. */
#define GSSX_ARGUMENTS_BESIDE_TOKEN 512

/* gssx_encode_accept: writes the arguments of a call to `out`: `token`, and the options that ask for linux_lucid_v1 and
 * linux_creds_v1. Returns their size, or 0 if `room` bytes do not hold them. */
size_t gssx_encode_accept(const uint8_t* token, size_t token_size, uint8_t* out, size_t room);

/* gssx_view: bytes of a decoded result, valid as long as it; data may be null when size is 0. */
struct gssx_view {
  const uint8_t* data;
  size_t size;
};

/* gssx_accepted: what of a result is looked at; as gssproxy sent it, nothing in it is checked. */
struct gssx_accepted {
  uint64_t major;
  uint64_t minor;
  struct gssx_view major_text; /* strings may end with a NUL */
  struct gssx_view minor_text;
  int has_context;         /* what follows is of the context */
  struct gssx_view mech;   /* object identifier as DER has it, without tag and length */
  struct gssx_view lucid;  /* linux_lucid_v1; holds a key */
  struct gssx_view client; /* display names */
  struct gssx_view service;
  int open;
  int locally_initiated;
  struct gssx_view token; /* for the client; of a failure too */
  unsigned creds_options; /* how many linux_creds_v1 there are */
  struct gssx_view creds; /* the last of them */
  void* decoded;          /* owns all the views */
};

/* gssx_decode_accept: decodes exactly `size` bytes of results. No length in them is believed that the bytes behind it
 * do not hold. Returns 0, with nothing to free, when they are malformed; else 1, and gssx_free_accepted must follow. */
int gssx_decode_accept(const uint8_t* results, size_t size, struct gssx_accepted* out);

/* gssx_free_accepted: wipes the key and frees what gssx_decode_accept allocated. */
void gssx_free_accepted(struct gssx_accepted* in);

#ifdef __cplusplus
}
#endif

#endif
