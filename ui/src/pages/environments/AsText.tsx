import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { Tried } from "../../api/types";
import { loadEnvironments } from "../../live/store";
import { attempt } from "../../parts/asked";
import { Stated, Trouble } from "../../parts/Said";
import { go } from "../../state/place";
import { visit } from "./Wizard";

const EXAMPLE = "name: prod\nhosts:\n  cmp1: {ssh: {host: 192.0.2.11, user: calipso}}\n  cmp2: {agent: true}\n";

/** An environment as a file: for what the steps do not ask. */
export function AsText(): JSX.Element {
  const text = useSignal("");
  const trouble = useSignal<Problem | null>(null);
  const tried = useSignal<Tried[] | null>(null);
  const busy = useSignal(false);
  const act = async (work: () => Promise<void>): Promise<boolean> => {
    busy.value = true;
    const done = await attempt(work, (problem) => (trouble.value = problem));
    busy.value = false;
    return done;
  };
  const look = (): Promise<boolean> => act(async () => void (tried.value = (await ask("try_environment", { text: text.value })).items));
  const keep = async (): Promise<void> => {
    let name = "";
    const done = await act(async () => {
      ({ name } = await ask("put_environment", { text: text.value }));
      await loadEnvironments();
    });
    if (done) go({ page: "environments", environment: name, focus: "", more: {} });
  };
  return (
    <>
      <div class="bar"><h1>Add environment from a file</h1><span class="grow" /><button class="btn" onClick={() => visit("")}>Leave</button></div>
      <div class="page" tabIndex={0} role="region" aria-label="File">
        <p class="t2">YAML or JSON, as <code>calipso env add FILE</code> takes it, also a document of the original Calipso. An environment of the same name is replaced.</p>
        <textarea class="raw" aria-label="File of the environment" spellcheck={false} placeholder={EXAMPLE} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
        <Trouble problem={trouble.value} />
        <div class="row">
          <button class="btn" disabled={busy.value || !text.value.trim()} onClick={() => void look()}>Look once, keep nothing</button>
          <button class="btn p" disabled={busy.value || !text.value.trim()} onClick={() => void keep()}>Add environment</button>
          {busy.value ? <span class="t2" role="status">working</span> : null}
        </div>
        {tried.value ? (
          <section class="sheet"><table>
            <thead><tr><th scope="col">State</th><th scope="col">Host</th><th scope="col">Source</th><th scope="col" class="num">Records</th><th scope="col">What failed</th></tr></thead>
            <tbody>{tried.value.map((each) => (
              <tr key={`${each.host} ${each.source}`}><td><Stated severity={each.status === "ok" ? "ok" : each.status === "nothing there" ? "unknown" : "error"} word={each.status} /></td><td>{each.host}</td><td>{each.source}</td><td class="num">{each.records}</td><td class="wide">{each.errors.map((error) => error.message).join("\n")}</td></tr>
            ))}</tbody>
          </table></section>
        ) : null}
      </div>
    </>
  );
}
