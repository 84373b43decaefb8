import { describe, expect, it } from "vitest";
import { csv, filtered, ordered, orderOf, orderText, type Valued } from "../src/parts/rows";

interface Device {
  name: string;
  mtu?: number;
}
const columns: (Valued<Device> & { label: string })[] = [
  { id: "name", label: "Name", text: (row) => row.name },
  { id: "mtu", label: "MTU", text: (row) => String(row.mtu ?? ""), rank: (row) => row.mtu ?? "" },
];
const rows: Device[] = [{ name: "eth10", mtu: 1500 }, { name: "eth2" }, { name: "lo", mtu: 65536 }];
const names = (found: { name: string }[]): string[] => found.map((row) => row.name);

describe("rows of a table", () => {
  it("are in natural order, and what is not known comes last either way", () => {
    expect(names(ordered(rows, columns, orderOf("", "name")))).toEqual(["eth2", "eth10", "lo"]);
    expect(names(ordered(rows, columns, orderOf("mtu", "name")))).toEqual(["eth10", "lo", "eth2"]);
    expect(names(ordered(rows, columns, orderOf("-mtu", "name")))).toEqual(["lo", "eth10", "eth2"]);
    expect(orderText(orderOf("-mtu", "name"))).toBe("-mtu");
  });

  it("are kept when they hold every word, or a word in a column", () => {
    expect(names(filtered(rows, columns, "eth 1500"))).toEqual(["eth10"]);
    expect(names(filtered(rows, columns, "mtu:655"))).toEqual(["lo"]);
    expect(names(filtered(rows, columns, " "))).toEqual(["eth10", "eth2", "lo"]);
  });

  it("are written as CSV that no spreadsheet runs", () => {
    expect(csv([{ name: '=1,"2"' }, { name: "-5" }], columns)).toBe('Name,MTU\r\n"\'=1,""2""",\r\n-5,\r\n');
  });
});
