"""Python's websockets against fieldcast-echo, as its client and as its server.

    websockets_peer.py PROGRAM CERTIFICATE_SOURCE KERNEL [MEBIBYTES]

MEBIBYTES is the size of the largest message, 1 when absent: conformance suites go to 64, and want
16 in fragments of 64 bytes; an optimised program is quick enough for that.
"""
import asyncio
import itertools
import os
import ssl
import sys
import tempfile

import websockets
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory)

from echo_program import Echo, certificate, check

program, source, kernel = sys.argv[1:4]
largest = (int(sys.argv[4]) if len(sys.argv) > 4 else 1) << 20
OPEN = {"max_size": None, "open_timeout": 60, "ping_interval": None}


def messages(sizes):
    for size in sizes:
        yield ("all work and no play " * (size // 21 + 1))[:size]
        yield os.urandom(size)


async def echoes(socket, sizes):
    for message in messages(sizes):
        await socket.send(message)
        check(await socket.recv() == message, f"{len(message)} come back another")


async def session(uri, sizes, **options):
    async with websockets.connect(uri, **OPEN, **options) as socket:
        await echoes(socket, sizes)
        await (await socket.ping(b"are you there"))
        # A message in fragments: the library sends each element as one.
        await socket.send(["in ", "", "pieces"])
        check(await socket.recv() == "in pieces", "fragments")
        await socket.close(4321, "enough")
        check(socket.close_code == 4321, f"closed with {socket.close_code}")


async def exchange_large(socket):
    await echoes(socket, [largest])
    whole = os.urandom(largest // 4)
    await socket.send(whole[i:i + 64] for i in range(0, len(whole), 64))
    check(await socket.recv() == whole, "fragments of 64 bytes")


async def large(uri, **options):
    async with websockets.connect(uri, **OPEN, **options) as socket:
        await exchange_large(socket)


# Every window that zlib can compress with.
WINDOWS = range(9, 16)
SIZES = [0, 1, 125, 126, 127, 128, 255, 256, 257, 4095, 65535, 65536, 70000]


async def as_client(port, secure=None):
    uri = f"{'wss' if secure else 'ws'}://localhost:{port}/"
    options = {"ssl": secure} if secure else {}
    for compression in [None, "deflate"]:
        await session(uri, SIZES, compression=compression, **options)
        await large(uri, compression=compression, **options)
    if secure:
        return
    for bits in WINDOWS:
        offer = ClientPerMessageDeflateFactory(
            server_max_window_bits=bits, client_max_window_bits=bits)
        await large(uri, compression=None, extensions=[offer])
    # Every parameter of the extension (RFC 7692 section 7.1).
    windows = [None, *WINDOWS]
    for theirs, ours in [(a, b) for a, b in itertools.product(windows, [True, *windows])
                         if a is None or b in (True, None, 9, 15) or a == b]:
        for forget in itertools.product([False, True], repeat=2):
            offer = ClientPerMessageDeflateFactory(
                server_no_context_takeover=forget[0], client_no_context_takeover=forget[1],
                server_max_window_bits=theirs, client_max_window_bits=ours)
            async with websockets.connect(uri, compression=None, extensions=[offer],
                                          **OPEN) as socket:
                check(len(socket.extensions) == 1, "nothing agreed on")
                await echoes(socket, [5, 300, 40_000])
    await asyncio.gather(*[session(uri, [300, 3000]) for _ in range(50)])


async def as_server(port_of):
    """The echo connects to us, under every agreement that a server can make."""
    for bits in WINDOWS:
        agreement = ServerPerMessageDeflateFactory(
            server_max_window_bits=bits, client_max_window_bits=bits)
        await port_of([agreement], "--deflate", exchange=exchange_large)
    await port_of([], exchange=exchange_large)
    windows = [None, 9, 12, 15]
    for theirs, ours in itertools.product(windows, windows):
        for forget in itertools.product([False, True], repeat=2):
            agreement = ServerPerMessageDeflateFactory(
                server_no_context_takeover=forget[0], client_no_context_takeover=forget[1],
                server_max_window_bits=theirs, client_max_window_bits=ours)
            await port_of([agreement], "--deflate")
    await port_of([], "--deflate")
    await port_of([])


async def exchange_some(socket):
    await echoes(socket, [0, 5, 300, 40_000])


async def serve_once(extensions, *options, exchange=exchange_some):
    failures = []

    async def handler(socket):
        try:
            await exchange(socket)
            await socket.close(4004, "done")
        except BaseException as fault:  # pylint: disable=broad-except
            failures.append(fault)

    async with websockets.serve(handler, "127.0.0.1", 0, compression=None, extensions=extensions,
                                **{k: v for k, v in OPEN.items() if k != "open_timeout"}) as server:
        port = server.sockets[0].getsockname()[1]
        client = await asyncio.create_subprocess_exec(
            program, "connect", f"ws://127.0.0.1:{port}/", "--kernel", kernel, *options,
            stdout=asyncio.subprocess.PIPE)
        told, _ = await asyncio.wait_for(client.communicate(), 300)
        check(not failures, f"{extensions}: {failures}")
        check(told.split() == [b"byPeer", b"4004"], f"the client tells {told}")


def main():
    with Echo(program, "--kernel", kernel, "--deflate") as echo:
        asyncio.run(as_client(echo.port))
    with Echo(program, "--kernel", kernel) as echo:
        asyncio.run(session(f"ws://localhost:{echo.port}/", SIZES, compression="deflate"))
    with Echo(program, "--kernel", kernel, "--deflate", "--tls") as echo:
        trust = ssl.create_default_context(cafile=certificate(source, tempfile.mkdtemp()))
        asyncio.run(as_client(echo.port, trust))
    asyncio.run(as_server(serve_once))
    print("ok")


main()
