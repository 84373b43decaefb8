import { describe, expect, it } from "vitest";
import { boxesOf, restyle, type Boxes, type Grouping } from "../src/pages/map/boxes";
import type { DisplayList } from "../src/pages/map/display";
import { layout } from "../src/pages/map/layout";
import { around, linesOf, route, visibleFor } from "../src/pages/map/links";
import { scene } from "../src/pages/map/scene";
import { toSvg } from "../src/pages/map/svg";
import { fitting, opened, type View } from "../src/pages/map/view";
import type { Picture } from "../src/live/picture";
import { estate, thing } from "./estate";

const AREA = { w: 1204, h: 832 };
const LAYERS = new Set(["layer2", "overlay"]);

function drawn(picture: Picture, given: { view?: (host: { x: number; y: number; w: number; h: number }) => View; lit?: Set<string>; by?: Grouping; stale?: Set<string>; open?: string[] } = {}): DisplayList {
  const boxes = boxesOf(picture, "test", given.by ?? "host", given.stale ?? new Set());
  const made = layout(boxes);
  const host = made.placed.get("h1") ?? { x: 0, y: 0, w: made.width, h: made.height };
  const view = given.view ? given.view(host) : fitting({ x: 0, y: 0, w: made.width, h: made.height }, AREA);
  const open = opened(made, view, AREA, new Set(), new Set(given.open));
  return scene({ boxes, layout: made, open, lines: linesOf(picture, boxes, open, LAYERS, given.lit ?? null), view, area: AREA, focus: [...(given.lit ?? [""])][0] ?? "", lit: given.lit ?? null, staleHosts: given.stale ?? new Set(), model: null });
}

const texts = (list: DisplayList): string[] => list.items.flatMap((item) => (item.t === "text" ? [item.text] : []));

