import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { ObjectView } from "../../api/types";
import { glyphOf, labelOf, layerOf } from "../../live/kinds";
import { model, picture, revision, staleHosts, version } from "../../live/store";
import { useAsked, usePaced } from "../../parts/asked";
import { Details } from "../../parts/Details";
import { downloadText } from "../../parts/download";
import { Glyph } from "../../parts/Glyph";
import { Grid, tally } from "../../parts/Grid";
import { csv, filtered, ordered, orderOf, orderText } from "../../parts/rows";
import { Empty, Trouble } from "../../parts/Said";
import { at, environment, go, looked, place, settle } from "../../state/place";
import { count } from "../../state/words";
import { columnsOf, known, usual } from "./columns";

const EVERY = 2000;

const keep = (change: Record<string, string>): { more: Record<string, string> } => ({ more: { ...place.peek().more, ...change } });

/** Every object of a kind as a row. */
export function InventoryPage(): JSX.Element {
  const kinds = useComputed(kindsThere);
  const kind = place.value.more["kind"] || kinds.value[0]?.kind || "";
  return (
    <div class="side-page">
      <Kinds kinds={kinds.value} chosen={kind} />
      <section class="col grow side-main" aria-label="Objects">{kind ? <Table kind={kind} key={kind} /> : <Waiting />}</section>
    </div>
  );
}

function Waiting(): JSX.Element {
  return picture.value ? <Empty title="Nothing is known yet.">A scan fills this table.</Empty> : <div class="skeleton late" role="status" aria-label="Loading"><i /><i /><i /></div>;
}

interface KindCount {
  kind: string;
  many: number;
}

function kindsThere(): KindCount[] {
  version.value;
  const counts = new Map<string, number>();
  for (const thing of picture.value?.things.values() ?? []) counts.set(thing.kind, (counts.get(thing.kind) ?? 0) + 1);
  return [...counts].map(([kind, many]) => ({ kind, many })).sort((a, b) => layerOf(model.value, a.kind) - layerOf(model.value, b.kind) || a.kind.localeCompare(b.kind));
}

function Kinds({ kinds, chosen }: { kinds: readonly KindCount[]; chosen: string }): JSX.Element {
  return (
    <nav class="side" aria-label="Kinds">
      <h2 class="side-head">Kinds <span class="t3">{picture.value ? `${count(kinds.reduce((sum, each) => sum + each.many, 0))} objects` : ""}</span></h2>
      <ul class="side-list">
        {kinds.map((each) => (
          <li key={each.kind}>
            <button class={`side-item${each.kind === chosen ? " on" : ""}`} aria-current={each.kind === chosen} onClick={() => go({ focus: "", filter: "", ...keep({ kind: each.kind, sort: "", columns: "" }) })}>
              <Glyph name={glyphOf({ kind: each.kind, note: "" })} size="s" /><span class="grow trunc">{labelOf(model.value, each.kind, true)}</span><span class="t3">{count(each.many)}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Table({ kind }: { kind: string }): JSX.Element {
  const again = usePaced(revision, EVERY);
  const { answer, trouble, again: retry } = useAsked("get_objects", environment.value ? { environment: environment.value, kind, at: at.value } : null, 0, at.value ? 0 : again);
  const { filter, more } = place.value;
  const all: readonly ObjectView[] = (answer?.items ?? []).filter((row) => row.kind === kind);
  const wanted = more["columns"] ? more["columns"].split(",") : usual(model.value, kind).filter((name) => all.some((row) => name in (row.attributes ?? {})));
  const columns = columnsOf(all, wanted, staleHosts.value, (id) => picture.value?.things.get(id)?.name ?? id);
  const order = orderOf(more["sort"] ?? "", "name");
  const rows = ordered(filtered(all, columns, filter), columns, order);
  const name = labelOf(model.value, kind, true);
  const save = (): void => downloadText(csv(rows, [...columns, { id: "id", label: "id", text: (row: ObjectView) => row.id }]), `${environment.value}-${kind}.csv`, "text/csv");
  return (
    <>
      <div class="bar">
        <h1>{name}</h1>
        <label class="field grow filter">
          <Glyph name="ui-filter" size="s" tone="t3" />
          <input class="bare grow" aria-label="Filter" placeholder="Words, or column:word" spellcheck={false} value={filter} onInput={(event) => settle({ filter: event.currentTarget.value })} />
        </label>
        <span class="t2 nowrap" role="status">{answer ? tally(rows.length, all.length, "object", "objects") : ""}</span>
        <Choice all={known(all)} wanted={wanted} />
        <button class="btn push" onClick={save} disabled={!rows.length}><Glyph name="ui-export" size="s" />CSV</button>
      </div>
      <Trouble problem={trouble} again={() => void retry()} />
      {answer && !rows.length ? <Empty title={all.length ? `None of ${count(all.length)} fits “${filter}”.` : `There are no ${name.toLowerCase()} ${at.value ? "at this moment" : "now"}.`} /> : null}
      {answer && !rows.length && filter ? <p class="empty"><button class="btn" onClick={() => go({ filter: "" })}>Clear filter</button></p> : null}
      {rows.length ? (
        <Grid label={name} rows={rows} columns={columns} keyOf={(row) => row.id} chosen={place.value.focus} choose={(row) => go({ focus: row.id })} order={order} setOrder={(next) => go(keep({ sort: orderText(next) }))} />
      ) : null}
    </>
  );
}

/** Which attributes are columns. */
function Choice({ all, wanted }: { all: readonly string[]; wanted: readonly string[] }): JSX.Element {
  const open = useSignal(false);
  const flip = (name: string): void => go(keep({ columns: (wanted.includes(name) ? wanted.filter((each) => each !== name) : [...wanted, name]).join(",") }));
  const close = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open.value) return;
    event.stopPropagation();
    open.value = false;
    (event.currentTarget as HTMLElement).querySelector("button")?.focus();
  };
  return (
    <div class="export" onKeyDown={close}>
      <button class="btn" aria-expanded={open.value} onClick={() => (open.value = !open.value)}><Glyph name="ui-table" size="s" />Columns</button>
      {open.value ? (
        <div class="menu columns-menu" role="group" aria-label="Columns" tabIndex={0}>
          {all.map((name) => <label key={name} class="row g2"><input type="checkbox" checked={wanted.includes(name)} onChange={() => flip(name)} />{name.replace(/_/g, " ")}</label>)}
        </div>
      ) : null}
    </div>
  );
}

export function InventoryPanel(): JSX.Element | null {
  if (!looked.value) return null;
  return <Details actions={<button class="btn" onClick={() => go({ page: "map" })}><Glyph name="ui-map" size="s" />Show on map</button>} />;
}
