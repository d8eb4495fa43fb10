"""curl against fieldcast-echo, whose answer to a request is its body.

    curl_peer.py PROGRAM CERTIFICATE_SOURCE KERNEL
"""
import os
import subprocess
import sys
import tempfile

from echo_program import Echo, certificate, check

program, source, kernel = sys.argv[1:4]
folder = tempfile.mkdtemp()


def curl(*words, body=None):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", *words], input=body,
                          capture_output=True, check=False)
    check(done.returncode == 0, f"curl {words}: {done.returncode} {done.stderr.decode()}")
    return done.stdout


def exercise(base, *options):
    check(curl(*options, base) == b"", "GET has no body to give back")
    check(curl(*options, "--data-binary", "@-", base, body=b"hello") == b"hello", "POST")
    large = os.urandom(3 << 20)
    got = curl(*options, "-H", "Expect: 100-continue", "--data-binary", "@-", base, body=large)
    check(got == large, "a large body by its length, after 100-continue")
    got = curl(*options, "-H", "Transfer-Encoding: chunked", "-T", "-", base, body=large)
    check(got == large, "a large body in chunks")
    head = curl(*options, "-I", base).decode()
    check(head.startswith("HTTP/1.1 200 OK\r\n"), f"HEAD: {head}")
    # Five requests, one connection.
    connects = curl(*options, "-w", "%{num_connects} ",
                    *[word for number in range(5)
                      for word in ("-o", os.devnull, f"{base}{number}")], "-d", "x")
    words = connects.decode().split()
    check(words == ["1", "0", "0", "0", "0"], f"kept alive: {words}")
    old = curl(*options, "--http1.0", "-i", "--data-binary", "old", base)
    check(old.endswith(b"\r\n\r\nold") and b"connection: close" in old, "HTTP/1.0")
    refused = curl(*options, "-o", "/dev/null", "-w", "%{http_code}", "-X", "BREW", base)
    check(refused == b"501", "an unknown method")


with Echo(program, "--kernel", kernel) as echo:
    exercise(f"http://127.0.0.1:{echo.port}/")
with Echo(program, "--kernel", kernel, "--tls") as echo:
    trust = certificate(source, folder)
    exercise(f"https://localhost:{echo.port}/", "--cacert", trust, "-4")
    exercise(f"https://localhost:{echo.port}/", "--cacert", trust, "-4", "--tls-max", "1.2")
    stranger = subprocess.run(["curl", "-sS", "-4", f"https://localhost:{echo.port}/"],
                              capture_output=True, check=False)
    check(stranger.returncode == 60, "whoever does not trust the certificate does not come in")
print("ok")
