/** Scans as they are told by list and by notice. Pure. */
import type { ScanView } from "../../api/types";
import type { Notice } from "../../live/feed";
import { ended } from "../../parts/words";

/** The list with what was told since it was asked for; the newest first. An end is never taken back by a late notice. */
export function merged(items: readonly ScanView[], notice: Notice | null, environment: string): ScanView[] {
  if (!notice || !("scan" in notice) || notice.scan.environment !== environment) return [...items];
  const { scan } = notice;
  const there = items.find((each) => each.id === scan.id);
  if (!there) return [scan, ...items];
  if (ended(there) && !ended(scan)) return [...items];
  return items.map((each) => (each.id === scan.id ? { ...each, ...scan } : each));
}

/** How far a scan is, as a sentence. */
export function progressOf(scan: ScanView): string {
  const { progress } = scan;
  if (!progress) return scan.status === "pending" ? "waits for the scan before it" : "not begun";
  return `${progress.done} of ${progress.total} looks`;
}
