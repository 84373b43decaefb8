import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { connection, nextTry, offlineSince, revision, trouble } from "../live/store";
import { Glyph } from "../parts/Glyph";
import { frozen, go, place } from "../state/place";
import { clock, count, lasting } from "../state/words";
import { changeNear } from "./Timebar";

/** The line under the top bar: not connected, or not now. Nothing otherwise. */
export function Note(): JSX.Element | null {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (connection.value === "offline" && offlineSince.value) {
    return (
      <div class="note off" role="status">
        <Glyph name="st-warn" size="s" />
        <b>No connection for {lasting(now.value - offlineSince.value)}.</b>
        <span class="trunc">Frozen at revision {count(revision.value)}. Tries again in {lasting(Math.max(0, nextTry.value - now.value))}.</span>
      </div>
    );
  }
  if (!frozen.value) return null;
  const moment = Date.parse(place.value.at);
  if (place.value.page === "changes") {
    return (
      <div class="note" role="region" aria-label="Moment shown">
        <Glyph name="ui-compare" size="s" />
        <b class="nowrap">Comparing two moments.</b>
        <span class="trunc grow">{place.value.against ? `A ${clock(Date.parse(place.value.against))} with ` : "An hour before with "}B {clock(moment)}. New changes keep arriving and are not shown here.</span>
        <button class="btn" onClick={() => go({ at: "" })}>Back to live <kbd>l</kbd></button>
      </div>
    );
  }
  return (
    <div class="note" role="region" aria-label="Moment shown">
      <Glyph name="ui-clock" size="s" />
      <b class="nowrap">You are looking at {clock(moment)}, {lasting(now.value - moment)} ago.</b>
      <span class="trunc grow">{trouble.value ? trouble.value.detail : "Nothing here is live. Running captures and scans go on."}</span>
      <button class="btn" onClick={() => changeNear(-1)}><Glyph name="ui-prev" size="s" />Change before</button>
      <button class="btn" onClick={() => changeNear(1)}>Change after<Glyph name="ui-next" size="s" /></button>
      <button class="btn" onClick={() => go({ at: "" })}>Back to live <kbd>l</kbd></button>
    </div>
  );
}
