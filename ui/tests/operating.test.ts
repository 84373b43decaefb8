import { describe, expect, it } from "vitest";
import type { Probed, ScanView, ScopeView, SupportedEnvironment } from "../src/api/types";
import { Picture } from "../src/live/picture";
import { byKind, members, places } from "../src/pages/dashboard/members";
import { draftOf, EMPTY, fileOf, keepable, meaning, missing, support, type Draft } from "../src/pages/environments/draft";
import { operationsOf } from "../src/pages/help/document";
import { merged } from "../src/pages/scans/progress";
import { ordered, stateOf } from "../src/pages/sources/scopes";

const DRAFT: Draft = {
  ...EMPTY, name: "prod", all: { user: "calipso", password: "s3cret", keys: "/k1, /k2" },
  hosts: [{ name: "cmp1", way: "ssh", values: { host: "10.0.0.5", port: "2222", user: "" } }, { name: "cmp2", way: "agent", values: {} }, { name: "api", way: "openstack", values: { cloud: "prod" } }],
};

describe("the draft of an environment", () => {
  it("becomes a file that says what was said, and nothing else", () => {
    expect(JSON.parse(fileOf(DRAFT))).toEqual({
      name: "prod", type: "Plain", history_days: 30,
      hosts: { cmp1: { ssh: { host: "10.0.0.5", port: 2222, user: "calipso", password: "s3cret", keys: ["/k1", "/k2"] } }, cmp2: { agent: true }, api: { openstack: { cloud: "prod" } } },
    });
  });
  it("can be of one host, for its test", () => {
    expect(Object.keys(JSON.parse(fileOf(DRAFT, "cmp2")).hosts)).toEqual(["cmp2"]);
  });
  it("keeps what the steps do not ask when an environment is changed, and leaves a masked secret as it is", () => {
    const config = { name: "prod", type: "Plain" as const, pnics: ["eth*"], cliques: "calipso" as const, hosts: { cmp1: { aliases: ["c1"], wrap: { "ovs-vsctl": "docker exec ovs" }, agent: false, ssh: { host: "10.0.0.5", agent: false, password: "********", commands: 4 } } } };
    const said = JSON.parse(fileOf(draftOf(config)));
    expect(said).toMatchObject({ pnics: ["eth*"], cliques: "calipso" });
    expect(said.hosts.cmp1).toEqual({ aliases: ["c1"], wrap: { "ovs-vsctl": "docker exec ovs" }, ssh: { host: "10.0.0.5", agent: false, password: "********", commands: 4 } });
  });
  it("forgets a way that was left", () => {
    const draft = draftOf({ name: "prod", hosts: { cmp1: { ssh: { host: "10.0.0.5" } } } });
    expect(JSON.parse(fileOf({ ...draft, hosts: [{ name: "cmp1", way: "agent", values: {} }] })).hosts).toEqual({ cmp1: { agent: true } });
  });
  it("is kept in the browser without secrets, references stay", () => {
    expect(JSON.stringify(keepable(DRAFT))).not.toContain("s3cret");
    expect(keepable({ ...DRAFT, all: { password: "file:/etc/pw" } }).all).toEqual({ password: "file:/etc/pw" });
  });
  it("says what it lacks", () => {
    expect(missing({ ...DRAFT, name: "no good" }, "type")).toContain("needs a name");
    expect(missing({ ...DRAFT, hosts: [] }, "endpoints")).toContain("Nothing");
    expect(missing({ ...DRAFT, hosts: [...DRAFT.hosts, ...DRAFT.hosts] }, "endpoints")).toContain("cmp1 is there twice");
    expect(missing(DRAFT, "endpoints")).toBe("");
  });
  it("never tells a refusal and a silence with the same text", () => {
    const [host] = DRAFT.hosts;
    const told = (error: string, seconds = 5): string => (host ? meaning(host, DRAFT.all, { target: "CLI", place: "cmp1", status: "failed", reason: "raw", error, seconds } as Probed) : "");
    expect(told("AuthFailed")).toBe("10.0.0.5 answered, and refused the password for user calipso");
    expect(told("TimedOut")).toBe("No answer from 10.0.0.5 port 2222 in 5 s");
    expect(told("Unreachable")).toBe("10.0.0.5 port 2222 cannot be reached");
  });
  it("is looked up in what is supported", () => {
    const list = [{ type: "OpenStack", distribution: "Kolla", version: "2024.1", mechanism_driver: "OVN", type_driver: "geneve", features: [], evidence: "lab", proof: "" }] as SupportedEnvironment[];
    const draft = { ...EMPTY, type: "OpenStack", distribution: "Kolla", version: "2024.1" };
    expect(support(draft, list).match).toBe("exact");
    expect(support({ ...draft, mechanism: "OVS" }, list).match).toBe("no");
    expect(support(EMPTY, list).match).toBe("free");
  });
});

