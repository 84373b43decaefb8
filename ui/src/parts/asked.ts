import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import type { Operations } from "../api/types";

/** What an operation answered. The answer of before stays while the next one is on its way, or fails. */
export interface Asked<T> {
  answer: T | null;
  trouble: Problem | null;
  again: () => Promise<void>;
}

/** Ask when the request changes; null asks nothing. every: seconds after which it is asked again, 0 for never. */
export function useAsked<K extends keyof Operations>(operation: K, request: Operations[K]["request"] | null, every = 0): Asked<Operations[K]["response"]> {
  const [answer, keep] = useState<Operations[K]["response"] | null>(null);
  const [trouble, fail] = useState<Problem | null>(null);
  const said = JSON.stringify(request);
  const current = useRef(said);
  current.current = said;
  const again = async (): Promise<void> => {
    if (request === null) return;
    try {
      const told = await ask(operation, request);
      if (current.current !== said) return;
      keep(told);
      fail(null);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (current.current === said) fail(error);
    }
  };
  useEffect(() => {
    void again();
    if (!every) return undefined;
    const timer = setInterval(() => void again(), every * 1000);
    return () => clearInterval(timer);
  }, [operation, said, every]);
  return { answer, trouble, again };
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
