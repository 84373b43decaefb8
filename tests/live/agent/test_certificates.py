"""TLS: an agent with a certificate of ours needs no token; others are refused."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from calipso.errors import CalipsoError
from calipso.runtime.agent import Agent, Refused
from calipso.runtime.agent import Server as Reached
from calipso.runtime.home import Home
from calipso.runtime.spool import Spool
from calipso.runtime.system import opened
from calipso.transports.local import LocalTransport
from calipso.web.server import Server, Tls
from tests.live.agent.test_delivery import ESTATE, HOST, Counting, until

pytestmark = pytest.mark.live
TOKEN = "t" * 40


class Authority:
    """Makes certificates and keeps them in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        made = self._certificate(self.name, self.key, None, x509.BasicConstraints(ca=True, path_length=0))
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._certificate(subject, key, x509.SubjectAlternativeName(names), x509.BasicConstraints(False, None))
        files = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, names: x509.ExtensionType | None,
        constraints: x509.BasicConstraints,
    ) -> x509.Certificate:  # fmt: skip
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(
            self.name, subject, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(hours=1),
            now + datetime.timedelta(hours=1),
        ).add_extension(constraints, critical=True)  # fmt: skip
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def context(authority: Authority, files: tuple[Path, Path] | None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(authority.file))
    if files is not None:
        made.load_cert_chain(*files)
    return made


def test_a_certificate_lets_the_agent_of_its_host_in_and_nothing_else(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    mine, other, foreign = ours.issue(HOST), ours.issue("h9"), theirs.issue(f"{HOST}-foreign")
    home = Home(tmp_path / "home")
    home.prepare()
    (home.environments / f"{ESTATE}.yaml").write_text(f"name: {ESTATE}\nhosts: {{{HOST}: {{agent: true}}}}\n")

    async def scenario() -> None:
        async with opened(home, ESTATE) as system:
            tls = Tls(*ours.issue("server"), client_authorities=ours.file)
            async with Server(system, TOKEN, "127.0.0.1", 0, tls=tls) as server:
                assert server.url.startswith("https://")
                source = Counting()
                agent = _agent(tmp_path, "mine", Reached(server.url, "", context(ours, mine)), source)
                running = asyncio.create_task(agent.run())
                await asyncio.wait_for(until(lambda: agent.acked > 0), 10)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                with pytest.raises(Refused, match="does not speak for h1"):
                    await asyncio.wait_for(
                        _agent(tmp_path, "other", Reached(server.url, "", context(ours, other)), source).run(), 10
                    )
                with pytest.raises(CalipsoError, match="refuses the token"):
                    await asyncio.wait_for(
                        _agent(tmp_path, "none", Reached(server.url, "", context(ours, None)), source).run(), 10
                    )
                async with httpx.AsyncClient(base_url=server.url, verify=context(ours, mine)) as client:
                    assert (await client.get("/api/v1/environments")).status_code == 403, "it reads nothing"
                    assert (await client.post("/api/v1/scan", json={})).status_code == 403
                async with httpx.AsyncClient(base_url=server.url, verify=context(ours, None)) as client:
                    headers = {"Authorization": f"Bearer {TOKEN}"}
                    assert (await client.get("/api/v1/environments", headers=headers)).status_code == 200
                    assert (await client.get("/api/v1/environments")).status_code == 401
                async with httpx.AsyncClient(base_url=server.url, verify=context(ours, foreign)) as client:
                    with pytest.raises(httpx.TransportError):
                        await client.get("/healthz")

    asyncio.run(scenario())


def _agent(folder: Path, name: str, server: Reached, source: Counting) -> Agent:
    spool = Spool(folder / f"{name}.db")
    return Agent(server, ESTATE, HOST, spool, {"counting": source}, lambda _: LocalTransport())