describe("scans and scopes", () => {
  const scan = (id: string, status: ScanView["status"]): ScanView => ({ id, environment: "prod", status, submit_timestamp: "" });
  it("takes notices in, and no late one over an end", () => {
    expect(merged([scan("1", "running")], { scan: scan("2", "pending") }, "prod").map((each) => each.id)).toEqual(["2", "1"]);
    expect(merged([scan("1", "completed")], { scan: scan("1", "running") }, "prod")[0]?.status).toBe("completed");
    expect(merged([scan("1", "running")], { scan: scan("1", "failed") }, "prod")[0]?.status).toBe("failed");
    expect(merged([], { scan: scan("1", "running") }, "other")).toEqual([]);
  });
  it("puts the worst scope first", () => {
    const scope = (name: string, status: string, stale: boolean): ScopeView => ({ scope: name, source: "ovs", host: "h1", part: "", status, stale, seen: 0 });
    const all = [scope("ovs@h1", "completed", false), scope("ovs@h2", "completed", true), scope("ovs@h3", "failed", true), scope("linux@h1", "partial", false)];
    expect(ordered(all, "").map((each) => each.scope)).toEqual(["ovs@h3", "linux@h1", "ovs@h2", "ovs@h1"]);
    expect(ordered(all, "H1 ovs").map((each) => each.scope)).toEqual(["ovs@h1"]);
    expect(all.map(stateOf)).toEqual(["ok", "stale", "error", "warn"]);
  });
});

describe("an overview", () => {
  const picture = Picture.of({
    objects: [
      ["h1", "h1", "host", "host", "h1", -1, "", "", "", "az1", null], ["h1/ovs", "ovs", "vedge", "ovs", "h1", 0, "up", "", "", "", null],
      ["project:p", "p", "project", "project", "", -1, "", "", "", "", null], ["i", "i", "instance", "instance", "h1", 0, "down", "", "p", "", null],
      ["region:r/aggregate:1", "agg", "aggregate", "aggregate", "", 6, "", "", "", "", null], ["h2", "h2", "host", "host", "h2", -1, "", "", "", "", null],
      ["region:r", "r", "region", "region", "", -1, "", "", "", "", null],
    ],
    link_types: [], links: [], freshness: { as_of: "2026-01-01T00:00:00Z", revision: 1 },
  });
  it("holds what is within a host, a project, an aggregate, a region, and all", () => {
    const ids = (id: string): string[] => members(picture, id, new Map([["region:r/aggregate:1", ["h1"]]])).map((thing) => thing.id);
    expect(ids("h1")).toEqual(["h1/ovs", "i"]);
    expect(ids("project:p")).toEqual(["i"]);
    expect(ids("region:r/aggregate:1")).toEqual(["h1", "h1/ovs", "i"]);
    expect(ids("region:r")).toEqual(["h1", "h1/ovs", "i", "region:r/aggregate:1"]);
    expect(ids("")).toHaveLength(7);
  });
  it("counts by kind and state, and names the places one can go into", () => {
    const all = members(picture, "");
    expect(byKind(all, new Set(["h2"])).find((group) => group.kind === "host")?.counts).toEqual({ ok: 1, stale: 1 });
    expect([...places(all).keys()]).toEqual(["region", "aggregate", "project", "host"]);
  });
});

it("reads operations out of an OpenAPI document", () => {
  const [told] = operationsOf({
    paths: { "/api/v1/scan": { post: { operationId: "scan", summary: "Scan.", requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Scan" }, example: { environment: "prod" } } } }, responses: { 200: { content: {} } } } } },
    components: { schemas: { Scan: { properties: { environment: { type: "string" }, only: { enum: ["", "links"] } }, required: ["environment"] } } },
  });
  expect(told?.fields).toEqual([{ name: "environment", type: "string", required: true }, { name: "only", type: '"" | "links"', required: false }]);
  expect(told?.curl).toContain(`-d '{"environment":"prod"}'`);
});
