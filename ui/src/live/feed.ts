import type { MessageView, ScanView } from "../api/types";
import type { Change } from "./picture";

/** What happens beside the graph, told once and without a number. */
export type Notice = { scan: ScanView } | { message: MessageView };

export type Frame =
  | { seq: number; ts: string; changes: Change[] }
  | { snapshot: unknown[]; seq: number }
  | Notice
  | { lost: true; reason: string }
  | { error: string; hint?: string };

/** What a feed tells whoever opened it. */
export interface Listener {
  opened(): void;
  changed(seq: number, ts: string, changes: Change[]): void;
  noticed(notice: Notice): void;
  /** What followed `since` cannot be told: begin with the whole picture again. */
  missed(): void;
  closed(refused: string): void;
}

interface Channel {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  close(): void;
}

/** One WebSocket from a revision on. Numbers that do not rise, a snapshot and `lost` all mean: there is a gap. */
export class Feed {
  #channel: Channel;
  #over = false;

  constructor(
    environment: string,
    private seq: number,
    token: string,
    private readonly listener: Listener,
    make: (address: string, protocols: string[]) => Channel = (address, protocols) => new WebSocket(address, protocols),
  ) {
    const address = `/api/v1/live?environment=${encodeURIComponent(environment)}&since=${seq}&notices=true`;
    const origin = typeof location === "undefined" ? "ws://localhost" : location.origin.replace(/^http/, "ws");
    this.#channel = make(origin + address, ["calipso.v1", `bearer.${token}`]);
    let refused = "";
    this.#channel.onopen = () => this.listener.opened();
    this.#channel.onmessage = (event) => {
      const frame = JSON.parse(String(event.data)) as Frame;
      if ("error" in frame) refused = frame.error;
      else this.#take(frame);
    };
    this.#channel.onclose = () => {
      if (!this.#over) this.listener.closed(refused);
      this.#over = true;
    };
  }

  #take(frame: Exclude<Frame, { error: string }>): void {
    if (this.#over) return;
    if ("scan" in frame || "message" in frame) {
      this.listener.noticed(frame);
      return;
    }
    if ("lost" in frame || "snapshot" in frame || frame.seq <= this.seq) {
      this.close();
      this.listener.missed();
      return;
    }
    this.seq = frame.seq;
    this.listener.changed(frame.seq, frame.ts, frame.changes);
  }

  close(): void {
    this.#over = true;
    this.#channel.close();
  }
}
