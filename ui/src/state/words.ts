/** How figures, moments and names are written. */
const SPACE = " ";

export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, SPACE);
}

export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "12.4 kb/s": three figures, powers of a thousand. */
export function figured(value: number, unit: string): string {
  const powers = ["", "k", "M", "G", "T"];
  let power = 0;
  while (value >= 1000 && power < powers.length - 1) [value, power] = [value / 1000, power + 1];
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toPrecision(3)} ${powers[power]}${unit}`;
}

export function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** A moment as addresses and the API have it, to the whole second before. */
export function moment(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000", "");
}

/** A moment of the API as tables have it: date and time, to the second. */
export function stamp(at: string): string {
  return at.slice(0, 19).replace("T", " ");
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function day(ms: number): string {
  const date = new Date(ms);
  return `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** "4 s", "23 min", "6 h", "3 d": one unit, rounded down. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** Names lose their tail; ids, MACs and device names lose their middle, so that both ends stay comparable. */
export function shortened(text: string, room: number, middle = false): string {
  if (text.length <= room) return text;
  if (room < 2) return "…";
  if (!middle) return `${text.slice(0, room - 1)}…`;
  const head = Math.ceil((room - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (room - 1 - head))}`;
}

/** A value of an attribute as text. */
export function valued(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(valued).join(value.some((each) => typeof each === "object") ? "\n" : ", ");
  if (typeof value === "object") return Object.entries(value).map(([name, each]) => `${name} ${valued(each)}`).join(", ");
  return String(value);
}

/** The last part of an id: what an operator calls it. */
export function tail(id: string): string {
  const part = id.slice(id.lastIndexOf("/") + 1);
  const colon = part.indexOf(":");
  return colon >= 0 ? part.slice(colon + 1) : part;
}
