import type { ScanView } from "../api/types";
import type { Severity } from "../live/severity";

/** A moment as it stands in tables: the day only when it is not today. */
export function when(text: string | undefined, now = Date.now()): string {
  if (!text) return "";
  const date = new Date(text).toISOString();
  return date.slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? date.slice(11, 19) : `${date.slice(0, 10)} ${date.slice(11, 19)}`;
}

/** How long something took. */
export function took(began: string | undefined, ended: string | undefined): string {
  if (!began || !ended) return "";
  return seconds((Date.parse(ended) - Date.parse(began)) / 1000);
}

export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  return value < 100 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
}

const SCANS: Readonly<Record<ScanView["status"], Severity>> = {
  completed: "ok", completed_with_errors: "warn", failed: "error", aborted: "stale", running: "unknown", pending: "unknown", draft: "unknown",
};

export function severityOfScan(status: ScanView["status"]): Severity {
  return SCANS[status];
}

export function ended(scan: ScanView): boolean {
  return ["completed", "completed_with_errors", "failed", "aborted"].includes(scan.status);
}
