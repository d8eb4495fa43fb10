"""The peer of the node's rows: uWebSockets publishing to everybody, through socketify.

Rules it keeps (rule 36): no compression, no idle timeout, its own publish for the fan-out; each
message received is published as it is to all but its sender, so it makes nothing and encodes
nothing. With two files more it speaks TLS: a certificate and its key.

    socketify_peer.py PORT [CERTIFICATE KEY]
"""
import sys

from socketify import App, AppOptions, CompressOptions, OpCode

options = None
if len(sys.argv) > 3:
    options = AppOptions(cert_file_name=sys.argv[2], key_file_name=sys.argv[3])
app = App(options)


def opened(ws):
    ws.subscribe("all")


def received(ws, message, opcode):
    ws.publish("all", message, OpCode.BINARY)


app.ws("/*", {
    "compression": CompressOptions.DISABLED, "idle_timeout": 0, "open": opened, "message": received,
})
app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"},
           lambda _: print("ready", flush=True))
app.run()
