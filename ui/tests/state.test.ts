import { describe, expect, it } from "vitest";
import { addressOf } from "../src/api/address";
import { Feed, type Listener } from "../src/live/feed";
import { Picture } from "../src/live/picture";
import { severityOf, worse } from "../src/live/severity";
import { nearest } from "../src/parts/nearest";
import { changeEdge, heights, momentAt, perBar, ticks } from "../src/shell/bars";
import { asQuery, chosen, groups, parts, rangeOf } from "../src/shell/suggestions";
import { format, NOWHERE, parse } from "../src/state/url";
import { count, lasting, shortened } from "../src/state/words";
import { thing } from "./estate";

const there = (address: string): ReturnType<typeof parse> => {
  const url = new URL(address, "http://x");
  return parse(url.pathname, url.search);
};

describe("the address", () => {
  it("says nothing of what is as it always is", () => expect(format(NOWHERE)).toBe("/map"));
  it("comes back as it was", () => {
    const place = {
      ...NOWHERE, page: "tree", environment: "prod", focus: "h1/netns:a b", peer: "x,y", open: ["a,b", "c"], filter: "vm",
      at: "2026-01-31T14:05:00Z", span: 24, group: "rack", layers: ["roles"], highlight: "G.V()", tab: "links", twin: true, more: { node: "n&1" },
    };
    expect(there(format(place))).toEqual(place);
  });
  it("takes nonsense for what is usual", () => {
    expect(there("/?span=-3&layers=").span).toBe(6);
    expect(there("/").page).toBe("map");
  });
  it("of a read leaves out what is empty and joins lists", () => {
    expect(addressOf("objects", { kind: "vnic", id: "", fields: ["a", "b"], facets: false })).toBe("/api/v1/objects?kind=vnic&fields=a%2Cb");
  });
});

describe("the picture", () => {
  const answer = {
    objects: [["h1", "h1", "host", "host", "h1", -1, "", "", "", "", null], ["h1/a", "a", "vnic", "veth", "h1", 0, "up", "10.0.0.1", "", "", [2]], ["net", "net", "network", "segment", "", -1, "", "", "", "", null]],
    link_types: ["layer2.veth"], links: [[0, 1, 0]], freshness: { as_of: "2026-01-01T00:00:00Z", revision: 7 },
  } as unknown as Parameters<typeof Picture.of>[0];
  it("is read from places", () => {
    const picture = Picture.of(answer);
    expect(picture.things.get("h1/a")).toMatchObject({ parent: "h1", networks: ["net"] });
    expect([...picture.ties.values()]).toEqual([{ type: "layer2.veth", source: "h1/a", target: "h1" }]);
  });
  it("follows changes", () => {
    const picture = Picture.of(answer);
    picture.apply([
      { object: { op: "changed", id: "h1/a", kind: "vnic", host: "h1", name: "a", fields: [{ name: "state", new: "down" }, { name: "ips", new: ["fe80::1", "10.9.9.9"] }] } },
      { object: { op: "added", id: "h1/b", kind: "device", type: "veth", host: "h1", name: "b", attributes: { state: "up", tag: 4 } } },
      { link: { op: "added", type: "ownership", source: "h1", target: "h1/b" } },
      { link: { op: "removed", type: "layer2.veth", source: "h1/a", target: "h1" } },
      { object: { op: "removed", id: "net", kind: "network", host: "", name: "net" } },
    ]);
    expect(picture.things.get("h1/a")).toMatchObject({ state: "down", note: "10.9.9.9" });
    expect(picture.things.get("h1/b")).toMatchObject({ parent: "h1", note: "tag 4" });
    expect(picture.ties.size).toBe(0);
    expect(picture.things.has("net")).toBe(false);
  });
});

describe("the live feed", () => {
  const opened = (): { told: string[]; channel: { onmessage: ((event: MessageEvent) => void) | null; onclose: ((event: CloseEvent) => void) | null }; asked: string[]; feed: Feed } => {
    const told: string[] = [];
    const asked: string[] = [];
    const channel = { onopen: null, onmessage: null, onclose: null, close: () => told.push("closed by us") };
    const listener: Listener = { opened: () => told.push("opened"), changed: (seq) => told.push(`changed ${seq}`), noticed: (notice) => told.push(Object.keys(notice).join()), missed: () => told.push("missed"), closed: (why) => told.push(`closed ${why}`) };
    const feed = new Feed("prod", 7, "secret", listener, (address, protocols) => (asked.push(address, ...protocols), channel));
    return { told, channel, asked, feed };
  };
  const say = (channel: { onmessage: ((event: MessageEvent) => void) | null }, frame: unknown): void => channel.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  it("offers the token as a subprotocol, never in the address", () => {
    const { asked } = opened();
    expect(asked[0]).toContain("environment=prod&since=7");
    expect(asked[0]).not.toContain("secret");
    expect(asked.slice(1)).toEqual(["calipso.v1", "bearer.secret"]);
  });
  it("tells changes in order", () => {
    const { told, channel } = opened();
    say(channel, { seq: 8, ts: "2026-01-01T00:00:00Z", changes: [] });
    say(channel, { seq: 11, ts: "2026-01-01T00:00:00Z", changes: [] });
    expect(told).toEqual(["changed 8", "changed 11"]);
  });
  it("tells what happens beside the graph without taking it for a gap", () => {
    const { told, channel } = opened();
    say(channel, { scan: { id: "1", status: "running" } });
    say(channel, { seq: 8, ts: "2026-01-01T00:00:00Z", changes: [] });
    expect(told).toEqual(["scan", "changed 8"]);
  });
  it.each([{ lost: true, reason: "slow" }, { snapshot: [], seq: 20 }, { seq: 7, ts: "", changes: [] }])("begins again after a gap: %o", (frame) => {
    const { told, channel } = opened();
    say(channel, frame);
    say(channel, { seq: 99, ts: "", changes: [] });
    channel.onclose?.({} as CloseEvent);
    expect(told).toEqual(["closed by us", "missed"]);
  });
  it("tells why it was refused", () => {
    const { told, channel } = opened();
    say(channel, { error: "no environment 'prod'" });
    channel.onclose?.({} as CloseEvent);
    expect(told).toEqual(["closed no environment 'prod'"]);
  });
});

