/** Why a token or a user cannot be called so, as far as that is seen here; "" when it can, and while there is none. */
export function misnamed(name: string, longest: number): string {
  if (name.length > longest) return `${longest} characters at most.`;
  return !name || /^[A-Za-z0-9][A-Za-z0-9._@-]*$/.test(name) ? "" : "Letters, digits and . _ @ -, a letter or digit first.";
}
