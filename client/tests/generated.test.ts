import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate } from "../scripts/generate.mjs";
import { isEvent, verdictOn } from "../src/wire.js";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const schema = JSON.parse(read("../schema/kith.schema.json"));

test("the checked-in types are those of the schema: else run `npm run generate`", () => {
  expect(read("../src/generated.ts")).toBe(generate(schema));
});

test("each frame of the schema that is no event is known as none", () => {
  const { frames, events } = schema["x-kith"].definitions;
  expect(Object.keys(frames).filter((type) => isEvent({ type }))).toEqual([]);
  expect(Object.keys(events).filter((type) => !isEvent({ type }))).toEqual([]);
});

test("close codes after which coming back is useless stop the client", () => {
  const { close_codes: codes } = schema["x-kith"];
  const stopping = Object.keys(codes).filter((name) => verdictOn(codes[name]) === "stop");
  expect(stopping.sort()).toEqual(["bad_frames", "forbidden"]);
  expect(verdictOn(codes.unauthenticated)).toBe("token");
  expect(["retry", "retry"]).toEqual([verdictOn(codes.restarting), verdictOn(codes.too_many)]);
});
