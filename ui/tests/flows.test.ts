import { describe, expect, it } from "vitest";
import type { Flow } from "../src/api/types";
import { filterOf, lineOf, Rates, rateWords, talkers, wantedOf } from "../src/pages/flows/model";

const flow = (uuid: string, ab: number, ba: number, more: Partial<Flow> = {}): Flow => ({
  uuid, tracking_id: uuid, l3_tracking_id: uuid, layers_path: "Ethernet/IPv4/TCP", application: "HTTP", start: 0, last: 0,
  metric: { ab_packets: ab, ba_packets: ba, ab_bytes: ab * 100, ba_bytes: ba * 100 },
  network: { protocol: "IPV4", a: "10.0.0.1", b: "10.0.0.2" }, transport: { protocol: "TCP", a: 4000, b: 80 }, ...more,
});

describe("flows", () => {
  it("are asked for by words that say what they are by their shape", () => {
    expect(wantedOf("10.0.0.1 tcp 02:00:00:00:00:01 http node:h1/dev:x")).toEqual({ address: "10.0.0.1", protocol: "tcp", mac: "02:00:00:00:00:01", application: "HTTP", node: "h1/dev:x" });
    expect(wantedOf("fe80::1").address).toBe("fe80::1");
    expect(filterOf(wantedOf("tcp 10.0.0.1"))).toBe("address:10.0.0.1 protocol:tcp");
  });

  it("have rates from one answer to the next, the worst first", () => {
    const rates = new Rates();
    rates.take([flow("a", 10, 10), flow("b", 5, 0)], 1000);
    const rows = rates.take([flow("a", 30, 20), flow("b", 6, 0)], 3000);
    expect(rows.map((row) => [row.flow.uuid, row.state, row.rate])).toEqual([["b", "one way", 400], ["a", "", 12000]]);
    expect(rows[1]).toMatchObject({ ab: 10, ba: 5, a: "10.0.0.1:4000", b: "10.0.0.2:80" });
    expect(rates.total.at(-1)?.rate).toBe(12400);
  });

  it("count once though they are captured at two points", () => {
    const rates = new Rates();
    const both = (packets: number): Flow[] => [flow("a", packets, packets), flow("b", packets, packets, { tracking_id: "a" })];
    rates.take(both(0), 0);
    expect(talkers(rates.take(both(10), 1000), 5)).toEqual([{ name: "10.0.0.1", rate: 16000 }, { name: "10.0.0.2", rate: 16000 }]);
    expect(rates.total.at(-1)?.rate).toBe(16000);
  });

  it("are written with three figures and drawn as a line", () => {
    expect([0, 999, 12_400, 412e6].map(rateWords)).toEqual(["0 b/s", "999 b/s", "12.4 kb/s", "412 Mb/s"]);
    expect(lineOf([0, 1], 10, 10)).toBe("M0.0 9.0L10.0 1.0");
  });
});
