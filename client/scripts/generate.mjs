/**
 * `src/generated.ts` from `schema/kith.schema.json`: the server's event classes as discriminated unions.
 *
 * @typedef {Record<string, any>} Schema
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SCHEMA = new URL("../schema/kith.schema.json", import.meta.url);
const OUTPUT = new URL("../src/generated.ts", import.meta.url);
const ENVELOPE = new Set(["type", "channel", "ref"]); // of commands: the client fills them in

/** The whole file, for a schema as `manage.py export_schema` writes it. @param {Schema} schema */
export function generate(schema) {
  const kith = schema["x-kith"];
  const defs = schema.$defs;
  const events = Object.entries(kith.definitions.events);
  const parts = [
    "// Made from schema/kith.schema.json by `npm run generate`. Do not edit.",
    ...structs(kith, defs),
    ...events.map(([, name]) => declared(name, defs[name], defs)),
    map(
      "Every event by its `type`.",
      "Events",
      events.map(([type, name]) => `${type}: ${name};`),
    ),
    "export type EventType = keyof Events;",
    "export type EventOf<T extends EventType> = Events[T];",
    "export type ServerEvent = Events[EventType];",
    map(
      "The fields of every command by its `type`; where channels know different commands of one name, of any of them.",
      "Commands",
      commands(kith, defs),
    ),
    "export type CommandName = keyof Commands;",
    "export type FieldsOf<C extends CommandName> = Commands[C];",
    map("What is heard and said on each channel.", "ChannelTypes", channelTypes(kith)),
    oneTopicChannels(kith),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** What events and commands refer to. @param {Schema} kith @param {Schema} defs */
function structs(kith, defs) {
  const roots = [
    ...Object.values(kith.definitions.events),
    ...Object.values(kith.definitions.commands).flatMap((each) => Object.values(each)),
  ];
  const found = new Set();
  const visit = (/** @type {unknown} */ node) => {
    if (typeof node !== "object" || node === null) return;
    const name = "$ref" in node && typeof node.$ref === "string" ? refName(node.$ref) : undefined;
    if (name !== undefined && defs[name].type === "object" && !found.has(name)) {
      found.add(name);
      visit(defs[name]);
    }
    for (const child of Object.values(node)) visit(child);
  };
  for (const root of roots) visit(defs[root]);
  return [...found].sort().map((name) => declared(name, defs[name], defs));
}

/** @param {string} name @param {Schema} schema @param {Schema} defs */
function declared(name, schema, defs) {
  const required = new Set(schema.required);
  const keys = Object.keys(schema.properties).sort((a, b) => rank(a) - rank(b));
  const fields = keys.map((key) => {
    const inner = schema.properties[key];
    return `${doc(inner.description, "  ")}  readonly ${key}${required.has(key) ? "" : "?"}: ${typeOf(inner, defs, key)};`;
  });
  return `${doc(schema.description)}export interface ${name} {\n${fields.join("\n")}\n}`;
}

/** First what every event has, then its own, as the schema orders them. @param {string} key */
function rank(key) {
  const place = ["type", "channel", "id", "timestamp"].indexOf(key);
  return place < 0 ? 4 : place;
}

/** @param {Schema} kith @param {Schema} defs */
function commands(kith, defs) {
  /** @type {Map<string, Set<string>>} */
  const byName = new Map();
  for (const [channel, ofChannel] of Object.entries(kith.definitions.commands)) {
    if (channel === "") continue; // the socket's own: the client sends them by itself
    for (const [name, definition] of Object.entries(ofChannel)) {
      byName.set(name, (byName.get(name) ?? new Set()).add(fieldsOf(defs[definition], defs)));
    }
  }
  return [...byName].sort().map(([name, shapes]) => `${name}: ${[...shapes].join(" | ")};`);
}

/** @param {Schema} schema @param {Schema} defs */
function fieldsOf(schema, defs) {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties)
    .filter(([key]) => !ENVELOPE.has(key))
    .map(([key, inner]) => `readonly ${key}${required.has(key) ? "" : "?"}: ${typeOf(inner, defs, key)}`);
  return fields.length === 0 ? "Readonly<Record<never, never>>" : `{ ${fields.join("; ")} }`;
}

/** @param {Schema} kith */
function channelTypes(kith) {
  return Object.entries(kith.channels).map(([pattern, { events, commands: taken }]) => {
    const union = (/** @type {string[]} */ names) =>
      names.map((name) => JSON.stringify(name)).join(" | ") || "never";
    return `${JSON.stringify(pattern)}: {\n    events: ${union(events)};\n    commands: ${union(taken)};\n  };`;
  });
}

/** @param {Schema} kith */
function oneTopicChannels(kith) {
  const patterns = Object.entries(kith.channels)
    .filter(([, { several_topics }]) => several_topics === false)
    .map(([pattern]) => `/^${pattern.replaceAll("/", "\\/").replace(/<[a-z_]+>/g, "[^/]+")}$/`);
  const comment = "Channels of one topic: there, and only there, the `id` of an event is a cursor, too.";
  return `/** ${comment} */\nexport const ONE_TOPIC_CHANNELS: readonly RegExp[] = [${patterns.join(", ")}];`;
}

/** A schema as a TypeScript type. @param {Schema} schema @param {Schema} defs @param {string} key @returns {string} */
function typeOf(schema, defs, key) {
  if (schema.$ref !== undefined) {
    const name = refName(schema.$ref);
    return defs[name].type === "object" ? name : typeOf(defs[name], defs, key);
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return schema.enum.map((/** @type {unknown} */ each) => JSON.stringify(each)).join(" | ");
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    return [...new Set(alternatives.map((/** @type {Schema} */ each) => typeOf(each, defs, key)))].join(
      " | ",
    );
  }
  switch (schema.type) {
    case "integer":
    case "number":
      return "number";
    case "string":
      // Only a channel's pattern says what a type can say: its segments.
      return key === "channel" && schema.pattern ? channelName(schema.pattern) : "string";
    case "boolean":
    case "null":
      return schema.type;
    case "array":
      return `ReadonlyArray<${typeOf(schema.items ?? {}, defs, "")}>`;
    case "object":
      if (schema.additionalProperties === false) return "Readonly<Record<never, never>>";
      return `Readonly<Record<string, ${typeOf(schema.additionalProperties ?? {}, defs, "")}>>`;
    case undefined:
      return "unknown";
    default:
      throw new Error(`${key}: a type of which nothing is known: ${JSON.stringify(schema)}`);
  }
}

/** `^messages/[^/]+$` as a template literal type. @param {string} pattern */
function channelName(pattern) {
  return `\`${pattern.replace(/^\^|\$$/g, "").replaceAll("[^/]+", "$" + "{string}")}\``;
}

/** @param {string} ref */
function refName(ref) {
  return ref.replace("#/$defs/", "");
}

/** @param {string | undefined} text @param {string} indent */
function doc(text, indent = "") {
  if (text === undefined) return "";
  const lines = text.split("\n");
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`).join("\n")}\n${indent} */\n`;
}

/** @param {string} description @param {string} name @param {string[]} entries */
function map(description, name, entries) {
  return `${doc(description)}export interface ${name} {\n${entries.map((each) => `  ${each}`).join("\n")}\n}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(OUTPUT, generate(JSON.parse(readFileSync(SCHEMA, "utf8"))));
}
