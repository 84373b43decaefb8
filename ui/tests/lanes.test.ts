import { describe, expect, it } from "vitest";
import type { CliqueView, Model, Tunnel } from "../src/api/types";
import { inventoryOf, above } from "../src/pages/tree/inventory";
import { diagram, UPPER } from "../src/pages/tree/lanes";
import { linesOf } from "../src/parts/Tree";
import { estate } from "./estate";

const LAYERS = { instance: 0, vnic: 1, vconnector: 2, vedge: 3, otep: 4, host_pnic: 5, network: 8 };
const model = { kinds: Object.entries(LAYERS).map(([name, layer]) => ({ name, label: name, plural: `${name}s`, doc: "", layer })), link_types: [], clique_types: [], common: [], hover: {} } as unknown as Model;

function clique(host: string, kinds: string[], states: Record<string, string> = {}): CliqueView {
  const objects = kinds.map((kind) => ({ id: kind === "network" ? "net" : `${host}/${kind}`, kind, type: "", name: kind, host: kind === "network" ? "" : host }));
  const links = kinds.slice(1).map((kind, i) => {
    const type = `${kinds[i]}-${kind}`;
    return { type, source: objects[i]?.id ?? "", target: objects[i + 1]?.id ?? "", through: [], ...(states[type] ? { state: states[type] } : {}) };
  });
  return { focal: objects[0]?.id ?? "", type: "instance", constraint: null, note: "", objects, links, unknown: [], freshness: { as_of: "", revision: 1 } } as CliqueView;
}

function told(clique: CliqueView, tunnel: Partial<Tunnel> | null, networks: unknown[] | null = [{}], note = ""): CliqueView {
  const whole = tunnel && { type: "vxlan", source: "h1/otep", target: "h2/otep", state: "up", evidence: "a vxlan tunnel joins them", ...tunnel };
  return { ...clique, conversation: { peer: "h2/instance", networks, until: "", tunnel: whole, note } } as CliqueView;
}

const WHOLE = ["instance", "vnic", "vedge", "otep", "host_pnic", "network"];

