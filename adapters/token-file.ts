/**
 * Tokens in a file, which is read again when it changes.
 *
 * @module
 */

import { readFile, stat } from "node:fs/promises";
import { systemClock } from "../src/async/clock.ts";
import { createTokens, type TokenList, type TokenRecord } from "../src/broker/access/tokens.ts";
import type { Authenticate } from "../src/broker/access/grant.ts";
import { guardLogger } from "../src/guard-logger.ts";
import type { Logger } from "../src/log.ts";

/** How {@linkcode openTokenFile} looks at its file. */
export interface TokenFileOptions {
  /**
   * How often the file is looked at, in ms, while calls come.
   *
   * @default {2000}
   */
  readonly intervalMs?: number | undefined;
  /** Told when the tokens were read again, and when they could not be; by default the latter, on the console. */
  readonly logger?: Logger | false | undefined;
}

/**
 * Reads the tokens of a broker from a JSON file, `{"tokens": [{"name", "sha256", "scopes", …}]}`. While calls come, the file is
 * looked at now and then, so that tokens are given and taken away without a restart. If it cannot be read any more, the last
 * good tokens hold, and the log says so.
 *
 * @param path The file.
 * @param options How often it is looked at.
 * @returns For the `auth` of a broker.
 * @throws {TypeError} If the file cannot be read, or is not as it has to be; the message names file and member.
 */
export async function openTokenFile(
  path: string,
  { intervalMs = 2000, logger }: TokenFileOptions = {},
): Promise<Authenticate> {
  const log = guardLogger(logger);
  let seen = await versionOf(path);
  const tokens = createTokens([]);
  await read(path, tokens);
  let lookAt = systemClock.monotonic() + intervalMs;
  let looking: Promise<void> | undefined;

  const look = async () => {
    try {
      const version = await versionOf(path);
      if (version === seen) return;
      seen = version; // Also of a file that is wrong: that is told once.
      log.info(`Read ${await read(path, tokens)} tokens again`, { path });
    } catch (error) {
      log.error("Cannot read the tokens again, the last ones hold", { path, error });
    } finally {
      lookAt = systemClock.monotonic() + intervalMs;
    }
  };

  return async (request) => {
    if (systemClock.monotonic() >= lookAt) {
      await (looking ??= look().finally(() => looking = undefined));
    }
    return await tokens.authenticate(request);
  };
}

/** Tells one state of a file from another. One that is not there has none. */
async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}/${size}/${ino}`;
  } catch (cause) {
    return `${(cause as Error).message}`;
  }
}

/** Puts the tokens of a file in place of all, and gives how many there are. */
async function read(path: string, list: TokenList): Promise<number> {
  const fail = (reason: string, cause?: unknown) =>
    new TypeError(`Cannot use token file '${path}': ${reason}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
  const { tokens } = (value ?? {}) as { readonly tokens?: readonly TokenRecord[] };
  if (!Array.isArray(tokens)) throw fail(`expected {"tokens": […]}`);
  try {
    list.replace(tokens);
    return tokens.length;
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
}