describe("the display list", () => {
  it("shows closed hosts with counts and one square a workload", () => {
    const list = drawn(estate(12, 14));
    expect(texts(list)).toContain("14 instances");
    const squares = list.items.filter((item) => item.t === "rect" && item.w === 6);
    expect(squares).toHaveLength(12 * 14);
  });

  it("marks a closed host by the worst within, and counts who is cut off", () => {
    const picture = estate(12, 5);
    const nic = picture.things.get("h3/netns:vm-1/dev:eth0");
    if (nic) picture.things.set(nic.id, { ...nic, state: "down" });
    const list = drawn(picture);
    expect(list.items.some((item) => item.t === "glyph" && item.glyph === "st-error")).toBe(true);
    expect(texts(list)).toContain("1 of 5 cut off");
  });

  it("opens a host that is large enough and names what is in it", () => {
    const list = drawn(estate(12, 4), { view: (host) => fitting(host, AREA) });
    expect(texts(list)).toContain("vm-1");
    expect(list.kinds.has("ovs_bridge")).toBe(true);
  });

  it("tells something of every box that has room for a sign, at any zoom", () => {
    let low = 0;
    for (let share = 0.8; share < 5; share += 0.1) {
      const list = drawn(estate(2, 6), { open: ["h1", "h1/ovs"], view: (host) => fitting({ ...host, w: host.w * share, h: host.h * share }, AREA) });
      const said = list.items.flatMap((item) => (item.t === "glyph" || item.t === "text" ? [item] : []));
      const room = list.targets.filter((each) => each.w >= 22 && each.h >= 11);
      low += room.filter((each) => each.w < 60 && each.h < 18).length;
      const silent = room.filter((each) => !said.some((item) => item.x >= each.x && item.x <= each.x + each.w && item.y >= each.y && item.y <= each.y + each.h));
      expect(silent.map((each) => each.id)).toEqual([]);
    }
    expect(low).toBeGreaterThan(0);
  });

  it("names a box in front of the links that pass it", () => {
    const list = drawn(estate(12, 4), { view: (host) => fitting(host, AREA) });
    const lastLink = list.items.map((item) => item.t).lastIndexOf("path");
    const bridge = list.items.findIndex((item) => item.t === "text" && item.text === "br-int");
    const ground = list.items[bridge - 2];
    expect(lastLink).toBeGreaterThan(-1);
    expect(bridge).toBeGreaterThan(lastLink);
    expect(ground?.t === "rect" && ground.w > 30 && ground.stroke === "").toBe(true);
  });

  it.each([4, 12, 30, 60, 120])("names every host, however much is in it: %i instances", (n) => {
    expect(texts(drawn(estate(3, n)))).toEqual(expect.arrayContaining(["h1", "h2", "h3"]));
  });

  it("dims all but what is lit", () => {
    const list = drawn(estate(12, 4), { view: (host) => fitting(host, AREA), lit: new Set(["h1/netns:vm-1", "h1/netns:vm-1/dev:eth0"]) });
    const named = (text: string): boolean | undefined => list.items.find((item) => item.t === "text" && item.text === text)?.dim;
    expect(named("vm-1")).toBe(false);
    expect(named("vm-2")).toBe(true);
    expect(named("h1")).toBe(false);
  });

  it("hatches a host with stale facts", () => {
    const list = drawn(estate(12, 4), { stale: new Set(["h2"]) });
    expect(list.items.filter((item) => item.t === "rect" && item.hatch)).toHaveLength(1);
  });

  it("draws nothing outside the area and no more than 3,000 things", () => {
    const list = drawn(estate(200, 40));
    expect(list.things).toBeLessThanOrEqual(3000);
    const outside = list.targets.filter((each) => each.x > AREA.w || each.y > AREA.h || each.x + each.w < 0 || each.y + each.h < 0);
    expect(outside).toEqual([]);
  });

  it("draws no wires to boxes of which nothing is told, but what is broken and what is selected", () => {
    const picture = estate(1, 1);
    for (let i = 0; i < 2900; i++) {
      picture.things.set(`nic-${i}`, thing(`nic-${i}`, "vnic", { state: i === 7 ? "down" : "up" }));
      picture.tie("layer2.x", `nic-${i}`, "h1/dev:eth0");
    }
    const list = drawn(picture, { lit: new Set(["nic-9", "h1/dev:eth0"]) });
    expect(list.items.filter((item) => item.t === "path")).toHaveLength(2);
    expect(list.links.has("broken")).toBe(true);
  });

  it("counts wires as things: of too many the foremost are drawn", () => {
    const picture = estate(2, 1);
    for (let i = 0; i < 2500; i++) {
      picture.things.set(`nic-${i}`, thing(`nic-${i}`, "vnic", { state: "down" }));
      picture.tie("layer2.x", `nic-${i}`, "h1/dev:eth0");
    }
    const list = drawn(picture, { lit: new Set(["nic-2499", "h1/dev:eth0"]) });
    expect(list.things).toBe(3000);
    expect(list.items.filter((item) => item.t === "path" && !item.dim)).toHaveLength(1);
  });

  it("groups the same workloads by project", () => {
    const list = drawn(estate(3, 4), { by: "project" });
    expect(texts(list)).toEqual(expect.arrayContaining(["shop", "billing"]));
  });
});

describe("boxes", () => {
  const how = (boxes: Boxes): unknown[] => [...boxes.byId.values()].map((box) => [box.id, box.severity, box.note, box.workloads, box.ports, box.cut]).sort();

  it("take over how things are as if they were made anew", () => {
    const picture = estate(4, 3);
    const boxes = boxesOf(picture, "test", "host", new Set(["h3"]));
    const changed = (id: string, state: string, note: string) =>
      ({ object: { op: "changed", id, kind: picture.things.get(id)?.kind ?? "", host: picture.things.get(id)?.host ?? "", name: picture.things.get(id)?.name ?? "", fields: [{ name: "state", new: state }, { name: "ips", new: [note] }] } });
    const before = picture.shape;
    for (const state of ["down", "up", "unknown"]) {
      picture.apply([changed("h3/netns:vm-1/dev:eth0", state, `10.9.9.${state.length}`), changed("h1/ovs", state, "")]);
      restyle(boxes, picture, picture.restyled(), new Set(["h3"]));
      expect(how(boxes)).toEqual(how(boxesOf(picture, "test", "host", new Set(["h3"]))));
    }
    expect(picture.shape).toBe(before);
    expect(picture.restyled()).toEqual([]);
  });

  it("are to be made anew when somebody comes, goes, moves or is called otherwise", () => {
    const picture = estate(1, 1);
    const said = { op: "changed", id: "h1/ovs", kind: "vedge", host: "h1", name: "ovs" };
    const shapes = [picture.shape];
    for (const object of [{ ...said, name: "other" }, { ...said, op: "removed" }, { ...said, op: "added" }]) {
      picture.apply([{ object }]);
      shapes.push(picture.shape);
    }
    picture.apply([{ link: { op: "added", type: "layer2.master", source: "h1/ovs", target: "h1/dev:eth0" } }]);
    expect(new Set([...shapes, picture.shape]).size).toBe(5);
  });

  it("hold what is on a host and within nothing", () => {
    const picture = estate(2, 1);
    picture.things.set("nic", thing("nic", "vnic", { host: "h2" }));
    expect(boxesOf(picture, "test", "host", new Set()).parent.get("nic")).toBe("h2");
  });
});

