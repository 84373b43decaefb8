import type { JSX } from "preact";

/** What each way leads to, as a sketch; decoration. */
export function ThisHost(): JSX.Element {
  return (
    <svg class="firstrun-picture scene" viewBox="0 0 300 120" aria-hidden="true">
      <rect class="tile" x="50" y="22" width="200" height="76" rx="5" />
      <use href="#g-host" x="60" y="30" width="14" height="14" class="kv-p" /><text x="80" y="42" class="bb">this host</text>
      {["ns1", "br0", "eth0"].map((name, i) => (
        <g key={name}>
          {i ? <path class="lk" d={`M${44 + i * 66} 72h16`} /> : null}
          <rect class="plate2" x={60 + i * 66} y="58" width="50" height="28" rx="3" />
          <use href={`#g-${["netns", "vconnector", "host_pnic"][i]}`} x={64 + i * 66} y="66" width="12" height="12" class="kv-v" /><text x={79 + i * 66} y="76" class="mono s11">{name}</text>
        </g>
      ))}
    </svg>
  );
}

export function Cloud(): JSX.Element {
  return (
    <svg class="firstrun-picture scene" viewBox="0 0 300 120" aria-hidden="true">
      <path class="lk" d="M150 42v10M83 68V52h134v16M150 52v16" />
      <rect class="tile" x="105" y="16" width="90" height="26" rx="4" /><use href="#g-environment" x="112" y="22" width="14" height="14" class="kv-v" /><text x="131" y="33" class="s11">OpenStack</text>
      {[53, 120, 187].map((x) => <g key={x}><rect class="tile" x={x} y="68" width="60" height="34" rx="4" /><use href="#g-host" x={x + 8} y="78" width="14" height="14" class="kv-p" /></g>)}
    </svg>
  );
}

const HEIGHTS = [4, 9, 7, 14, 6, 8, 11, 7, 9, 6, 12, 8, 40, 26, 12, 8, 6, 7, 5, 7];

export function Moment(): JSX.Element {
  return (
    <svg class="firstrun-picture scene" viewBox="0 0 300 120" aria-hidden="true">
      {HEIGHTS.map((height, i) => <rect key={i} class={height > 20 ? "cell e" : "cell"} x={52 + i * 10} y={80 - height} width="6" height={height} />)}
      <path class="lk" d="M48 80.500H254" /><path class="lk past-line" d="M168 26V88" /><circle class="past-dot" cx="168" cy="26" r="5" />
      <text x="168" y="104" class="x2 s11" text-anchor="middle">go back to just before</text>
    </svg>
  );
}
