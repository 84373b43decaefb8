/** Where one is: everything a link to a screen carries. Pure: text to place and back. */
export interface Place {
  page: string;
  environment: string;
  /** The id of the object looked at, "" for none. */
  focus: string;
  /** The other end of a conversation. */
  peer: string;
  /** Ids of groups that are open beside what zoom opens. */
  open: readonly string[];
  filter: string;
  /** The moment shown, as RFC 3339, "" for now. */
  at: string;
  /** The other moment of a comparison. */
  against: string;
  /** Hours the time bar spans. */
  span: number;
  group: string;
  layers: readonly string[];
  /** A query whose answer is highlighted. */
  highlight: string;
  /** The part of a panel that is open. */
  tab: string;
  /** The picture's twin as a table or tree, instead of it. */
  twin: boolean;
  /** What single pages keep for themselves. */
  more: Readonly<Record<string, string>>;
}

export const NOWHERE: Place = {
  page: "map", environment: "", focus: "", peer: "", open: [], filter: "", at: "", against: "", span: 6, group: "host",
  layers: ["layer2", "overlay"], highlight: "", tab: "", twin: false, more: {},
};

const NAMES: Readonly<Record<string, string>> = {
  environment: "env", focus: "focus", peer: "peer", filter: "filter", at: "at", against: "against", group: "group",
  highlight: "highlight", tab: "tab",
};
const OTHERS = new Set([...Object.values(NAMES), "open", "span", "layers", "twin"]);

/** The place an address names; what it does not say is as in `NOWHERE`. */
export function parse(path: string, search: string): Place {
  const said = new URLSearchParams(search);
  const text = (name: string, otherwise: string): string => said.get(name) ?? otherwise;
  const list = (name: string, otherwise: readonly string[]): readonly string[] => {
    const value = said.get(name);
    return value === null ? otherwise : value.split(",").filter(Boolean).map(decodeURIComponent);
  };
  const span = Number(said.get("span"));
  const more: Record<string, string> = {};
  for (const [name, value] of said) if (!OTHERS.has(name)) more[name] = value;
  return {
    page: path.replace(/^\/+|\/+$/g, "") || NOWHERE.page,
    environment: text("env", ""), focus: text("focus", ""), peer: text("peer", ""), open: list("open", []),
    filter: text("filter", ""), at: text("at", ""), against: text("against", ""),
    span: span > 0 && span <= 24 * 366 ? span : NOWHERE.span,
    group: text("group", NOWHERE.group), layers: list("layers", NOWHERE.layers), highlight: text("highlight", ""),
    tab: text("tab", ""), twin: said.get("twin") === "1", more,
  };
}

/** The address of a place: short, the same for the same place. */
export function format(place: Place): string {
  const said = new URLSearchParams();
  for (const [field, name] of Object.entries(NAMES)) {
    const value = place[field as keyof Place] as string;
    if (value && value !== NOWHERE[field as keyof Place]) said.set(name, value);
  }
  if (place.open.length) said.set("open", place.open.map(encodeURIComponent).join(","));
  if (place.span !== NOWHERE.span) said.set("span", String(place.span));
  if (place.layers.join() !== NOWHERE.layers.join()) said.set("layers", place.layers.map(encodeURIComponent).join(","));
  if (place.twin) said.set("twin", "1");
  for (const name of Object.keys(place.more).sort()) if (place.more[name]) said.set(name, place.more[name] as string);
  const query = said.toString();
  return `/${place.page}${query ? `?${query}` : ""}`;
}
