/**
 * `millrace token new`: a token for callers of a broker.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { systemClock } from "../../src/async/clock.ts";
import { wait } from "../../src/async/wait.ts";
import { createTokens, digestOfToken, type TokenRecord } from "../../src/broker/access/tokens.ts";
import { UsageError } from "./options.ts";
import type { TokenConfig } from "./token-flags.ts";

/** What a token begins with, so that scanners of secrets know it. */
const prefix = "mr_";

/**
 * Makes a token.
 *
 * @returns What is to be printed.
 * @throws {UsageError} If it is not asked for in the right words.
 */
export async function runToken(words: readonly string[], config: TokenConfig): Promise<string> {
  if (words[0] !== "new") {
    throw new UsageError(`Nothing to do with tokens is called '${words[0] ?? ""}', expected 'new'`);
  }
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const token = prefix + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const sha256 = await digestOfToken(token);
  const { scope, queue, type, budget, uniqueKey, authFile } = config;
  const record: TokenRecord = {
    name: config.name ?? `token-${sha256.slice(0, 8)}`,
    sha256,
    scopes: scope,
    ...queue && { queues: queue },
    ...type && { types: type },
    ...budget && { budgets: budget },
    ...uniqueKey && { uniqueKeys: uniqueKey },
  };
  try {
    createTokens([record]);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (authFile === undefined) {
    return `${token}\n\nPut this into the file of 'millrace serve --auth-file':\n\n${
      toText([record])
    }`;
  }
  await add(authFile, record);
  return `${token}\n`;
}

/** Adds a record to a file, which is there whole at any moment. A symbolic link to it stays one. */
async function add(given: string, record: TokenRecord): Promise<void> {
  const path = await realpath(given).catch(() => given);
  await inTurn(path, async () => {
    let others: object = {};
    let tokens: readonly TokenRecord[] = [];
    try {
      ({ tokens = [], ...others } = JSON.parse(await readFile(path, "utf8")));
      createTokens(tokens);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ENOENT") {
        throw new UsageError(`Cannot add to '${path}': ${(error as Error).message}`);
      }
    }
    const part = `${path}-${randomUUID()}`;
    try {
      await writeFile(part, toText([...tokens, record], others), { flag: "wx", mode: 0o600 });
      await rename(part, path);
    } finally {
      await rm(part, { force: true });
    }
  });
}

/** How long a program waits for another that adds to the file, and how often it looks, in ms. */
const patienceMs = 10_000;
const lookEveryMs = 20;

/** Does work while no other program does any for that file: of two that read the same, one would undo what the other did. */
async function inTurn(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  const { signal } = new AbortController();
  const until = systemClock.monotonic() + patienceMs;
  for (;;) {
    try {
      await writeFile(lock, "", { flag: "wx", mode: 0o600 });
      break;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") {
        throw new UsageError(`Cannot add to '${path}': ${(error as Error).message}`);
      }
      if (systemClock.monotonic() > until) {
        throw new UsageError(
          `Cannot add to '${path}': '${lock}' is there, remove it if no other program adds a token`,
        );
      }
      await wait(lookEveryMs, systemClock, signal);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function toText(tokens: readonly TokenRecord[], others: object = {}): string {
  return `${JSON.stringify({ tokens, ...others }, null, 2)}\n`;
}
