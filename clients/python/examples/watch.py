"""Shows a topic in the terminal: watch.py URL TOKEN TOPIC [FIELD …], as climate/celsius"""
import asyncio
import json
import sys

from fieldcast import Client


async def main(url: str, token: str, topic: str, *fields: str) -> None:
    async with Client(url, token) as client:
        asked = {"fields": [field.split("/") for field in fields]} if fields else {}
        watch = client.subscribe(topic, **asked)
        async for document in watch:
            print(watch.version, json.dumps(document, default=repr, ensure_ascii=False), flush=True)


asyncio.run(main(*sys.argv[1:]))
