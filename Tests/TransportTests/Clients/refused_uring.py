"""fieldcast-echo where the system refuses io_uring, as containers do by seccomp.

    refused_uring.py PROGRAM CERTIFICATE_SOURCE
"""
import ctypes
import struct
import subprocess
import sys

from echo_program import check

program = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
IO_URING_SETUP, EPERM = 425, 1


def refuse():
    """io_uring_setup fails with EPERM from here on; everything else is allowed."""
    code = b"".join(struct.pack("=HBBI", *line) for line in [
        (0x20, 0, 0, 0),                    # the number of the call
        (0x15, 0, 1, IO_URING_SETUP),
        (0x06, 0, 0, 0x00050000 | EPERM),   # an error
        (0x06, 0, 0, 0x7fff0000),           # allowed
    ])
    lines = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("@HP", len(code) // 8, ctypes.addressof(lines))
    check(libc.prctl(38, 1, 0, 0, 0) == 0, "no new privileges")
    check(libc.prctl(22, 2, filters, 0, 0) == 0, "the filter")


def first_line(kernel):
    process = subprocess.Popen([program, "serve", "--port", "0", "--kernel", kernel],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               preexec_fn=refuse)
    line = process.stdout.readline()
    if kernel == "io_uring":
        check(process.wait(20) == 1, "an error is told by the exit code too")
    process.kill()
    process.wait()
    return line.strip()


told = first_line("auto")
check(told.endswith("on epoll, because io_uring is refused: not permitted"), told)
told = first_line("epoll")
check(told.endswith("on epoll"), told)
told = first_line("io_uring")
check(told == "fieldcast-echo: not permitted", told)
print("ok")
