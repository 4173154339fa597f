/** Prints what the core costs a page: bundled, minified, gzipped. Fails above the budget. */

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const BUDGET_BYTES = 15_000;

const output = await build({
  configFile: false,
  logLevel: "silent",
  build: {
    write: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: fileURLToPath(new URL("../src/index.ts", import.meta.url)),
      preserveEntrySignatures: "strict",
    },
  },
});
const chunks = [output].flat().flatMap((each) => ("output" in each ? each.output : []));
const code = chunks.map((each) => ("code" in each ? each.code : "")).join("");
const bytes = gzipSync(code, { level: 9 }).length;

console.log(
  `kith-client core: ${(bytes / 1000).toFixed(1)} KB gzipped (${(code.length / 1000).toFixed(1)} KB minified)`,
);
if (bytes > BUDGET_BYTES) {
  console.error(`The budget is ${BUDGET_BYTES / 1000} KB.`);
  process.exitCode = 1;
}
