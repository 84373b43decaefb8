import type { JSX } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { token } from "../api/session";
import { environments, picture } from "../live/store";
import { FirstRun } from "../pages/firstrun";
import { PAGES } from "../pages";
import { said } from "../state/announce";
import { bind, type Key } from "../state/keys";
import { frozen, go, place, settle } from "../state/place";
import { KeyList, keyListOpen } from "./KeyList";
import { Note } from "./Note";
import { Rail } from "./Rail";
import { search } from "./Search";
import { SignIn } from "./SignIn";
import { Timebar, changeNear, compare, stepMinutes } from "./Timebar";
import { Top } from "./Top";

export function App(): JSX.Element {
  if (!token.value) return <SignIn />;
  return <Frame />;
}

function Frame(): JSX.Element {
  useLayoutEffect(() => bind(keys()), []);
  useEffect(chooseEnvironment, [environments.value, place.value.environment]);
  const page = PAGES.find((each) => each.id === place.value.page);
  const empty = environments.value !== null && nothingWatched() && !page?.always;
  const Main = page?.main;
  const Panel = page?.panel;
  return (
    <>
      <a class="skip" href="#main">Skip to the page</a>
      <div class={`app${frozen.value ? " frozen" : ""}`}>
        <Top />
        <Rail />
        <Note />
        <main class="main" id="main" tabIndex={-1}>
          {empty ? <FirstRun /> : Main ? <Main /> : <NoPage />}
        </main>
        {!empty && Panel ? <Panel /> : null}
        <Timebar />
      </div>
      <div class="vh" role="status" aria-live="polite">{said.value}</div>
      <KeyList />
    </>
  );
}

function NoPage(): JSX.Element {
  return (
    <div class="pad">
      <h1 class="f18">There is no page “{place.value.page}”</h1>
      <p class="t2">The link may be from another version. <a href="/map">Open the map</a></p>
    </div>
  );
}

/** Nothing to show and nowhere to go: no environment holds an object. */
function nothingWatched(): boolean {
  return (environments.value ?? []).every((each) => each.objects === 0) && (picture.value?.things.size ?? 0) === 0;
}

/** The environment the address names, else the one that holds most. */
function chooseEnvironment(): void {
  const known = environments.value;
  if (!known?.length || place.value.environment) return;
  const most = [...known].sort((one, other) => other.hosts.length - one.hosts.length || other.objects - one.objects)[0];
  if (most) settle({ environment: most.name });
}

function keys(): Key[] {
  return [
    { keys: "/", does: "search", run: () => search.open() },
    ...PAGES.map((page) => ({ keys: `g ${page.key}`, does: `go to ${page.label}`, run: () => go({ page: page.id }) })),
    { keys: "l", does: "back to live", run: () => go({ at: "" }) },
    { keys: ",", does: "one minute back", run: () => stepMinutes(-1) },
    { keys: ".", does: "one minute on", run: () => stepMinutes(1) },
    { keys: "[", does: "change before", run: () => changeNear(-1) },
    { keys: "]", does: "change after", run: () => changeNear(1) },
    { keys: "c", does: "compare this moment with now", run: compare },
    { keys: "v", does: "picture or table twin", run: () => go({ twin: !place.value.twin }) },
    { keys: "Escape", does: "close the topmost thing", run: () => (keyListOpen.value ? (keyListOpen.value = false) : go({ focus: "" })) },
    { keys: "?", does: "all keys", run: () => (keyListOpen.value = true) },
  ];
}
