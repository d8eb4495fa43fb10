"""What a cut costs: resume.py URL TOKEN TOPIC

Watches the topic, breaks its own connection, changes the topic meanwhile through a second client,
and shows that one diff brought what was missed, and that the hash agrees.
"""
import asyncio
import sys
from typing import Any

from fieldcast import Client


async def main(url: str, token: str, topic: str) -> None:
    def tell(name: str, data: dict[str, Any]) -> None:
        if name in ("ended", "subscribed", "snapshot", "diff"):
            print(name, {key: data[key] for key in ("code", "verdict", "from", "to", "version")
                         if key in data}, flush=True)

    async with Client(url, token, on_notice=tell) as client, Client(url, token) as other:
        watch = client.subscribe(topic)
        version = await other.publish(topic, set={"door": "shut"})
        while watch.version < version:
            await asyncio.sleep(0.01)
        client.ending = {"code": 100}             # as if the server had closed the connection
        for n in range(10):
            version = await other.publish(topic, set={"door": "open", "n": n})
        while watch.version < version:
            await asyncio.sleep(0.01)
        watch.prove()
        while watch.proven < version:
            await asyncio.sleep(0.01)
        print("proven", watch.document)


asyncio.run(main(*sys.argv[1:]))
