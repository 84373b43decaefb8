// Makes package-lock.json the same wherever it is written: without addresses (where packages come from is the business of
// npm's own configuration), and with the optional packages of all platforms, also those a mirror does not hold.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const CPU = { arm: "arm", arm64: "arm64", x64: "x64", ia32: "ia32", loong64: "loong64", ppc64: "ppc64", riscv64: "riscv64", s390x: "s390x", mips64el: "mips64el" };
const LIBC = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

/** The platform that a name ends in, as in `@rollup/rollup-linux-arm64-musl`; null for none. */
function platformOf(name) {
  const parts = name.split("/").at(-1).split("-");
  const at = parts.findIndex((part) => part in CPU);
  if (at < 1) return null;
  const libc = LIBC[parts[at + 1]];
  return { cpu: [CPU[parts[at]]], os: [parts[at - 1]], ...(libc && parts[at - 1] === "linux" ? { libc: [libc] } : {}) };
}

for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
  if (/:\/\//.test(entry.deprecated ?? "")) delete entry.deprecated;
}
for (const entry of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = platformOf(name);
    if (!platform || lock.packages[`node_modules/${name}`] || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = { version, dev: true, license: entry.license, optional: true, ...platform };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
