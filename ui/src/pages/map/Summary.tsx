import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { glyphOf, labelOf, layerOf } from "../../live/kinds";
import { severityOf, WORDS } from "../../live/severity";
import { since } from "../../live/since";
import { model, picture, recent, revision, sources, staleHosts, staleScopes, version } from "../../live/store";
import { Glyph } from "../../parts/Glyph";
import { environment, frozen, go } from "../../state/place";
import { clock, count, counted, lasting } from "../../state/words";

const MOST = 8;

/** The panel when nothing is selected: worst first, what is not fresh, what there is, what just happened. */
export function Summary(): JSX.Element | null {
  const there = picture.value;
  const bad = useComputed(() => {
    version.value;
    return [...(picture.value?.things.values() ?? [])].filter((each) => severityOf(each, staleHosts.value) === "error");
  });
  const others = useComputed(() => {
    version.value;
    return [...(picture.value?.things.values() ?? [])].filter((each) => each.kind === "device" && each.state === "down").length;
  });
  const kinds = useComputed(() => {
    version.value;
    const found = new Map<string, number>();
    for (const each of picture.value?.things.values() ?? []) found.set(each.kind, (found.get(each.kind) ?? 0) + 1);
    return [...found].sort(([one], [other]) => layerOf(model.value, one) - layerOf(model.value, other) || one.localeCompare(other));
  });
  if (!there) return null;
  const stale = staleScopes.value.length > 0;
  const hosts = kinds.value.find(([kind]) => kind === "host")?.[1] ?? 0;
  return (
    <aside class="panel standing" aria-label="Details">
      <div class="ph">
        <div class="k"><Glyph name="environment" size="s" />Environment</div>
        <h2>{environment.value}, {counted(hosts, "host", "hosts")}</h2>
        <p class="f12 t2 summary-line">{freshness()}</p>
      </div>
      <div class="pb" tabIndex={0} role="region" aria-label="Summary">
        <section>
          <h3 class="sech">Worst first<span class="r">{stale ? counted(bad.value.length, "object is known to be down", "objects are known to be down") : counted(bad.value.length, "object is down", "objects are down")}</span></h3>
          {bad.value.length === 0 ? <p class="f12 t2">No instance, service, NIC, bridge, switch or tunnel end {stale ? "was seen down; of what is not fresh it is unknown" : "is down"}.</p> : null}
          {others.value > 0 ? <p class="f12 t2">{counted(others.value, "device without such a role is down.", "devices without such a role are down.")}</p> : null}
          <ul class="list">
            {bad.value.slice(0, MOST).map((each) => (
              <li key={each.id}>
                <Glyph name="st-error" size="s" tone="m-error" />
                <span class="grow trunc"><button class="link b" onClick={() => go({ focus: each.id })}>{each.name}</button> <span class="t3">{labelOf(model.value, each.kind)}{each.host ? ` on ${each.host}` : ""}, {each.state || WORDS.error}</span></span>
              </li>
            ))}
          </ul>
        </section>
        <NotFresh />
        <section>
          <h3 class="sech">Holds<span class="r">at revision {count(revision.value)}</span></h3>
          <ul class="list">
            {kinds.value.map(([kind, n]) => (
              <li key={kind}>
                <Glyph name={glyphOf({ kind, note: "" })} size="s" />
                <span class="grow trunc">{labelOf(model.value, kind, true)}</span>
                <span class="t3">{count(n)}</span>
              </li>
            ))}
          </ul>
        </section>
        <SinceLast />
        <Happened />
      </div>
    </aside>
  );
}

function freshness(): string {
  const all = sources.value.length;
  const stale = staleScopes.value.length;
  if (!all) return "";
  return stale === 0 ? `All ${counted(all, "scope", "scopes")} are fresh.` : `${count(all - stale)} of ${counted(all, "scope", "scopes")} are fresh.`;
}

function NotFresh(): JSX.Element | null {
  const stale = staleScopes.value;
  if (!stale.length) return null;
  return (
    <section>
      <h3 class="sech">Not fresh<span class="r">{stale.length} of {counted(sources.value.length, "scope", "scopes")}</span></h3>
      <ul class="list">
        {stale.slice(0, MOST).map((each) => (
          <li key={each.scope}>
            <Glyph name="st-stale" size="s" tone="m-stale" />
            <span class="grow trunc" title={each.errors?.[0]?.message}>{each.host}, {each.source}: {each.errors?.[0]?.message ?? each.status}</span>
            <time>{each.completed ? clock(Date.parse(each.completed)).slice(0, 5) : "never"}</time>
          </li>
        ))}
      </ul>
      <p class="f12 t3">Drawn hatched. Nothing was removed from the picture.</p>
    </section>
  );
}

/** What came, went or changed since this browser last looked: the foremost, and a way to all. */
function SinceLast(): JSX.Element | null {
  const told = since.value;
  if (!told || frozen.value) return null;
  const { objects } = told.diff;
  const shown = [...objects].sort((one, other) => ORDER.indexOf(one.op) - ORDER.indexOf(other.op)).slice(0, MOST);
  return (
    <section>
      <h3 class="sech">Since you last looked<span class="r" title={told.at}>{lasting(Date.parse(told.diff.end) - Date.parse(told.at))}</span></h3>
      {objects.length === 0 ? <p class="f12 t2">Nothing is different from then.</p> : null}
      <ul class="list">
        {shown.map((row) => {
          const [glyph, tone] = SIGNS[row.op] ?? ["ui-tilde", "ca"];
          return (
            <li key={row.id}>
              <Glyph name={glyph} size="s" tone={tone} />
              <button class="link grow trunc" onClick={() => go({ focus: row.id })}>{row.name}{row.host && row.host !== row.name ? ` on ${row.host}` : ""}</button>
              <span class="t3 nowrap">{row.op}</span>
            </li>
          );
        })}
      </ul>
      {objects.length ? <button class="btn" onClick={() => go({ page: "changes", against: told.at, at: "", focus: "" })}>{objects.length > 1 ? `All ${count(objects.length)} changes` : "What changed"}</button> : null}
    </section>
  );
}

/** What went is told first. */
const ORDER = ["removed", "added", "changed"];
const SIGNS: Readonly<Record<string, [string, string]>> = { added: ["ui-plus", "ok"], removed: ["ui-minus", "error"], changed: ["ui-tilde", "ca"] };

function Happened(): JSX.Element | null {
  const rows = recent.value.flatMap((frame) => frame.changes.flatMap((change) => (change.object ? [{ at: frame.at, ...change.object }] : []))).slice(0, MOST);
  if (!rows.length) return null;
  return (
    <section>
      <h3 class="sech">Since you opened it<span class="r">{counted(rows.length, "change", "changes")}</span></h3>
      <ul class="list">
        {rows.map((row, i) => {
          const [glyph, tone] = SIGNS[row.op] ?? ["ui-tilde", "ca"];
          return (
            <li key={i} class="fade">
              <Glyph name={glyph} size="s" tone={tone} />
              <button class="link grow trunc" onClick={() => go({ focus: row.id })}>{row.name}{row.host && row.host !== row.name ? ` on ${row.host}` : ""} {row.op}</button>
              <time>{clock(row.at)}</time>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
