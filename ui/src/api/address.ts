/** The address of a read: lists separated by commas, what is empty left out. */
export function addressOf(path: string, request: Record<string, unknown>): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined || value === null || value === "" || value === false) continue;
    said.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const query = said.toString();
  return `/api/v1/${path}${query ? `?${query}` : ""}`;
}