describe("the lane diagram", () => {
  it("has columns in the order of layers, and equal jobs above each other", () => {
    const made = diagram(told(clique("h1", WHOLE), {}), clique("h2", WHOLE), model);
    expect(made.columns.map((column) => column.kind)).toEqual(WHOLE);
    const x = (id: string): number | undefined => made.nodes.find((node) => node.id === id)?.x;
    for (const kind of WHOLE.slice(0, 5)) expect(x(`h1/${kind}`)).toBe(x(`h2/${kind}`));
    expect(made.lanes.map((lane) => lane.axis)).toEqual([156, 430]);
    expect(made.nodes.filter((node) => node.id === "net")).toHaveLength(1);
    expect(made.edges.filter((edge) => edge.overlay)).toHaveLength(1);
  });

  it("numbers the upper lane from left to right and the lower one back", () => {
    const { steps, broken } = diagram(told(clique("h1", WHOLE), {}), clique("h2", WHOLE), model);
    expect(broken).toBe(0);
    expect(steps[0]).toMatchObject({ n: 1, from: "h1/instance", to: "h1/vnic", state: "pass" });
    expect(steps[5]).toMatchObject({ n: 6, from: "h1/otep", to: "h2/otep", state: "pass" });
    expect(steps.at(-1)).toMatchObject({ n: 11, from: "h2/vnic", to: "h2/instance" });
  });

  it("cuts between the lanes where the tunnel is gone", () => {
    const lost = [{ id: "h1/t", name: "vx-h2", host: "h1", until: "2026-01-31T14:05:00Z" }];
    const made = diagram(told(clique("h1", WHOLE), { state: "missing", evidence: "vx-h2 of h1 is gone", lost }), clique("h2", WHOLE), model);
    expect(made.broken).toBe(6);
    expect(made.lost?.name).toBe("vx-h2");
    expect(made.steps[5]).toMatchObject({ state: "fails", from: "h1/otep", to: "h2/otep", evidence: "vx-h2 of h1 is gone, since 14:05:00" });
    expect(made.steps.slice(6).every((step) => step.state === "not reached")).toBe(true);
    expect(made.edges.find((edge) => edge.overlay)).toMatchObject({ state: "down", step: 6 });
  });

  it("has no such step where the network needs no tunnel", () => {
    const { steps, broken } = diagram(told(clique("h1", WHOLE), null), clique("h2", WHOLE), model);
    expect(broken).toBe(0);
    expect(steps.some((step) => step.type === "otep-otep")).toBe(false);
  });

  it("claims nothing where it is not known whether one is needed", () => {
    const { steps, broken } = diagram(told(clique("h1", WHOLE), null, null, "the networks of b are not known"), clique("h2", WHOLE), model);
    expect(broken).toBe(0);
    expect(steps.filter((step) => step.state === "unknown")).toMatchObject([{ from: "h1/otep", to: "h2/otep", evidence: "the networks of b are not known" }]);
  });

  it("shows the endpoint that is missing as a ghost", () => {
    const made = diagram(told(clique("h1", WHOLE), { target: "", state: "missing" }), clique("h2", WHOLE.filter((kind) => kind !== "otep")), model);
    expect(made.ghost).toMatchObject({ kind: "otep", host: "h2" });
  });

  it("cuts at a link that is down; what follows is not reached", () => {
    const { steps, broken } = diagram(clique("h1", WHOLE, { "vnic-vedge": "down" }), clique("h2", WHOLE), model);
    expect(broken).toBe(2);
    expect(steps[1]?.state).toBe("fails");
    expect(steps.slice(2).every((step) => step.state === "not reached")).toBe(true);
  });

  it("shows what the other end has and this one lacks as a ghost", () => {
    const made = diagram(clique("h1", WHOLE), clique("h2", ["instance", "vnic"]), model);
    expect(made.ghost).toMatchObject({ kind: "vedge", host: "h2", lane: 1 });
    expect(made.broken).toBeGreaterThan(0);
    expect(made.steps[made.broken - 1]?.state).toBe("fails");
  });

  it("keeps a hole where a part may well not be there", () => {
    const made = diagram(clique("h1", ["instance", "vnic", "vconnector", "vedge", "host_pnic"]), clique("h2", ["instance", "vnic", "vedge", "host_pnic"]), model);
    expect(made.ghost).toBeNull();
    expect(made.columns).toHaveLength(5);
  });

  it("is one lane for one end", () => {
    const made = diagram(clique("h1", WHOLE), null, model);
    expect(made.lanes).toHaveLength(1);
    expect(made.nodes.every((node) => node.y === UPPER)).toBe(true);
  });

  it("stacks several in a column and folds what is beyond five", () => {
    const view = clique("h1", ["instance", "vnic"]);
    for (let i = 0; i < 7; i++) {
      view.objects.push({ id: `h1/n${i}`, kind: "vnic", type: "", name: `n${i}`, host: "h1" });
      view.links.push({ type: "instance-vnic", source: "h1/instance", target: `h1/n${i}` } as never);
    }
    const column = diagram(view, null, model).nodes.filter((node) => node.kind === "vnic");
    expect(column).toHaveLength(5);
    expect(column.at(-1)?.more).toBe(3);
    expect((column[1]?.y ?? 0) - (column[0]?.y ?? 0)).toBe(108);
  });
});

describe("the inventory tree", () => {
  const picture = estate(3, 4);
  it("counts, groups by kind, and keeps the order of names", () => {
    const root = inventoryOf(picture, "test", model, new Set(), "");
    expect(root.children.map((zone) => zone.name)).toEqual(["zone-a", "zone-b"]);
    expect(root.children[0]?.children.map((host) => host.name)).toEqual(["h1", "h3"]);
    expect(root.children[0]?.children[0]?.children[0]).toMatchObject({ name: "instances", count: 4 });
  });
  it("filters and keeps what is above", () => {
    const root = inventoryOf(picture, "test", model, new Set(), "10.0.2.3");
    const lines = linesOf(root, () => true).map((line) => line.branch.name);
    expect(lines).toEqual(["test", "zone-b", "h2", "instances", "vm-3", "eth0"].filter((name) => lines.includes(name)));
    expect(lines).toContain("eth0");
    expect(lines).not.toContain("h1");
  });
  it("knows the way to a branch", () => {
    const root = inventoryOf(picture, "test", model, new Set(), "");
    expect(above(root, "h1/netns:vm-2")).toEqual(["environment:test", "#zone:zone-a", "h1", "h1#instance"]);
  });
});
