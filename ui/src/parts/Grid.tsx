import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { count, counted } from "../state/words";
import { Glyph } from "./Glyph";
import { type Order, type Valued } from "./rows";

export interface Column<Row> extends Valued<Row> {
  label: string;
  mono?: boolean;
  num?: boolean;
  /** Its label is only said, not shown. */
  quiet?: boolean;
  /** Pixels; as wide as its content without it. */
  width?: number;
  cell?: (row: Row) => ComponentChildren;
}

interface GridProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  chosen?: string;
  choose?: (row: Row) => void;
  order?: Order;
  setOrder?: (order: Order) => void;
  /** Class of a row. */
  tone?: (row: Row) => string;
  /** Of rows that hold others: whether they are open. */
  expanded?: (row: Row) => boolean | undefined;
}

const ROW = 28;
const HEAD = 26;
const BEYOND = 12;
const SAMPLE = 200;
const NARROWEST = 56;
const WIDEST = 340;
const LETTER = { mono: 7.3, plain: 6.4 };
const AROUND = 24;

/** A table of any length: rows out of view are not in the document, the keyboard reaches all of them. */
export function Grid<Row>({ label, rows, columns, keyOf, chosen = "", choose, order, setOrder, tone, expanded }: GridProps<Row>): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const tall = useSignal(600);
  const active = useSignal(chosen);
  const widths = useMemo(() => columns.map((each) => each.width ?? widthOf(each, rows)), [columns.map((each) => each.id).join(), rows.length]);
  const at = rows.findIndex((row) => keyOf(row) === (active.value || chosen));
  const first = Math.max(0, Math.floor(top.value / ROW) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((top.value + tall.value) / ROW) + BEYOND);
  useEffect(() => {
    const measure = (): void => void (tall.value = frame.current?.clientHeight ?? 600);
    const observer = new ResizeObserver(measure);
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  const move = (to: number): void => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (!row || !frame.current) return;
    active.value = keyOf(row);
    const y = rows.indexOf(row) * ROW;
    const room = tall.value - HEAD;
    if (y < frame.current.scrollTop) frame.current.scrollTop = y;
    if (y + ROW > frame.current.scrollTop + room) frame.current.scrollTop = y + ROW - room;
  };
  const stroke = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(tall.value / ROW) - 2);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    const row = rows[at];
    if (event.target !== frame.current) return;
    if (by !== undefined) move((at < 0 && by > 0 ? -1 : at) + by);
    else if ((event.key === "Enter" || event.key === " ") && row && choose) choose(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const idOf = (row: Row): string => `row-${label.replace(/\W/g, "")}-${keyOf(row).replace(/[^A-Za-z0-9_-]/g, "_")}`;
  const seen = at >= first && at < last ? rows[at] : undefined;
  return (
    <div
      class="grid" role={expanded ? "treegrid" : "grid"} aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={columns.length} tabIndex={0} ref={frame}
      aria-activedescendant={seen ? idOf(seen) : undefined} onKeyDown={stroke} onScroll={() => (top.value = frame.current?.scrollTop ?? 0)}
    >
      <table role="presentation" style={{ minWidth: `${widths.reduce((sum, each) => sum + each, 0)}px` }}>
        <colgroup>{widths.map((width, i) => <col key={columns[i]?.id} style={{ width: `${width}px` }} />)}</colgroup>
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1}>{columns.map((each) => <Head key={each.id} column={each} order={order} setOrder={setOrder} />)}</tr>
        </thead>
        <tbody role="rowgroup">
          <Space rows={first} />
          {rows.slice(first, last).map((row, i) => {
            const key = keyOf(row);
            return (
              <tr
                key={key} id={idOf(row)} role="row" aria-rowindex={first + i + 2} aria-selected={choose ? key === chosen : undefined} aria-expanded={expanded?.(row)}
                class={`${key === chosen ? "on " : ""}${first + i === at ? "active " : ""}${tone?.(row) ?? ""}`}
                onClick={() => ((active.value = key), choose?.(row))}
              >
                {columns.map((each) => <td key={each.id} role="gridcell" class={classOf(each)} title={each.text(row)}>{each.cell ? each.cell(row) : each.text(row)}</td>)}
              </tr>
            );
          })}
          <Space rows={rows.length - last} />
        </tbody>
      </table>
    </div>
  );
}

/** What holds the place of rows that are not in the document. */
function Space({ rows }: { rows: number }): JSX.Element | null {
  return rows > 0 ? <tr role="presentation" class="grid-space"><td role="presentation" style={{ height: `${rows * ROW}px` }} /></tr> : null;
}

function Head<Row>({ column, order, setOrder }: { column: Column<Row>; order?: Order; setOrder?: (order: Order) => void }): JSX.Element {
  const mine = order?.column === column.id;
  const next = (): void => setOrder?.({ column: column.id, down: mine ? !order.down : false });
  return (
    <th role="columnheader" scope="col" class={column.num ? "num" : ""} aria-sort={mine ? (order.down ? "descending" : "ascending") : undefined}>
      {setOrder ? <button class="link grid-sort" onClick={next}>{column.label}{mine ? <Glyph name={order.down ? "ui-down" : "ui-up"} size="xs" /> : null}</button> : <span class={column.quiet ? "vh" : ""}>{column.label}</span>}
    </th>
  );
}

function classOf<Row>(column: Column<Row>): string {
  return `trunc${column.mono ? " mono" : ""}${column.num ? " num" : ""}`;
}

/** As wide as nearly all of its first rows need. */
function widthOf<Row>(column: Column<Row>, rows: readonly Row[]): number {
  const letters = rows.slice(0, SAMPLE).map((row) => column.text(row).length).sort((a, b) => a - b);
  const most = Math.max(column.label.length + 2, letters[Math.floor(letters.length * 0.95)] ?? 0);
  return Math.min(WIDEST, Math.max(NARROWEST, most * (column.mono || column.num ? LETTER.mono : LETTER.plain) + AROUND));
}

/** "1 204 objects", or "31 of 1 204 objects" when a filter leaves out some. */
export function tally(shown: number, all: number, one: string, many: string): string {
  return shown === all ? counted(all, one, many) : `${count(shown)} of ${counted(all, one, many)}`;
}
