import type { JSX } from "preact";
import { leave } from "../../api/client";
import { Tabs } from "../../parts/Tabs";
import { go, place } from "../../state/place";
import { Journal } from "./Journal";
import { Tokens } from "./Tokens";
import { Users } from "./Users";
import { You } from "./You";

const TABS = [{ id: "", label: "You" }, { id: "users", label: "Users" }, { id: "tokens", label: "Tokens" }, { id: "journal", label: "Who did what" }];

export function AccessPage(): JSX.Element {
  const tab = place.value.more["tab2"] ?? "";
  return (
    <>
      <div class="bar">
        <h1>Access</h1>
        <Tabs tabs={TABS} chosen={tab} choose={(id) => go({ more: { ...place.value.more, tab2: id } })} />
        <span class="grow" /><button class="btn" onClick={() => void leave()}>Sign this tab out</button>
      </div>
      {tab === "users" ? <Users /> : tab === "tokens" ? <Tokens /> : tab === "journal" ? <Journal /> : <You />}
    </>
  );
}
