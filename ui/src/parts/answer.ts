import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Operations } from "../api/types";

export interface Asked<Answer> {
  /** The last good answer; it stays while another is on its way, and when that fails. */
  answer: Signal<Answer | null>;
  problem: Signal<Problem | null>;
  waiting: Signal<boolean>;
}

/** Ask whenever the request, or `again`, is another; null asks nothing. What is under way then is given up. */
export function useAnswer<K extends keyof Operations>(operation: K, request: Operations[K]["request"] | null, again: unknown = 0): Asked<Operations[K]["response"]> {
  const answer = useSignal<Operations[K]["response"] | null>(null);
  const problem = useSignal<Problem | null>(null);
  const waiting = useSignal(false);
  useEffect(() => {
    if (!request) return;
    const cancel = new AbortController();
    waiting.value = true;
    ask(operation, request, cancel.signal)
      .then((told) => {
        if (cancel.signal.aborted) return;
        answer.value = told;
        problem.value = null;
      })
      .catch((error: unknown) => {
        if (cancel.signal.aborted) return;
        if (!(error instanceof Problem)) throw error;
        problem.value = error;
      })
      .finally(() => (waiting.value = waiting.peek() && cancel.signal.aborted));
    return () => cancel.abort();
  }, [operation, JSON.stringify(request), again]);
  return { answer, problem, waiting };
}

/** A number that rises at most once in `every` ms while `source` changes: what is asked again with it is not asked too often. */
export function usePaced(source: Signal<number>, every: number): number {
  const paced = useSignal(0);
  const timer = useSignal<ReturnType<typeof setTimeout> | undefined>(undefined);
  const seen = source.value;
  useEffect(() => {
    if (timer.peek() !== undefined) return;
    timer.value = setTimeout(() => {
      timer.value = undefined;
      paced.value++;
    }, every);
  }, [seen]);
  useEffect(() => () => clearTimeout(timer.peek()), []);
  return paced.value;
}
