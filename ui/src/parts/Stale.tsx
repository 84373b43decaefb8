import type { JSX } from "preact";
import type { ScopeView } from "../api/types";
import { staleScopes } from "../live/store";
import { follow, linkTo } from "../state/place";
import { counted, lasting } from "../state/words";
import { Glyph } from "./Glyph";

/** The class of a row or tile whose facts may be old: hatched, never removed. */
export const STALE = "is-stale";

/** How old a scope's last complete look is. */
export function ageOf(scope: ScopeView, now = Date.now()): string {
  return scope.completed ? `${lasting(now - Date.parse(scope.completed))} ago` : "never completed";
}

/** What of a host may be old, for the pages that show it; nothing when all is fresh. Leads to the sources. */
export function StaleMark({ host = "" }: { host?: string }): JSX.Element | null {
  const old = staleScopes.value.filter((each) => !host || each.host === host);
  if (!old.length) return null;
  const place = { page: "sources", filter: host };
  return (
    <a class="chip stale" href={linkTo(place)} onClick={(event) => follow(event, place)} title={old.map((each) => `${each.scope}: ${ageOf(each)}`).join("\n")}>
      <Glyph name="st-stale" size="xs" />{counted(old.length, "scope", "scopes")} stale
    </a>
  );
}
