import { describe, expect, it } from "vitest";
import type { DiffView } from "../src/api/types";
import { around, between, linesOf, spread } from "../src/pages/changes/lines";

const at = (second: number): string => `2026-11-21T10:00:${String(second).padStart(2, "0")}.000Z`;
const by = (second: number, revision: number): DiffView["objects"][0]["brought"] => [{ at: at(second), revision, by: "event" }];
const diff: DiffView = {
  start: at(0), end: at(50), groups: [], freshness: { as_of: at(50), revision: 9 },
  objects: [
    { op: "changed", id: "h1/dev:a", kind: "device", host: "h1", name: "a", fields: [{ name: "mtu", old: 1500, new: 1400 }, { name: "state", old: "up", new: "down" }], brought: by(5, 2) },
    { op: "removed", id: "h2/dev:b", kind: "device", host: "h2", name: "b", brought: by(12, 1) },
    { op: "added", id: "h2/netns:c", kind: "netns", host: "h2", name: "c", brought: by(40, 3) },
  ],
  links: [{ op: "removed", type: "layer2.patch", source: "h1/dev:a", target: "h2/dev:b", brought: by(12, 4) }, { op: "added", type: "ownership", source: "h2", target: "h2/netns:c" }],
};
const lines = (grouping: "host" | "kind" | "second", closed: string[] = []): string[] =>
  linesOf(diff, grouping, new Set(closed), () => true, (id) => ({ name: id.split(":")[1] ?? id, host: id.split("/")[0] ?? "" })).map((line) => (line.head ? `${line.name} +${line.added} ~${line.changed} -${line.removed}` : `${line.name} ${line.field}`));

describe("the lines of a diff", () => {
  it("are one for each field, under their host, without what only says what belongs to what", () => {
    expect(lines("host")).toEqual(["h1 +0 ~1 -0", "a mtu", "a state", "a layer2.patch", "h2 +1 ~0 -1", "b ", "c "]);
    expect(lines("host", ["h1"])).toEqual(["h1 +0 ~1 -0", "h2 +1 ~0 -1", "b ", "c "]);
  });

  it("are grouped by kind and by second as well", () => {
    expect(lines("kind", ["device", "link", "netns"])).toEqual(["device +0 ~1 -1", "link +0 ~0 -1", "netns +1 ~0 -0"]);
    expect(lines("second", ["2026-11-21T10:00:05"])[0]).toBe("2026-11-21T10:00:05 +0 ~1 -0");
  });

  it("show of a list what left it and what came", () => {
    expect(between(["a", "b"], ["b", "c"])).toEqual(["a", "c"]);
    expect(between(["a", "b"], ["b"])).toEqual(["a", "without these"]);
    expect(between(undefined, 5)).toEqual(["absent", "5"]);
    expect(between({ same: 1, was: "a" }, { same: 1, is: "b" })).toEqual(["is none, was a", "is b, was none"]);
  });

  it("are told with what came about around them, cause first", () => {
    expect(around(diff, "h1/dev:a").map((each) => [each.name, each.by])).toEqual([["b", 7000], ["a", 0]]);
  });

  it("spread over time by what they are", () => {
    expect(spread(diff, Date.parse(at(0)), Date.parse(at(50)), 5).map((bin) => bin.added * 100 + bin.changed * 10 + bin.removed)).toEqual([10, 1, 0, 0, 100]);
  });
});
