import type { ComponentChildren, JSX } from "preact";
import type { Problem } from "../api/problem";
import { SEVERITIES, WORDS, type Severity } from "../live/severity";
import { Glyph } from "./Glyph";

/** What went wrong, in the place where it did; what was known before stays. */
export function Trouble({ problem, again }: { problem: Problem | null; again?: () => void }): JSX.Element | null {
  if (!problem) return null;
  return (
    <div class="callout error trouble" role="alert">
      <b>{problem.status === 403 ? "This token may not do that." : problem.detail}</b>{" "}
      {problem.status === 403 ? problem.detail : problem.hint}
      {again ? <button class="btn trouble-again" onClick={again}>Try again</button> : null}
    </div>
  );
}

/** Nothing to show: what was looked at, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return <div class="empty"><h2 class="f15">{title}</h2>{children ? <p class="t2">{children}</p> : null}</div>;
}

export function Waiting(): JSX.Element {
  return <div class="skeleton late" role="status" aria-label="Loading"><i /><i /></div>;
}

/** A state as shape and word. */
export function Stated({ severity, word }: { severity: Severity; word?: string }): JSX.Element {
  return <span class="row g2 nowrap"><Glyph name={`st-${severity}`} size="s" tone={`m-${severity}`} />{word ?? WORDS[severity]}</span>;
}

/** How many of each state, worst first; those without any are left out. */
export function Tally({ counts, none = "nothing there" }: { counts: Partial<Record<Severity, number>>; none?: string }): JSX.Element {
  const told = [...SEVERITIES].reverse().filter((each) => counts[each]);
  if (!told.length) return <span class="t3">{none}</span>;
  return <span class="row g2 wrap">{told.map((each) => <span key={each} class={`chip ${each}`}><Glyph name={`st-${each}`} size="xs" />{counts[each]} {WORDS[each]}</span>)}</span>;
}
