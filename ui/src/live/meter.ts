/** Rates of counters that are read now and then. Pure. */
interface Read {
  value: number;
  at: number;
  rate: number;
}

/** Longer than this without a change, and nothing goes on; the server itself reads the counters of devices once a minute. */
const STILL = 130_000;

export class Meter {
  readonly #known = new Map<string, Read>();

  /** What a counter that stands at `value` at `now` (ms) rises by in a second; null at its first reading. */
  read(id: string, value: number, now: number): number | null {
    const before = this.#known.get(id);
    if (!before || value < before.value) {
      this.#known.set(id, { value, at: now, rate: Number.NaN });
      return null;
    }
    if (value === before.value) return now - before.at > STILL ? 0 : Number.isNaN(before.rate) ? null : before.rate;
    const rate = (value - before.value) / Math.max(0.001, (now - before.at) / 1000);
    this.#known.set(id, { value, at: now, rate });
    return rate;
  }
}
