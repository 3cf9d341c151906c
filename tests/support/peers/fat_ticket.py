"""Tickets with much authorization data, as directories that issue a PAC make them: tokens that are good and large.

libkrb5 by ctypes: a client may ask the KDC to put authorization data into a ticket, and no program of MIT's does.
"""

import ctypes as c
import ctypes.util
from pathlib import Path

from . import gss

IF_RELEVANT = 1  # authorization data that a server who does not know it ignores (RFC 4120, section 5.2.6.1)
UNKNOWN = 0x7000


class Data(c.Structure):
    _fields_ = [("magic", c.c_int32), ("length", c.c_uint), ("data", c.c_void_p)]


class Keyblock(c.Structure):
    _fields_ = [("magic", c.c_int32), ("enctype", c.c_int32), ("length", c.c_uint), ("contents", c.c_void_p)]


class AuthData(c.Structure):
    _fields_ = [("magic", c.c_int32), ("type", c.c_int32), ("length", c.c_uint), ("contents", c.c_char_p)]


class Creds(c.Structure):
    """Creds is krb5_creds of krb5.h."""
    _fields_ = [("magic", c.c_int32), ("client", c.c_void_p), ("server", c.c_void_p), ("keyblock", Keyblock), ("times", c.c_int32 * 4),
                ("is_skey", c.c_uint), ("flags", c.c_int32), ("addresses", c.c_void_p), ("ticket", Data), ("second_ticket", Data),
                ("authdata", c.POINTER(c.POINTER(AuthData)))]


_krb5 = c.CDLL(ctypes.util.find_library("krb5"))


def _check(status: int) -> None:
    if status:
        raise OSError(f"libkrb5: error {status}")


def fetch(cache: Path, service: str, size: int) -> None:
    """fetch gets a ticket for `service`, with `size` bytes of authorization data, by the initial ticket in `cache`, which then holds the
    new ticket alone."""
    context, ccache, got = c.c_void_p(), c.c_void_p(), c.POINTER(Creds)()
    client, server = c.c_void_p(), c.c_void_p()
    _check(_krb5.krb5_init_context(c.byref(context)))
    _check(_krb5.krb5_cc_resolve(context, f"FILE:{cache}".encode(), c.byref(ccache)))
    _check(_krb5.krb5_cc_get_principal(context, ccache, c.byref(client)))
    _check(_krb5.krb5_parse_name(context, service.encode(), c.byref(server)))
    inner = (c.POINTER(AuthData) * 2)(c.pointer(AuthData(0, UNKNOWN, size, bytes(size))), None)
    wrapped = c.POINTER(c.POINTER(AuthData))()
    _check(_krb5.krb5_encode_authdata_container(context, IF_RELEVANT, inner, c.byref(wrapped)))
    wanted = Creds(client=client, server=server, authdata=wrapped)
    _check(_krb5.krb5_get_credentials(context, 0, ccache, c.byref(wanted), c.byref(got)))
    # Kept with the data that was asked for, the ticket would be found only by who asks for the same.
    asked, got.contents.authdata = got.contents.authdata, None
    _check(_krb5.krb5_cc_initialize(context, ccache, client))
    _check(_krb5.krb5_cc_store_cred(context, ccache, got))
    _krb5.krb5_free_authdata(context, asked)
    _krb5.krb5_free_authdata(context, wrapped)
    _krb5.krb5_free_creds(context, got)
    _krb5.krb5_free_principal(context, client)
    _krb5.krb5_free_principal(context, server)
    _krb5.krb5_cc_close(context, ccache)
    _krb5.krb5_free_context(context)


def context_with_token_of(size: int, realm, user: str = "alice", service: str = "nfs/localhost") -> tuple[gss.Context, bytes]:
    """context_with_token_of returns a context and its first token of exactly `size` bytes (2 KiB at least); a new ticket each time."""
    data = size - 2000
    for _ in range(8):
        cache = realm.kinit(user, cache=realm.directory / f"fat-{size}.cc")
        fetch(cache, service, data)
        context = gss.Context(cache)
        token = context.token()
        if len(token) == size:
            return context, token
        data += size - len(token)
    raise AssertionError(f"no token of {size} bytes: the last one had {len(token)}")
