"""The reference of supported environments, written from their declaration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from calipso.model.distributions import COMMANDS, DISTRIBUTIONS, Distribution, Era
from calipso.model.supported import MECHANISM_DRIVERS, SUPPORTED, TYPE_DRIVERS, VARIANCES, Variance

Table = Callable[[tuple[str, ...], Sequence[tuple[str, ...]]], str]

HEAD = """# Supported environments

`calipso env supported`, `GET /api/v1/supported-environments`. {supported} combinations of distribution, version, mechanism
driver and type driver are supported: tests on a lab or on the recording of a real cloud stand behind each. {declared} more are
known by name: `calipso env supported --evidence "declared only"`. For every one a test builds the commands of its distribution
and runs them through what leads into its containers, against stand-ins that read their arguments as the real tools do
(`docker exec` of Kolla and Mercury: through a real engine too). Beyond that, the evidence differs:

| evidence | what was really seen | how many |
|---|---|---|
| lab | tests run on the real thing, in a lab of this project | {lab} |
| recording | the outputs of a real cloud with the same mechanism and type driver are replayed under this distribution and version: same objects, links and cliques. The cloud itself was of the distribution Upstream (2026.2; Linux bridge: 2024.1); no cloud of this distribution was seen, unless it is that one | {recording} |
| declared only | nothing: no such driver could be run or was recorded. Not supported, and told so when it is added | {declared} |

Features are what the combination offers: to be scanned, to tell its events (bus or engine), to be monitored; none where
Calipso has no source for it yet (Kubernetes). What this version of Calipso makes of that is told by `calipso sources` and the how-to pages. An environment that is not supported is not refused: `calipso env add`, `env show` and `env test` say so and go on. Only values
that cannot be are refused: a driver's name with a slip, a distribution under a type it does not make.

"""  # noqa: E501
DECLARED = [each for each in VARIANCES if each not in SUPPORTED]
KNOWN = "\n## Known by name\n\n"
WAYS = """
## Distributions

How commands reach their process. Network namespaces and interfaces are read on the host, whatever container made them.
`sudo` is used where somebody other than root logs in by SSH. What a host says itself (`wrap`) comes first.

"""


def page(table: Table) -> str:
    """The whole page; `table` writes a table of its head and rows."""
    count = Counter(each.evidence for each in VARIANCES)
    head = HEAD.format(
        supported=len(SUPPORTED), lab=count["lab"], recording=count["recording"], declared=count["declared only"]
    )
    drivers = [(f"`{name}`", ", ".join(f"`{each}`" for each in also)) for name, also in MECHANISM_DRIVERS.items()]
    return "".join(
        [
            head,
            table(
                ("type", "distribution", "versions", "mechanism", "type driver", "features", "evidence"),
                rows(SUPPORTED),
            ),
            KNOWN,
            table(
                ("type", "distribution", "versions", "mechanism", "type driver", "features", "evidence"), rows(DECLARED)
            ),
            WAYS,
            table(("distribution", "versions", "sudo", "into containers", "paths", "source"), ways()),
            "\n## Drivers\n\nType drivers: " + ", ".join(f"`{each}`" for each in TYPE_DRIVERS) + ".\n\n",
            table(("mechanism driver", "also written"), drivers),
        ]
    )


def rows(variances: Iterable[Variance]) -> list[tuple[str, ...]]:
    """A row for all versions that differ in nothing else; equal ones need not be neighbours."""

    def alike(each: Variance) -> tuple[str, ...]:
        proof = (
            f"{each.evidence}: `{each.lab or each.recording}`" if each.evidence != "declared only" else each.evidence
        )
        return (
            each.type, each.distribution, each.mechanism_driver, each.type_driver, ", ".join(each.features), proof
        )  # fmt: skip

    order = {each.name: at for at, each in enumerate(DISTRIBUTIONS)}
    ordered = sorted(variances, key=lambda each: (order[each.distribution], alike(each)))
    found: list[tuple[str, ...]] = []
    for (kind, name, mechanism, driver, features, proof), same in groupby(ordered, alike):
        found.append((kind, name, ", ".join(each.version for each in same), mechanism, driver, features, proof))
    return found


def ways() -> list[tuple[str, ...]]:
    return [way(each, era) for each in DISTRIBUTIONS for era in each.eras]


def way(each: Distribution, era: Era) -> tuple[str, ...]:
    name = " / ".join((each.name, *each.also))
    versions = ", ".join(era.versions) or (f"from {era.least}" if era.least else "all others")
    led = [
        f"{', '.join(COMMANDS[role])}: `{container}`" for role, container in era.containers.items() if role in COMMANDS
    ]
    into = f"`{era.enter}`<br>" + "<br>".join(led) if era.enter else "on the host"
    paths = "<br>".join(f"{what}: `{path}`" for what, path in each.paths.items())
    return (
        name,
        versions,
        "yes" if each.sudo else "no",
        into,
        paths or "–",
        each.source + (f". {each.note}" if each.note else ""),
    )