describe("links", () => {
  it("join to one line between closed boxes, with their number", () => {
    const picture = estate(2, 1);
    picture.tie("layer2.x", "h1/dev:eth0", "h2/dev:eth0");
    picture.tie("layer2.x", "h1/netns:vm-1", "h2/dev:eth0");
    const boxes = boxesOf(picture, "test", "host", new Set());
    const open = new Set(["environment:test", "#zone:zone-a", "#zone:zone-b"]);
    const lines = linesOf(picture, boxes, open, LAYERS, null);
    expect(lines.find((line) => !line.overlay)).toMatchObject({ from: "h1", to: "h2", n: 2 });
    expect(lines.find((line) => line.overlay)?.n).toBe(1);
  });

  it("stand at the port where the device behind it has no box", () => {
    const picture = estate(1, 1);
    const boxes = boxesOf(picture, "test", "host", new Set());
    expect(boxes.home.get("h1/dev:v1")).toBe("h1/ovs/port:v1");
    const all = new Set(boxes.byId.keys());
    expect(visibleFor("h1/dev:v1", boxes, all)).toBe("h1/ovs/port:v1");
    all.delete("h1/ovs");
    expect(visibleFor("h1/dev:v1", boxes, all)).toBe("h1/ovs");
  });

  it("are told broken when an end is down", () => {
    const picture = estate(2, 1);
    const nic = picture.things.get("h2/dev:eth0");
    if (nic) picture.things.set(nic.id, { ...nic, state: "down" });
    const boxes = boxesOf(picture, "test", "host", new Set());
    expect(linesOf(picture, boxes, new Set(boxes.byId.keys()), LAYERS, null).some((line) => line.broken)).toBe(true);
  });

  it("are led around what stands in their way, and only then", () => {
    const [upper, lower] = [{ x: 0, y: 0, w: 100, h: 20 }, { x: 0, y: 200, w: 100, h: 20 }];
    const straight = route(upper, lower, 0);
    expect(around(straight, [{ x: 120, y: 60, w: 100, h: 40 }], 0)).toBe(straight);
    const led = around(straight, [{ x: 0, y: 60, w: 100, h: 40 }, { x: 104, y: 60, w: 100, h: 40 }], 0);
    expect(led).toEqual([50, 20, 50, 25, -5, 25, -5, 195, 50, 195, 50, 200]);
  });

  it("run straight where boxes stand above each other, else in right angles", () => {
    expect(route({ x: 0, y: 0, w: 100, h: 20 }, { x: 10, y: 50, w: 100, h: 20 }, 0)).toEqual([55, 20, 55, 50]);
    const points = route({ x: 0, y: 0, w: 40, h: 20 }, { x: 200, y: 100, w: 40, h: 20 }, 0);
    for (let i = 2; i < points.length; i += 2) expect(points[i] === points[i - 2] || points[i + 1] === points[i - 1]).toBe(true);
  });
});

describe("the export as SVG", () => {
  const colours = { of: (role: string) => `#${role}`, ui: 'Inter, "Segoe UI"', mono: "monospace", dim: 0.34 };
  it("holds every item of the display list, with colours written out and names escaped", () => {
    const picture = estate(12, 4);
    const host = picture.things.get("h2");
    if (host) picture.things.set("h2", { ...host, name: "<h&2>" });
    const list = drawn(picture);
    const svg = toSvg(list, AREA, colours, () => "<path/>");
    expect(svg.match(/<text /g)).toHaveLength(list.items.filter((item) => item.t === "text").length);
    expect(svg).toContain("&lt;h&amp;2&gt;");
    expect(svg).not.toContain("var(--surface");
  });
});
