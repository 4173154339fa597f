import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const client = fileURLToPath(new URL("..", import.meta.url));
const page = new URL("../../docs/client.md", import.meta.url);
// Below node_modules: there the compiler finds React's types, and git and the linter do not look.
const folder = `${client}node_modules/.docs`;

interface Block {
  readonly line: number;
  readonly extension: string;
  readonly code: string;
}

function blocks(markdown: string): Block[] {
  const found = markdown.matchAll(/^```(tsx?)\n(.*?)^```$/gms);
  return [...found].map(({ 1: extension = "", 2: code = "", index }) => {
    return { line: markdown.slice(0, index).split("\n").length, extension, code };
  });
}

/** What earlier blocks of the page have introduced. */
function preamble(code: string): string {
  const known =
    'import type { KithClient as GivenClient } from "kith-client";\ndeclare const client: GivenClient;\n';
  return /\bclient\b/.test(code) && !/\bconst client\b/.test(code) ? known : "";
}

test("the code of docs/client.md compiles", { timeout: 60_000 }, async () => {
  const found = blocks(readFileSync(page, "utf8"));
  expect(found.length).toBeGreaterThan(3);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = found.map(({ line, extension }) => `line-${line}.${extension}`);
  for (const [index, { code }] of found.entries()) {
    writeFileSync(`${folder}/${files[index]}`, `${preamble(code)}${code}\nexport {};\n`);
  }
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, types: [] };
  const environment = "../../src/env.d.ts";
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({
      extends: "../../tsconfig.json",
      compilerOptions,
      files: [...files, environment],
      include: [],
    }),
  );
  const tsc = `${client}node_modules/.bin/tsc`;
  const { stdout } = await promisify(execFile)(tsc, ["--project", folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe("");
});
