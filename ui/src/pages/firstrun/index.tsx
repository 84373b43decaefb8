import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { ask } from "../../api/client";
import { Problem } from "../../api/problem";
import { WAYS } from "../../api/types";
import { environments, loadEnvironments } from "../../live/store";
import { Glyph } from "../../parts/Glyph";
import { ThisHost, Cloud, Moment } from "./Pictures";
import { PAGES } from "..";
import { bind } from "../../state/keys";
import { follow, go, linkTo } from "../../state/place";

const DEMO = "demo";
const HELP = { page: "help" };

interface Way {
  glyph: string;
  title: string;
  says: string;
  act: string;
  note: string;
  run: (() => void) | null;
  picture: () => JSX.Element;
}

/** An empty system: the ways to begin, each with what it needs. */
export function FirstRun(): JSX.Element {
  const looking = useSignal("");
  const trouble = useSignal<Problem | null>(null);
  const begin = async (environment: string, fill: () => Promise<unknown>): Promise<void> => {
    looking.value = environment;
    trouble.value = null;
    try {
      await fill();
      await loadEnvironments();
      go({ page: "map", environment });
    } catch (error) {
      if (error instanceof Problem) trouble.value = error;
    } finally {
      looking.value = "";
    }
  };
  const local = environments.value?.[0]?.name ?? "local";
  const wizard = PAGES.find((page) => page.id === "environments");
  const all: Way[] = [
    { glyph: "host", title: "This host", says: "Namespaces, bridges, ports and tunnels of the machine Calipso runs on.", act: looking.value === local ? "Looking" : "Look at this host", note: "Takes about a second. It only reads.", run: () => void begin(local, () => ask("scan", { environment: local })), picture: ThisHost },
    { glyph: "environment", title: "An environment", says: "OpenStack, Docker or a list of Linux hosts. Connections are tested before anything is kept.", act: "Add environment", note: "From a shell: calipso env add FILE. It reads clouds.yaml and ~/.ssh/config if you wish.", run: wizard ? () => go({ page: "environments", more: { step: "type" } }) : null, picture: Cloud },
    { glyph: "ui-clock", title: "The demo", says: "A recorded cloud of three hosts with a day of history and one fault to find.", act: looking.value === DEMO ? "Opening" : "Open the demo", note: "Works offline. Nothing outside this machine is contacted.", run: "open_demo" in WAYS ? () => void begin(DEMO, () => ask("open_demo", {})) : null, picture: Moment },
  ];
  const ways = all.filter((way) => way.run);
  useLayoutEffect(() => bind(ways.map((way, i) => ({ keys: String(i + 1), does: way.act, run: () => way.run?.() }))), []);
  const help = { href: linkTo(HELP), onClick: (event: MouseEvent) => follow(event, HELP) };
  return (
    <div class="firstrun">
      <h1>Nothing is being watched yet</h1>
      <p class="t2 firstrun-lead">Choose where to begin. Each way only reads, and you can remove it again without a trace.</p>
      {trouble.value ? <div class="callout error" role="alert"><b>{trouble.value.detail}</b> {trouble.value.hint}</div> : null}
      <div class="firstrun-ways">
        {ways.map((way, i) => (
          <section class="card" key={way.title}>
            {way.picture()}
            <h2><Glyph name={way.glyph} size="m" />{way.title}</h2>
            <p class="t2">{way.says}</p>
            <button class={`btn${i === 0 ? " p" : ""}`} disabled={!way.run || looking.value !== ""} aria-describedby={`way-${i}`} onClick={() => way.run?.()}>{way.act}</button>
            <p class="t3 f12" id={`way-${i}`}>{way.note}</p>
          </section>
        ))}
      </div>
      <p class="f12 t2 firstrun-foot"><a {...help}>How Calipso reads a network</a><span>The same from a shell: <code>calipso --help</code></span><span class="grow" /><span>Keyboard: {ways.map((_, i) => <><kbd key={i}>{i + 1}</kbd> </>)}choose, <kbd>?</kbd> all keys</span></p>
    </div>
  );
}
