import { describe, expect, it } from "vitest";
import { ofQuery, ofSql } from "../src/pages/query/results";
import { completions, mending, spotOf, tokens } from "../src/pages/query/language";

const names = { kinds: ["otep", "vnic"], types: ["veth", "vxlan"], attributes: ["mac"], hosts: ["h1"] };
const proposed = (text: string, language: "gremlin" | "sql" = "gremlin"): string[] => (completions(text, text.length, language, names)?.choices ?? []).map((each) => each.text);
const freshness = { as_of: "", revision: 1 };

describe("what is typed", () => {
  it("is told in colours that together are the text", () => {
    const text = "G.V().Has('Kind', 'x').Limit(3)";
    expect(tokens(text, "gremlin").map((each) => each.text).join("")).toBe(text);
    expect(tokens(text, "gremlin").filter((each) => each.tone === "step").map((each) => each.text)).toEqual(["V", "Has", "Limit"]);
    expect(tokens("select 1", "sql")[0]).toEqual({ text: "select", tone: "step" });
  });

  it("has places by line and column", () => {
    expect(spotOf("G.V()\n  .Hass(1)", 9)).toEqual({ line: 2, column: 4, from: 9, to: 13 });
    expect(spotOf("G", 99)).toEqual({ line: 1, column: 2, from: 1, to: 1 });
  });

  it("is mended as the server proposes", () => {
    expect(mending("G.V().Hass(1)", "unknown step 'Hass', did you mean 'Has'?", 6)?.text).toBe("G.V().Has(1)");
    expect(mending("G.V().Has('a'", "no idea", 3)).toBeNull();
  });

  it("can go on with steps, keys, their values, predicates, views and columns", () => {
    expect(proposed("G.V().ha")).toContain("Has(");
    expect(proposed("G.V().Has('Ki")).toContain("Kind'");
    expect(proposed("G.V().Has('Kind', 'v")).toEqual(["vnic'"]);
    expect(proposed("G.V().Has('Host', '")).toEqual(["h1'"]);
    expect(proposed("G.V().Has('MTU', GT")).toContain("GTE(");
    expect(proposed("SELECT a FROM ob", "sql")[0]).toBe("objects");
    expect(proposed("SELECT sou", "sql")).toContain("source");
    expect(proposed("SELECT 1 WHERE kind = 'vn", "sql")).toEqual(["vnic'"]);
  });
});

describe("answers as rows", () => {
  const object = { id: "h1/dev:a", kind: "vnic", type: "veth", name: "a", host: "h1", environment: "e", state: "up", attributes: { mtu: 1500, features: {} } };

  it("are objects with what they have in common, links with both ends, paths step by step", () => {
    const told = ofQuery({ kind: "objects", items: [object], freshness });
    expect(told.columns).toEqual(["name", "type", "host", "state", "mtu"]);
    expect(told.rows[0]).toMatchObject({ id: "h1/dev:a", cells: ["a", "veth", "h1", "up", 1500] });
    expect(ofQuery({ kind: "links", items: [{ type: "t", source: "a", target: "b" }], freshness }).edges).toHaveLength(1);
    const path = ofQuery({ kind: "paths", items: [[object, { ...object, id: "b", name: "b" }]], freshness });
    expect(path.columns).toEqual(["step 1", "step 2"]);
    expect(path.edges).toEqual([{ type: "", source: "h1/dev:a", target: "b" }]);
    expect(ofQuery({ kind: "values", items: [3], freshness }).rows[0]?.cells).toEqual([3]);
  });

  it("are of SQL what it says", () => {
    const told = ofSql({ columns: ["id", "n"], types: ["TEXT", ""], rows: [["x", 2]], freshness });
    expect(told.rows[0]).toEqual({ key: "0", id: "x", cells: ["x", 2] });
    expect(told.raw).toEqual([{ id: "x", n: 2 }]);
  });
});
