/* Decoding by rpcgen's code, which allocates by the length that a message declares before it looks for the bytes: with
 * these in place of the library's, a length that the rest of the message cannot hold fails first. For rpcgen's output
 * only. */
#ifndef GATEHOUSE_GSSX_BOUNDED_XDR_H_
#define GATEHOUSE_GSSX_BOUNDED_XDR_H_

#include <rpc/rpc.h>

/* gssx_bounded_bytes: xdr_bytes of a stream in memory (xdrmem_create). FALSE, with nothing allocated, when it decodes
 * and the declared length exceeds what is left. Threads may decode side by side: the library's own writes padding to
 * memory that they would share. `*bytes` must be null and `*size` 0 before. */
bool_t gssx_bounded_bytes(XDR* xdrs, char** bytes, u_int* size, u_int most);

/* gssx_bounded_array: xdr_array of a stream in memory. FALSE, with nothing allocated, when it decodes and what is left
 * holds fewer than four bytes for each declared element. */
bool_t gssx_bounded_array(XDR* xdrs, char** array, u_int* count, u_int most, u_int element_size, xdrproc_t element);

#ifndef GSSX_BOUNDED_XDR_IMPLEMENTATION
#define xdr_bytes gssx_bounded_bytes
#define xdr_array gssx_bounded_array
#endif

#endif
