#define GSSX_BOUNDED_XDR_IMPLEMENTATION
#include "bounded_xdr.h"

#include <stdlib.h>

/* x_handy is what a stream in memory has left. */
static bool_t decode_bytes(XDR* xdrs, char** bytes, u_int* size, u_int most) {
  char padding[BYTES_PER_XDR_UNIT];
  u_int length = 0;
  if (!xdr_u_int(xdrs, &length) || length > most || length > xdrs->x_handy) return FALSE;
  if (length == 0) return TRUE;
  *bytes = malloc(length);
  if (*bytes == NULL) return FALSE;
  *size = length;
  return XDR_GETBYTES(xdrs, *bytes, length) && XDR_GETBYTES(xdrs, padding, RNDUP(length) - length);
}

bool_t gssx_bounded_bytes(XDR* xdrs, char** bytes, u_int* size, u_int most) {
  return xdrs->x_op == XDR_DECODE ? decode_bytes(xdrs, bytes, size, most) : xdr_bytes(xdrs, bytes, size, most);
}

bool_t gssx_bounded_array(XDR* xdrs, char** array, u_int* count, u_int most, u_int element_size, xdrproc_t element) {
  u_int length = 0;
  if (xdrs->x_op == XDR_DECODE) {
    const u_int here = xdr_getpos(xdrs);
    if (!xdr_u_int(xdrs, &length) || length > xdrs->x_handy / 4 || !xdr_setpos(xdrs, here)) return FALSE;
  }
  return xdr_array(xdrs, array, count, most, element_size, element);
}
