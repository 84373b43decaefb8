import type { JSX } from "preact";

export interface Tab {
  id: string;
  label: string;
}

/** Tabs of a panel; arrows move between them. */
export function Tabs({ tabs, chosen, choose }: { tabs: readonly Tab[]; chosen: string; choose: (id: string) => void }): JSX.Element {
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const next = tabs[(tabs.findIndex((each) => each.id === chosen) + by + tabs.length) % tabs.length];
    event.preventDefault();
    event.stopPropagation();
    if (next) choose(next.id);
    const list = event.currentTarget as HTMLElement;
    requestAnimationFrame(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  return (
    <div class="tabs" role="tablist" onKeyDown={step}>
      {tabs.map((tab) => (
        <button key={tab.id} role="tab" class={tab.id === chosen ? "on" : ""} aria-selected={tab.id === chosen} tabIndex={tab.id === chosen ? 0 : -1} onClick={() => choose(tab.id)}>
          {tab.label}
        </button>
      ))}
    </div>
  );
}
