"""Publishes from a loop: sensor.py URL TOKEN TOPIC [TIMES]

A cut does not lose a reading, and does not count one twice: what was not answered is said again
under the same id. If the sensor dies, the server says so to whoever watches.
"""
import asyncio
import random
import sys

from fieldcast import Client


async def main(url: str, token: str, topic: str, times: str = "1000000") -> None:
    async with Client(url, token) as client:
        client.stand("will", topic, set={"sensor": "offline"})
        for _ in range(int(times)):
            reading = {"celsius": round(random.gauss(21, 0.5), 1)}
            version = await client.publish(topic, set={"climate": reading, "sensor": "online"},
                                           increment=[[["readings"], 1]])
            print("version", version, reading, flush=True)
            await asyncio.sleep(0.2)


asyncio.run(main(*sys.argv[1:]))
