"""Python's ssl against fieldcast-echo: versions, and which protocol is agreed on (ALPN).

    tls_peer.py PROGRAM CERTIFICATE_SOURCE KERNEL
"""
import socket
import ssl
import sys
import tempfile
import warnings

from echo_program import Echo, certificate, check

program, source, kernel = sys.argv[1:4]
warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are asked for on purpose
trust = certificate(source, tempfile.mkdtemp())


def context(version, protocols=()):
    made = ssl.create_default_context(cafile=trust)
    made.set_ciphers("ALL:@SECLEVEL=0")  # what we offer is ours; what is taken is the question
    made.minimum_version = made.maximum_version = version
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def talk(port, version, protocols=()):
    """The version and protocol agreed on, and what came back; or the alert."""
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as plain, \
                context(version, protocols).wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                        b"Content-Length: 2\r\n\r\nhi")
            answer = b""
            while more := tls.recv(4096):
                answer += more
            return tls.version(), tls.selected_alpn_protocol(), answer[-2:]
    except ssl.SSLError as fault:
        return str(fault)


V = ssl.TLSVersion
with Echo(program, "--kernel", kernel, "--tls") as echo:
    for version, name in [(V.TLSv1_2, "TLSv1.2"), (V.TLSv1_3, "TLSv1.3")]:
        for offered, chosen in [((), None), (["http/1.1"], "http/1.1"),
                                (["h2", "http/1.1"], "http/1.1"), (["http/1.0"], "http/1.0")]:
            told = talk(echo.port, version, offered)
            check(told == (name, chosen, b"hi"), f"{name} with {offered}: {told}")
        told = talk(echo.port, version, ["h2", "spdy/3"])
        check("alert no application protocol" in told, f"{name}, nothing in common: {told}")
    for version in [V.TLSv1, V.TLSv1_1]:
        told = talk(echo.port, version)
        check(isinstance(told, str), f"{version}: {told}")
print("ok")
