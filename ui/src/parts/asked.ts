import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Operations } from "../api/types";
import { connection } from "../live/store";

/** What an operation answered. The answer of before stays while the next one is on its way, or fails. */
export interface Asked<T> {
  answer: T | null;
  trouble: Problem | null;
  again: () => Promise<void>;
}

/** Ask when the request, or `after`, is another; null asks nothing. every: seconds after which it is asked again, 0 for never. */
export function useAsked<K extends keyof Operations>(operation: K, request: Operations[K]["request"] | null, every = 0, after: unknown = 0): Asked<Operations[K]["response"]> {
  const [answer, keep] = useState<Operations[K]["response"] | null>(null);
  const [trouble, fail] = useState<Problem | null>(null);
  const said = JSON.stringify(request);
  const current = useRef(said);
  const under = useRef<AbortController | null>(null);
  current.current = said;
  const again = async (): Promise<void> => {
    under.current?.abort();
    if (request === null) return;
    const cancel = (under.current = new AbortController());
    try {
      const told = await ask(operation, request, cancel.signal);
      if (current.current !== said || cancel.signal.aborted) return;
      keep(told);
      fail(null);
    } catch (error) {
      if (cancel.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      if (current.current === said) fail(error);
    }
  };
  useEffect(() => {
    void again();
  }, [operation, said, after]);
  useEffect(() => {
    if (!every) return undefined;
    const timer = setInterval(() => void again(), every * 1000);
    return () => clearInterval(timer);
  }, [operation, said, every]);
  const link = trouble?.unreachable ? connection.value : ""; // the server that did not answer is asked again when it is back
  useEffect(() => {
    if (link === "live") void again();
  }, [link]);
  useEffect(() => () => under.current?.abort(), []);
  return { answer, trouble, again };
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

/** Do something that may fail: the problem is told to `fail`, null before it begins. Whether it went well. */
export async function attempt(work: () => Promise<void>, fail: (problem: Problem | null) => void): Promise<boolean> {
  fail(null);
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    fail(error);
    return false;
  }
}
