import { signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "calipso.theme";

/** The theme chosen in this browser; `system`: as the operating system says. */
export const theme = signal<Theme>("system");
/** Counts what changes colours, so that canvases are painted anew. */
export const painted = signal(0);

export function begin(): void {
  const kept = localStorage.getItem(KEY) as Theme | null;
  choose(kept && THEMES.includes(kept) ? kept : "system");
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", () => painted.value++);
  }
}

export function choose(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  painted.value++;
}

export function following(now: Theme): Theme {
  return THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? "system";
}
