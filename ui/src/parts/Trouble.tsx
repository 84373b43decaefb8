import type { JSX } from "preact";
import type { Problem } from "../api/problem";

/** What went wrong, in the place that failed. */
export function Trouble({ problem }: { problem: Problem | null }): JSX.Element | null {
  if (!problem) return null;
  return <div class="callout error trouble" role="alert"><b>{problem.detail}</b> {problem.hint}</div>;
}

/** What was looked for and is not there, and what to do about it. */
export function Empty({ what, hint = "" }: { what: string; hint?: string }): JSX.Element {
  return <div class="empty"><p><b>{what}</b></p>{hint ? <p class="t2">{hint}</p> : null}</div>;
}
