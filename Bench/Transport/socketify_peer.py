"""The peer of the socketify rows: uWebSockets publishing to everybody, through socketify.

Rules it keeps (rule 36): no compression, no idle timeout, its own publish for the fan-out; each
message received publishes one binary frame of 120 bytes to all but its sender, as ours does.
"""
import sys

from socketify import App, CompressOptions, OpCode

FRAME = b"a" * 120
app = App()


def opened(ws):
    ws.subscribe("all")


def received(ws, message, opcode):
    ws.publish("all", FRAME, OpCode.BINARY)


app.ws("/*", {
    "compression": CompressOptions.DISABLED, "idle_timeout": 0, "open": opened, "message": received,
})
app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"},
           lambda _: print("ready", flush=True))
app.run()
