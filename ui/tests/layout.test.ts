import { describe, expect, it } from "vitest";
import { boxesOf } from "../src/pages/map/boxes";
import { layout, type Layout } from "../src/pages/map/layout";
import type { Placed } from "../src/pages/map/places";
import { fitting, opened } from "../src/pages/map/view";
import { estate, thing } from "./estate";

const FRESH = new Set<string>();
const laid = (picture: ReturnType<typeof estate>, before?: Layout): Layout => layout(boxesOf(picture, "test", "host", FRESH), before?.memory);
const spots = (made: Layout): Map<string, string> => new Map([...made.placed.all()].map((at) => [at.box.id, `${at.x},${at.y},${at.w},${at.h}`]));

describe("the layout of boxes", () => {
  it("is the same for the same picture, in whatever order it came", () => {
    const one = estate(6, 5);
    const other = estate(6, 5);
    const shuffled = [...other.things].reverse();
    other.things.clear();
    for (const [id, each] of shuffled) other.things.set(id, each);
    expect(spots(laid(other))).toEqual(spots(laid(one)));
  });

  it("moves nothing when something goes", () => {
    const picture = estate(6, 5);
    const before = laid(picture);
    picture.things.delete("h2/netns:vm-2");
    picture.things.delete("h2/netns:vm-2/dev:eth0");
    const after = spots(laid(picture, before));
    for (const [id, at] of after) expect(at, id).toBe(spots(before).get(id));
    expect(after.has("h2/netns:vm-2")).toBe(false);
  });

  it("gives the place of what went to what comes, and moves nothing else", () => {
    const picture = estate(4, 5);
    const before = laid(picture);
    picture.things.delete("h1/netns:vm-3");
    picture.things.delete("h1/netns:vm-3/dev:eth0");
    const gone = laid(picture, before);
    picture.things.set("h1/netns:aaa", thing("h1/netns:aaa", "instance", { host: "h1", parent: "h1" }));
    const after = laid(picture, gone);
    for (const [id, at] of spots(gone)) expect(spots(after).get(id), id).toBe(at);
    const [was, is] = [before.placed.get("h1/netns:vm-3"), after.placed.get("h1/netns:aaa")];
    expect([is?.x, is?.y]).toEqual([was?.x, was?.y]);
  });

  it("counts who has no place as more, instead of moving others", () => {
    const picture = estate(1, 4);
    const before = laid(picture);
    for (let i = 0; i < 9; i++) picture.things.set(`h1/netns:new-${i}`, thing(`h1/netns:new-${i}`, "instance", { host: "h1", parent: "h1" }));
    const after = laid(picture, before);
    for (const [id, at] of spots(before)) expect(spots(after).get(id), id).toBe(at);
    const more = (made: Layout): number => made.placed.more(made.placed.get("h1") as Placed).length;
    expect([more(after) > 0, after.untidy]).toEqual([true, true]);
    expect([more(laid(picture)), laid(picture).untidy]).toEqual([0, false]);
  });

  it("keeps boxes within their parents and apart from each other", () => {
    const made = laid(estate(9, 4));
    const boxes = boxesOf(estate(9, 4), "test", "host", FRESH);
    for (const at of made.placed.all()) {
      const { id } = at.box;
      const parent = made.placed.get(boxes.parent.get(id) ?? "");
      if (!parent) continue;
      expect(at.x, id).toBeGreaterThanOrEqual(parent.x - 0.01);
      expect(at.y + at.h, id).toBeLessThanOrEqual(parent.y + parent.h + 0.01);
      for (const sibling of boxes.byId.get(parent.box.id)?.children ?? []) {
        const other = made.placed.get(sibling.id);
        if (!other || other === at) continue;
        const apart = at.x + at.w <= other.x + 0.01 || other.x + other.w <= at.x + 0.01 || at.y + at.h <= other.y + 0.01 || other.y + other.h <= at.y + 0.01;
        expect(apart, `${id} over ${sibling.id}`).toBe(true);
      }
    }
  });
});

describe("semantic zoom", () => {
  const made = laid(estate(24, 10));
  const area = { w: 1204, h: 832 };
  const host = made.placed.get("h1");
  const centred = (k: number): { k: number; x: number; y: number } => ({ k, x: 600 - ((host?.x ?? 0) + (host?.w ?? 0) / 2) * k, y: 400 - ((host?.y ?? 0) + (host?.h ?? 0) / 2) * k });
  const at = (px: number): { k: number; x: number; y: number } => (centred(px / (host?.w ?? 1)));
  it("opens a host when it is 320 px wide, and closes it only under 280", () => {
    expect(opened(made, at(310), area, new Set(), new Set()).has("h1")).toBe(false);
    expect(opened(made, at(321), area, new Set(), new Set()).has("h1")).toBe(true);
    expect(opened(made, at(300), area, new Set(["h1"]), new Set()).has("h1")).toBe(true);
    expect(opened(made, at(279), area, new Set(["h1"]), new Set()).has("h1")).toBe(false);
  });
  it("tells with the very same set that nothing opened or closed", () => {
    const before = opened(made, at(321), area, new Set(), new Set());
    expect(opened(made, at(330), area, before, new Set())).toBe(before);
    expect(opened(made, at(100), area, before, new Set())).not.toBe(before);
  });
  it("opens hosts beside each other together, whatever they hold", () => {
    const picture = estate(2, 40);
    for (const id of [...picture.things.keys()]) if (/^h2\/netns:vm-[2-9]|^h2\/netns:vm-1\d/.test(id)) picture.things.delete(id);
    const uneven = laid(picture);
    const [one, other] = [uneven.placed.get("h1"), uneven.placed.get("h2")];
    expect(one?.natural).not.toBe(other?.natural);
    for (let px = 200; px < 700; px += 20) {
      const open = opened(uneven, fitting({ x: 0, y: 0, w: uneven.width, h: uneven.height }, { w: px, h: px }, 0), { w: px, h: px }, new Set(), new Set());
      expect([px, open.has("h1")]).toEqual([px, open.has("h2")]);
    }
  });
  it("keeps what is pinned open at a scale where it would close", () => {
    expect(opened(made, at(100), area, new Set(), new Set(["h1"])).has("h1")).toBe(true);
  });
  it("never shows more than it may: groups stay closed instead", () => {
    const many = laid(estate(100, 60));
    const open = opened(many, { k: 1, x: 0, y: 0 }, { w: 1e6, h: 1e6 }, new Set(), new Set(), 3000);
    const shown = [...open].reduce((sum, id) => sum + (many.placed.get(id)?.box.children.length ?? 0), 0);
    expect(shown).toBeLessThanOrEqual(3000);
  });
  it("shows everything when it fits", () => {
    const view = fitting({ x: 0, y: 0, w: made.width, h: made.height }, area);
    expect(made.width * view.k).toBeLessThanOrEqual(area.w);
    expect(made.height * view.k).toBeLessThanOrEqual(area.h);
  });
});
