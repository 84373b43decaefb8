import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

// One script, one style sheet, one sprite; names hold a hash of the content, so they may be kept for ever.
export default defineConfig({
  plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
  base: "/",
  build: {
    outDir: "../src/calipso/web/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: true,
  },
});
