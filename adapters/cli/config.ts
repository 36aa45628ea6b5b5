/**
 * `millrace config`: the settings of a running broker.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { type ConfigClient, type ConfigValue, createConfig } from "../../src/client/mod.ts";
import { readConfigValue, toConfigBody } from "../../src/protocol/config.ts";
import { MessageError } from "../../src/protocol/schema.ts";
import { toFetch } from "./connection.ts";
import type { ConfigConfig } from "./control-flags.ts";
import { UsageError } from "./options.ts";

interface Action {
  /** What its arguments are called, in their order. */
  readonly takes: readonly string[];
  run(config: ConfigClient, args: readonly string[], clear: boolean): Promise<string>;
}

const actions: Readonly<Record<string, Action>> = {
  list: { takes: [], run: list },
  get: {
    takes: ["KEY"],
    run: async (config, [key]) => show((await config.get(key!)).value),
  },
  set: {
    takes: ["KEY", "VALUE"],
    async run(config, [key, text]) {
      const { value } = await config.set(key!, readValue(key!, parse(text!, `Value '${text}'`)));
      return `${key} is ${show(value)}`;
    },
  },
  unset: {
    takes: ["KEY"],
    async run(config, [key]) {
      await config.unset(key!);
      return `${key} is ${show((await config.get(key!)).value)}`;
    },
  },
  dump: { takes: [], run: dump },
  load: { takes: ["FILE"], run: load },
};

/**
 * Runs one action.
 *
 * @returns What is to be printed.
 * @throws {UsageError} If the arguments cannot be understood.
 */
export async function runConfig(
  [action, ...args]: readonly string[],
  config: ConfigConfig,
): Promise<string> {
  const { url, token, clear } = config;
  const names = "'list', 'get', 'set', 'unset', 'dump' or 'load'";
  if (action === undefined) throw new UsageError(`No action is given, expected ${names}`);
  if (!Object.hasOwn(actions, action)) {
    throw new UsageError(`Action '${action}' is unknown, expected ${names}`);
  }
  const { takes, run } = actions[action]!;
  if (args.length < takes.length) {
    throw new UsageError(
      `No ${takes[args.length]} is given, expected '${action} ${takes.join(" ")}'`,
    );
  }
  const extra = args[takes.length];
  if (extra !== undefined) throw new UsageError(`Argument '${extra}' is one too many`);
  if (clear && action !== "load") {
    throw new UsageError(`Flag '--clear' is for 'load', and not for '${action}'`);
  }
  return await run(createConfig({ url, token, fetch: toFetch(config) }), args, clear);
}

async function list(config: ConfigClient): Promise<string> {
  const settings = await config.list();
  const width = Math.max(...settings.map(({ key }) => key.length)) + 2;
  return settings.map(({ key, value, unit, isSet, default: fallback }) => {
    const origin = isSet ? `set, default ${show(fallback)}` : "default";
    return `${key.padEnd(width)}${show(value)} ${unit} (${origin})`;
  }).join("\n");
}

async function dump(config: ConfigClient): Promise<string> {
  const set = (await config.list()).filter(({ isSet }) => isSet);
  return JSON.stringify(
    Object.fromEntries(set.map(({ key, value }) => [key, toWire(value)])),
    undefined,
    2,
  );
}

async function load(
  config: ConfigClient,
  [file]: readonly string[],
  clear: boolean,
): Promise<string> {
  const content = parse(await readText(file!), `File '${file}'`);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(`File '${file}' has no object, expected what 'dump' prints`);
  }
  const values = Object.entries(content).map(([key, wire]) => [key, readValue(key, wire)] as const);
  const known = await config.list();
  // All of it is looked at before anything is changed.
  for (const [key] of values) {
    if (known.every((setting) => setting.key !== key)) {
      throw new UsageError(`File '${file}' has the key '${key}', expected one that 'list' prints`);
    }
  }
  const gone = clear ? known.filter(({ key, isSet }) => isSet && !Object.hasOwn(content, key)) : [];
  for (const { key } of gone) await config.unset(key);
  for (const [key, value] of values) await config.set(key, value);
  return `Set ${values.length}, unset ${gone.length}`;
}

async function readText(file: string): Promise<string> {
  try {
    if (file !== "-") return await readFile(file, "utf8");
    let text = "";
    for await (const piece of process.stdin.setEncoding("utf8")) text += piece;
    return text;
  } catch (error) {
    throw new UsageError(`File '${file}' cannot be read: ${(error as Error).message}`);
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${what} is no JSON, expected such as 5000`);
  }
}

function readValue(key: string, wire: unknown): ConfigValue {
  try {
    return readConfigValue(wire);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new UsageError(`Value of '${key}' cannot be sent: ${error.message}`);
  }
}

function toWire(value: ConfigValue): unknown {
  return toConfigBody(value).value;
}

function show(value: ConfigValue): string {
  return JSON.stringify(toWire(value));
}
