"""Calipso's operations for programs: `Client` and `AsyncClient`, typed.

with Client("http://127.0.0.1:8082", token) as calipso:
    for vnic in calipso.iter_objects(kind="vnic"):
        print(vnic.name, vnic.state)
"""

from calipso.client.clients import AsyncClient, Client
from calipso.client.watching import Change, Changes, LinkChange, ObjectChange, Snapshot, ValueChange, Watched

__all__ = [
    "AsyncClient",
    "Change",
    "Changes",
    "Client",
    "LinkChange",
    "ObjectChange",
    "Snapshot",
    "ValueChange",
    "Watched",
]
