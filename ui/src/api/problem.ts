/** What went wrong with a request, as the server tells it (RFC 9457) or as the network does. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly hint = "",
    readonly position: number | null = null,
  ) {
    super(detail);
  }

  /** No answer at all: the server is not there. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

interface Told {
  detail?: string;
  title?: string;
  hint?: string;
  position?: number | null;
}

/** The problem in a response that is not 2xx. */
export async function problemOf(response: Response): Promise<Problem> {
  let told: Told = {};
  try {
    told = (await response.json()) as Told;
  } catch {
    // a proxy's own page: the status has to do
  }
  return new Problem(
    response.status,
    told.detail ?? told.title ?? `the server answered ${response.status}`,
    told.hint ?? "",
    told.position ?? null,
  );
}
