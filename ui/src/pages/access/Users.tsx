import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ask } from "../../api/client";
import type { Problem } from "../../api/problem";
import type { MadePassword, UserView } from "../../api/types";
import { attempt, useAsked } from "../../parts/asked";
import { Confirm, Field } from "../../parts/Form";
import { Empty, Stated, Trouble, Waiting } from "../../parts/Said";
import { when } from "../../parts/words";
import { lasting } from "../../state/words";
import { Once } from "./Once";
import { misnamed } from "./names";
import { ROLES, type Role } from "./roles";

/** What is about to be done to a user: another role, another password, or an end. */
interface Wanted {
  name: string;
  what: "role" | "reset" | "remove";
  role: Role;
}

/** People who sign in with a password. */
export function Users(): JSX.Element {
  const asked = useAsked("get_users", {}, 15);
  const made = useSignal<MadePassword | null>(null);
  const wanted = useSignal<Wanted | null>(null);
  const trouble = useSignal<Problem | null>(null);
  const act = (): Promise<boolean> => attempt(async () => {
    const { name, what, role } = wanted.value as Wanted;
    if (what === "reset") made.value = await ask("reset_password", { name });
    else await (what === "role" ? ask("change_role", { name, role }) : ask("remove_user", { name }));
    wanted.value = null;
    await asked.again();
  }, (problem) => (trouble.value = problem));
  return (
    <div class="page" tabIndex={0} role="region" aria-label="Users">
      <New done={(answer) => ((made.value = answer), void asked.again())} />
      {made.value ? <Once title={`The password made for ${made.value.about.name} is shown this once`} secret={made.value.password} close={() => (made.value = null)} /> : null}
      <Trouble problem={asked.trouble} again={() => void asked.again()} />
      {!asked.answer && !asked.trouble ? <Waiting /> : null}
      {asked.answer ? <Known users={asked.answer.items} want={(it) => ((trouble.value = null), (wanted.value = it))} /> : null}
      {wanted.value ? <Sure wanted={wanted.value} trouble={trouble.value} act={() => void act()} close={() => (wanted.value = null)} /> : null}
    </div>
  );
}

function Known({ users, want }: { users: readonly UserView[]; want: (it: Wanted) => void }): JSX.Element {
  return (
    <section class="sheet" aria-label="Users there are">
      {users.length ? (
        <table>
          <thead><tr>{["Name", "Role", "Password", "Signed in", "Sessions", ""].map((each) => <th key={each} scope="col">{each || <span class="vh">Actions</span>}</th>)}</tr></thead>
          <tbody>{users.map((each) => (
            <tr key={each.name}>
              <td class="b">{each.name}</td>
              <td><select class="bare" aria-label={`Role of ${each.name}`} value={each.role} onChange={(event) => { want({ name: each.name, what: "role", role: event.currentTarget.value as Role }); event.currentTarget.value = each.role; }}>{ROLES.map((role) => <option key={role.id} value={role.id}>{role.id}</option>)}</select></td>
              <td>{each.once ? <Stated severity={Date.parse(each.once) < Date.now() ? "stale" : "unknown"} word={left(each.once)} /> : <Stated severity="ok" word="chosen" />}</td>
              <td class="mono">{each.seen ? when(each.seen) : "never"}</td><td>{each.sessions}</td>
              <td class="num">
                <button class="btn q" aria-label={`Make ${each.name} another password`} onClick={() => want({ name: each.name, what: "reset", role: each.role })}>Reset password</button>
                <button class="btn q danger" aria-label={`Remove ${each.name}`} onClick={() => want({ name: each.name, what: "remove", role: each.role })}>Remove</button>
              </td>
            </tr>
          ))}</tbody>
        </table>
      ) : <Empty title="There are no users">Whoever has a token comes in without. Users sign in with a password, and the journal tells them apart.</Empty>}
    </section>
  );
}

function left(until: string): string {
  const ms = Date.parse(until) - Date.now();
  return ms > 0 ? `to be chosen within ${lasting(ms)}` : "never chosen, too late now";
}

function Sure({ wanted, trouble, act, close }: { wanted: Wanted; trouble: Problem | null; act: () => void; close: () => void }): JSX.Element {
  const { name, what, role } = wanted;
  const [title, verb, says] = {
    role: [`Make ${name} ${role}`, "Change the role", `A user of this role ${ROLES.find((each) => each.id === role)?.says ?? ""}. Sessions of ${name} end now; after signing in again the new role counts.`],
    reset: [`Make ${name} another password`, "Make another", `The password there is ends now, and so do all sessions. ${name} signs in with the one you are shown, and chooses another.`],
    remove: [`Remove ${name}`, "Remove the user", `All sessions of ${name} end now. Tokens that ${name} made for programs stay: they are under Tokens.`],
  }[what] as [string, string, string];
  return <Confirm title={title} act={verb} run={act} close={close}><p>{says}</p><Trouble problem={trouble} /></Confirm>;
}

function New({ done }: { done: (made: MadePassword) => void }): JSX.Element {
  const [name, role] = [useSignal(""), useSignal<Role>("viewer")];
  const trouble = useSignal<Problem | null>(null);
  const wrong = misnamed(name.value, 60);
  const make = (): Promise<boolean> => attempt(async () => {
    done(await ask("create_user", { name: name.value, role: role.value }));
    name.value = "";
  }, (problem) => (trouble.value = problem));
  return (
    <section class="sheet" aria-label="Add a user">
      <form class="sheet-body" onSubmit={(event) => (event.preventDefault(), void make())}>
        <div class="form">
          <Field label="Signs in as" value={name.value} change={(value) => (name.value = value)} mono wrong={wrong} hint="A name or an address; it stands in the journal." />
          <Field label="Role" value={role.value} change={(value) => (role.value = value as Role)} choices={ROLES.map((each) => ({ value: each.id, label: `${each.id}: ${each.says}` }))} />
        </div>
        <Trouble problem={trouble.value} />
        <div class="row"><button class="btn p" disabled={!name.value || wrong !== ""}>Add user</button></div>
      </form>
    </section>
  );
}
