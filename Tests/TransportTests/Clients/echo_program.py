"""Starts and ends fieldcast-echo for the scripts beside this one."""
import os
import subprocess


class Echo:
    """A serving fieldcast-echo: `with Echo(program, "--deflate") as echo: echo.port`."""

    def __init__(self, program, *options):
        self.command = [program, "serve", "--port", "0", *options]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()  # "listening at 0.0.0.0:40001 on epoll"
        self.port = int(line.split()[2].rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        # SIGKILL: whoever started us may have blocked the gentler signals, and that is inherited.
        self.process.kill()
        self.process.wait()


def check(holds, what):
    if not holds:
        raise SystemExit(f"failed: {what}")


def certificate(source, folder):
    """The echo's own certificate, taken out of its source into a file."""
    with open(source, encoding="ascii") as file:
        text = file.read()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    inside = text[text.index(begin):text.index(end) + len(end)]
    path = os.path.join(folder, "certificate.pem")
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(line.strip() for line in inside.splitlines()) + "\n")
    return path
