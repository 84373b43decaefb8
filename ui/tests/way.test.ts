import { describe, expect, it } from "vitest";
import type { FlowPath, Hop } from "../src/api/types";
import { along } from "../src/live/along";
import { figureAt, figureWords } from "../src/live/known";
import { Meter } from "../src/live/meter";
import { queryOf, requestOf, wantedOf } from "../src/pages/flows/model";
import { figured, moment } from "../src/state/words";

describe("the figures of counters", () => {
  it("are rates from one change to the next, and none before there are two readings", () => {
    const meter = new Meter();
    expect(meter.read("a", 100, 0)).toBeNull();
    expect(meter.read("a", 100, 5000)).toBeNull();
    expect(meter.read("a", 160, 60_000)).toBe(1);
    expect(meter.read("a", 160, 63_000)).toBe(1);
    expect(meter.read("a", 160, 300_000)).toBe(0);
    expect(meter.read("a", 3, 301_000)).toBeNull();
  });

  it("have three figures", () => {
    expect([0, 96, 12_400, 3.2e9].map((each) => figured(each, "pkt/s"))).toEqual(["0 pkt/s", "96 pkt/s", "12.4 kpkt/s", "3.20 Gpkt/s"]);
    expect(moment(1_700_000_000_999)).toBe("2023-11-14T22:13:20Z");
  });
});

describe("the filter of flows", () => {
  it("is a query too", () => {
    const wanted = wantedOf("10.0.0.1 tcp icmp node:h1/dev:x flow:abc");
    expect(wanted).toEqual({ address: "10.0.0.1", protocol: "tcp", application: "ICMPv4", node: "h1/dev:x", flow: "abc" });
    expect(requestOf("plain", wanted, "")).toMatchObject({ tracking_id: "abc", node: "h1/dev:x" });
    expect(queryOf(wanted, "")).toBe("G.Flows().Has('Network', '10.0.0.1').Has('Application', 'ICMPv4').Has('Transport.Protocol', 'TCP').Has('NodeTID', 'h1/dev:x').Has('TrackingID', 'abc')");
    expect(queryOf({ application: "it's" }, "2026-01-31T00:00:00Z")).toBe("G.At('2026-01-31T00:00:00Z').Flows().Has('Application', 'it\\'s')");
  });
});

describe("the way of a flow", () => {
  it("is all it passes, each once, from A to B", () => {
    const hop = (node: string): Hop => ({ node, host: "h1" }) as Hop;
    const path = { tracking_ids: ["t"], hops: [hop("a"), hop("c")], stages: [{ between: ["b", "a"] }], order: "graph", a_object: "vm", before: ["vm/eth0"], after: null } as FlowPath;
    expect(along(path)).toEqual(["vm", "vm/eth0", "a", "b", "c"]);
    const values = new Map([["a", { value: 5, unit: "pkt/s" as const }], ["b", { value: 1234, unit: "packets" as const }]]);
    expect(figureWords(figureAt(["a", "b"], [], values))).toBe("5 pkt/s");
    expect(figureWords(figureAt(["a"], ["b"], values))).toBe("1 234 packets");
    expect(figureAt(["x"], [], values)).toBeNull();
  });
});
