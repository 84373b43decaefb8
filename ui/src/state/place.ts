import { computed, signal } from "@preact/signals";
import { format, parse, type Place } from "./url";

/** Where this tab is; the address bar says the same. */
export const place = signal<Place>(parse(location.pathname, location.search));

addEventListener("popstate", () => {
  place.value = parse(location.pathname, location.search);
});

/** Go somewhere: what is not named stays. A step of its own in the history of the tab. */
export function go(change: Partial<Place>): void {
  move(change, "push");
}

/** Change the place without a step in the history: while dragging, or what corrects itself. */
export function settle(change: Partial<Place>): void {
  move(change, "replace");
}

function move(change: Partial<Place>, how: "push" | "replace"): void {
  const next = { ...place.value, ...change };
  if (change.focus !== undefined && !change.more) next.more = { ...next.more, node: "" };
  const address = format(next);
  if (address === format(place.value)) return;
  place.value = next;
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

/** A link to another place, for an `href`. */
export function linkTo(change: Partial<Place>): string {
  return format({ ...place.value, ...change });
}

/** Follow a link within the page, unless another tab is asked for. */
export function follow(event: MouseEvent, change: Partial<Place>): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(change);
}

export const environment = computed(() => place.value.environment);
export const at = computed(() => place.value.at);
/** Whether another moment than now is shown. */
export const frozen = computed(() => place.value.at !== "");
/** What the panel tells of: a part of what is looked at, else that itself. */
export const looked = computed(() => place.value.more["node"] || place.value.focus);
