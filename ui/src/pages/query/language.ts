/** What is typed: its colours, its places, what may come next, and how a mistake is mended. Pure. */
import { KEYS, PREDICATES, STEPS, VIEWS } from "../../api/languages";

export type Language = "gremlin" | "sql";
export interface Token {
  text: string;
  tone: "" | "step" | "string" | "number";
}
export interface Choice {
  /** What stands there afterwards. */
  text: string;
  doc: string;
}
export interface Completion {
  /** Where what is replaced begins. */
  from: number;
  choices: Choice[];
}
/** Names that come from what is there. */
export interface Vocabulary {
  kinds: readonly string[];
  types: readonly string[];
  attributes: readonly string[];
  hosts: readonly string[];
}

const SQL_WORDS = ["SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "JOIN", "LEFT JOIN", "ON", "AND", "OR", "NOT", "IN", "LIKE", "IS NULL", "AS", "COUNT(*)", "DISTINCT", "HAVING", "UNION", "CASE", "WHEN", "THEN", "ELSE", "END", "WITH"];
const TOKEN = /('(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.)*"?)|(\b\d+(?:\.\d+)?\b)|([A-Za-z_]\w*)|([\s\S])/g;
const MOST = 12;
const WORDS = new Set(SQL_WORDS.flatMap((each) => each.toLowerCase().match(/[a-z]+/g) ?? []));

/** Text as pieces with a colour each; together they are the text. */
export function tokens(text: string, language: Language): Token[] {
  const found: Token[] = [];
  for (const [piece, string, number, word] of text.matchAll(TOKEN)) {
    const step = word && (language === "sql" ? WORDS.has(word.toLowerCase()) : /^\s*\(/.test(text.slice(offset(found) + word.length)));
    const tone = string ? "string" : number ? "number" : step ? "step" : "";
    const last = found.at(-1);
    if (last && last.tone === tone) last.text += piece;
    else found.push({ text: piece, tone });
  }
  return found;
}

function offset(found: readonly Token[]): number {
  return found.reduce((sum, each) => sum + each.text.length, 0);
}

export interface Spot {
  line: number;
  column: number;
  from: number;
  to: number;
}

/** The place a problem is at: line and column from 1, and the word that stands there. */
export function spotOf(text: string, position: number): Spot {
  const from = Math.min(Math.max(0, position), text.length);
  const before = text.slice(0, from);
  const word = /^(?:\w+|'[^']*'?|"[^"]*"?|\S)/.exec(text.slice(from))?.[0] ?? "";
  return { line: before.split("\n").length, column: from - (before.lastIndexOf("\n") + 1) + 1, from, to: from + word.length };
}

/** What the server proposes instead of the word at the place, as one change of the text. */
export function mending(text: string, detail: string, position: number | null): { label: string; text: string } | null {
  if (position === null) return null;
  const wanted = /did you mean '([^']+)'/.exec(detail)?.[1];
  const spot = spotOf(text, position);
  const word = text.slice(spot.from, spot.to);
  if (wanted && word) return { label: `Put ${wanted} for ${word}`, text: text.slice(0, spot.from) + wanted + text.slice(spot.to) };
  if (/expected '?\)'?/.test(detail)) return { label: "Insert )", text: `${text.slice(0, spot.from)})${text.slice(spot.from)}` };
  return null;
}

/** What may stand at the caret. */
export function completions(text: string, caret: number, language: Language, names: Vocabulary): Completion | null {
  const before = text.slice(0, caret);
  return language === "sql" ? ofSql(text, before, names) : ofGremlin(before, names);
}

function ofGremlin(before: string, names: Vocabulary): Completion | null {
  const step = /\.(\w*)$/.exec(before);
  const last = before.length - (step?.[1]?.length ?? 0);
  if (step) return fitting(STEPS.map(([name, doc]) => ({ text: `${name}(`, doc })), step[1] ?? "", last);
  const quoted = /(\w+)\(([^()]*)(['"])([^'"]*)$/.exec(before);
  if (quoted && before.split(quoted[3] ?? "'").length % 2 === 0) {
    const [, call = "", earlier = "", quote = "'", word = ""] = quoted;
    return fitting(valuesOf(call, earlier, names).map((each) => ({ text: `${each}${quote}`, doc: "" })), word, before.length - word.length);
  }
  const bare = /[(,]\s*([A-Za-z]\w*)$/.exec(before);
  if (bare) return fitting(PREDICATES.map(([name, doc]) => ({ text: `${name}(`, doc })), bare[1] ?? "", before.length - (bare[1]?.length ?? 0));
  return before.trim() === "" || before === "G" ? { from: 0, choices: [{ text: "G.V()", doc: "All objects" }, { text: "G.E()", doc: "All links" }] } : null;
}

/** Keys come first and third, values of the key before them. */
function valuesOf(call: string, earlier: string, names: Vocabulary): readonly string[] {
  const said = earlier.split(",").map((each) => each.trim().replace(/['"]/g, "")).filter(Boolean);
  const key = said.length % 2 ? said.at(-1)?.toLowerCase() : "";
  if (key === "kind") return names.kinds;
  if (key === "type") return names.types;
  if (key === "host") return names.hosts;
  if (key === "state") return ["UP", "DOWN"];
  if (/^(within|without|regex)$/i.test(call)) return [...names.types, ...names.kinds, ...names.hosts];
  if (/^(hasLabel|Out|In|Both|OutE|InE|BothE)$/i.test(call)) return names.types;
  return key ? [] : [...KEYS, ...names.attributes.filter((each) => !KEYS.includes(each))];
}

function ofSql(text: string, before: string, names: Vocabulary): Completion | null {
  const word = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? "";
  const from = before.length - word.length;
  const quoted = (before.match(/'/g) ?? []).length % 2 === 1;
  if (quoted) {
    const part = /'([^']*)$/.exec(before)?.[1] ?? "";
    return fitting([...names.kinds, ...names.types, ...names.hosts].map((each) => ({ text: `${each}'`, doc: "" })), part, before.length - part.length);
  }
  if (!word) return null;
  const used = Object.keys(VIEWS).filter((name) => new RegExp(`\\b${name}\\b`, "i").test(text));
  const after = /\b(from|join)\s+\w*$/i.test(before);
  const columns = (used.length ? used : Object.keys(VIEWS)).flatMap((name) => (VIEWS[name] ?? []).map((column) => ({ text: column, doc: name })));
  const views = Object.keys(VIEWS).map((name) => ({ text: name, doc: "view" }));
  return fitting(after ? views : [...columns, ...SQL_WORDS.map((each) => ({ text: each, doc: "" })), ...views], word, from);
}

function fitting(all: readonly Choice[], word: string, from: number): Completion | null {
  const small = word.toLowerCase();
  const seen = new Set<string>();
  const unique = all.filter((each) => !seen.has(each.text) && seen.add(each.text));
  const begins = unique.filter((each) => each.text.toLowerCase().startsWith(small));
  const holds = small.length > 1 ? unique.filter((each) => !begins.includes(each) && each.text.toLowerCase().includes(small)) : [];
  const choices = [...begins, ...holds].filter((each) => each.text !== word).slice(0, MOST);
  return choices.length ? { from, choices } : null;
}
