"""The peer of the fastapi rows: uvicorn and FastAPI, a list of connections and a loop over it.

Rules it keeps (rule 36): uvicorn with uvloop, httptools and its own choice of WebSocket library, no
compression, no access log, one worker; the document stays parsed in memory, and for each message
received one number of it changes and the whole of it goes to everybody. ENCODE is `each`, as such
applications are written (`send_json` for each connection), or `once`, its own best: the text is
made once a change.

    fastapi_peer.py PORT FIXTURE each|once
"""
import json
import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

document = json.load(open(sys.argv[2], encoding="utf-8"))
once = sys.argv[3] == "once"
app = FastAPI()
connections = []


async def broadcast(sender):
    if once:
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        for connection in connections:
            if connection is not sender:
                await connection.send_text(text)
        return
    for connection in connections:
        if connection is not sender:
            await connection.send_json(document)


@app.websocket("/{path:path}")
async def live(websocket: WebSocket):
    await websocket.accept()
    connections.append(websocket)
    try:
        while True:
            await websocket.receive_bytes()
            document["chatsActive"] = (document["chatsActive"] + 1) % 30000
            await broadcast(websocket)
    except WebSocketDisconnect:
        connections.remove(websocket)


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("ready", flush=True)


Server(uvicorn.Config(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error",
                      access_log=False, ws_per_message_deflate=False)).run()