describe("severity", () => {
  it("is an error where what is down carries traffic, and nothing where it does not", () => {
    expect(severityOf(thing("a", "vnic", { state: "down" }), new Set())).toBe("error");
    expect(severityOf(thing("a", "device", { state: "down" }), new Set())).toBe("ok");
    expect(severityOf(thing("a", "vnic", { state: "up", host: "h" }), new Set(["h"]))).toBe("stale");
    expect(severityOf(thing("a", "vnic", { state: "down", host: "h" }), new Set(["h"]))).toBe("error");
  });
  it("rises to the worse", () => expect(worse("stale", "error")).toBe("error"));
});

describe("the time bar", () => {
  it("draws small stretches beside a large one", () => {
    const [small, large, none] = heights([1, 10_000, 0]);
    expect(large).toBe(1);
    expect(small).toBeGreaterThan(0.05);
    expect(none).toBe(0);
  });
  it("has ticks at round times", () => {
    const start = Date.parse("2026-01-31T08:59:10Z");
    expect(ticks(start, start + 6 * 3_600_000, 1080).map((tick) => tick.label)).toEqual(["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00", "13:30", "14:00", "14:30"]);
  });
  it("names the moment under a point, and now at the end", () => {
    const end = Date.parse("2026-01-31T12:00:00Z");
    expect(momentAt(500, 1000, end - 3_600_000, end)).toBe("2026-01-31T11:30:00Z");
    expect(momentAt(1000, 1000, end - 3_600_000, end)).toBe("");
  });
  it("says how long a bar is", () => expect(perBar(6 * 3_600_000, 180)).toBe("2 min"));
});

describe("suggestions", () => {
  const hit = (id: string, kind: string, until = ""): { id: string; kind: string; type: string; name: string; host: string; until: string } => ({ id, kind, type: "", name: id, host: "h1", until });
  const answer = { read_as: "address_prefix", hits: [hit("p", "port"), hit("i", "instance"), hit("old", "instance", "2026-01-01T10:00:05Z")], total: 2, freshness: { as_of: "", revision: 1 } } as const;
  it("are grouped by what holds the text", () => {
    expect(groups(answer as never).map((group) => [group.label, group.hits.map((each) => each.id)])).toEqual([
      ["Addresses of instances", ["i"]], ["Other holders", ["p"]], ["Seen at another time", ["old"]],
    ]);
  });
  it("lead to the object, or to the moment before it went", () => {
    expect(chosen(0, "10.0", answer as never)).toEqual({ focus: "i" });
    expect(chosen(2, "10.0", answer as never)).toEqual({ focus: "old", at: "2026-01-01T10:00:04.000Z" });
    expect(chosen(3, "10.0", answer as never)?.highlight).toContain("IPRANGE");
  });
  it("mark what was typed", () => expect(parts("web-1", "B-")).toEqual([{ text: "we", hit: false }, { text: "b-", hit: true }, { text: "1", hit: false }]));
  it("write queries that cannot be broken out of", () => {
    expect(asQuery("o'neil", "name")).toBe("G.V().Has('Name', Regex('.*o\\'neil.*'))");
    expect(rangeOf("10.20.0.1")).toBe("10.20.0.0/24");
    expect(rangeOf("10.20.")).toBe("10.20.0.0/16");
  });
});

describe("changes before and after", () => {
  it("are gone to one after the other, and back again", () => {
    const [from, to] = [1_500_250, 1_600_250]; // bars of 10 s that begin between seconds
    const counts = [0, 4, 0, 0, 1, 0, 0, 0, 0, 0];
    const step = (here: number, way: 1 | -1): number | null => changeEdge(counts, from, to, here, way);
    const back = [step(to, -1) ?? 0];
    back.push(step(back[0] ?? 0, -1) ?? 0);
    expect(back).toEqual([1_540_000, 1_510_000]);
    expect(step(1_510_000, -1)).toBeNull();
    const on = [step(1_510_000, 1) ?? 0];
    on.push(step(on[0] ?? 0, 1) ?? 0);
    expect(on).toEqual([1_521_000, 1_551_000]);
    expect(step(1_551_000, 1)).toBeNull();
  });
});

describe("words", () => {
  it("split thousands, shorten, tell durations", () => {
    expect(count(48213)).toBe("48 213");
    expect(shortened("neutron-openvswitch-agent", 10)).toBe("neutron-o…");
    expect(shortened("fa:16:3e:5b:09:c4", 9, true)).toBe("fa:1…9:c4");
    expect(lasting(23 * 60_000)).toBe("23 min");
  });
});

describe("moving by arrows", () => {
  it("takes the nearest that way, not one far aside", () => {
    const at = (id: string, x: number, y: number): { id: string; x: number; y: number; w: number; h: number } => ({ id, x, y, w: 10, h: 10 });
    const among = [at("right", 100, 5), at("below", 0, 100), at("aside", 40, 90)];
    expect(nearest(at("me", 0, 0), among, 1, 0)?.id).toBe("right");
    expect(nearest(at("me", 0, 0), among, 0, 1)?.id).toBe("below");
    expect(nearest(at("me", 0, 0), among, -1, 0)).toBeNull();
  });
});
