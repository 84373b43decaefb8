/** Rows of a table: order, search and CSV. Pure. */
export interface Order {
  column: string;
  down: boolean;
}

export interface Valued<Row> {
  id: string;
  /** As it is shown, searched and written to CSV. */
  text: (row: Row) => string;
  /** As it is ordered, where that is not its text. */
  rank?: (row: Row) => number | string;
}

const natural = new Intl.Collator("en", { numeric: true });

/** `name` and `-name`, as an address says them. */
export function orderOf(said: string, otherwise: string): Order {
  const word = said || otherwise;
  return word.startsWith("-") ? { column: word.slice(1), down: true } : { column: word, down: false };
}

export function orderText(order: Order): string {
  return (order.down ? "-" : "") + order.column;
}

/** Rows in an order; equal ones stay as they were, what is empty comes last either way. */
export function ordered<Row>(rows: readonly Row[], columns: readonly Valued<Row>[], order: Order): Row[] {
  const column = columns.find((each) => each.id === order.column);
  if (!column) return [...rows];
  const of = column.rank ?? column.text;
  const keyed = rows.map((row) => ({ row, key: of(row) }));
  keyed.sort((one, other) => {
    const gaps = Number(one.key === "") - Number(other.key === "");
    if (gaps) return gaps;
    const by = typeof one.key === "number" && typeof other.key === "number" ? one.key - other.key : natural.compare(String(one.key), String(other.key));
    return order.down ? -by : by;
  });
  return keyed.map((each) => each.row);
}

/** Rows that hold every word of a filter; `column:word` looks in one column only. */
export function filtered<Row>(rows: readonly Row[], columns: readonly Valued<Row>[], filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
    const named = columns.find((each) => word.startsWith(`${each.id.toLowerCase()}:`));
    return named ? { within: [named], word: word.slice(named.id.length + 1) } : { within: columns, word };
  });
  if (!words.length) return [...rows];
  return rows.filter((row) => words.every(({ within, word }) => within.some((each) => each.text(row).toLowerCase().includes(word))));
}

/** RFC 4180, with a head. What a spreadsheet would run as a formula is quoted as text. */
export function csv<Row>(rows: readonly Row[], columns: readonly (Valued<Row> & { label: string })[]): string {
  const lines = [columns.map((each) => cell(each.label)), ...rows.map((row) => columns.map((each) => cell(each.text(row))))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

function cell(text: string): string {
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
