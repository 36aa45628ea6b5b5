/**
 * Tokens in a file, which is read again when it changes.
 *
 * @module
 */

import { readFile, stat } from "node:fs/promises";
import { systemClock } from "../src/async/clock.ts";
import {
  checkGrant,
  createTokens,
  type TokenList,
  type TokenRecord,
} from "../src/broker/access/tokens.ts";
import { type Authenticate, bearerToken, type Grant } from "../src/broker/access/grant.ts";
import { guardLogger } from "../src/guard-logger.ts";
import type { Logger } from "../src/log.ts";
import { clientCertificate } from "./client-certificate.ts";

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
 * Besides, or instead, it may have `"clients": [{"name", "scopes", …}]`: what a client may do that calls without a token, and whose
 * certificate has that name, as its common name or as one that it is for (see `tls.clientCa` of `serve`).
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
  const known: Known = { tokens: createTokens([]), clients: new Map() };
  await read(path, known);
  let lookAt = systemClock.monotonic() + intervalMs;
  let looking: Promise<void> | undefined;

  const look = async () => {
    try {
      const version = await versionOf(path);
      if (version === seen) return;
      seen = version; // Also of a file that is wrong: that is told once.
      log.info(`Read ${await read(path, known)} tokens again`, { path });
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
    if (known.clients.size === 0 || bearerToken(request) !== undefined) {
      return await known.tokens.authenticate(request);
    }
    for (const name of clientCertificate(request)?.names ?? []) {
      const grant = known.clients.get(name);
      if (grant !== undefined) return grant;
    }
    return undefined;
  };
}

/** Who is known at the moment. */
interface Known {
  readonly tokens: TokenList;
  /** By a name in their certificates. */
  clients: ReadonlyMap<string, Grant>;
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

/** Puts the tokens and clients of a file in place of all, and gives how many there are. */
async function read(path: string, known: Known): Promise<number> {
  const fail = (reason: string, cause?: unknown) =>
    new TypeError(`Cannot use token file '${path}': ${reason}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
  const content = (value ?? {}) as Readonly<Record<"tokens" | "clients", readonly unknown[]>>;
  const { clients = [], tokens = clients.length === 0 ? undefined : [] } = content;
  if (!Array.isArray(tokens)) throw fail(`expected {"tokens": […]}`);
  if (!Array.isArray(clients)) throw fail(`expected {"clients": […]}`);
  for (const [at, client] of clients.entries()) {
    const fault = checkGrant(client);
    if (fault !== undefined) throw fail(`Cannot use clients[${at}]: ${fault}`);
  }
  const byName = new Map(clients.map((client: Grant) => [client.name, client]));
  if (byName.size < clients.length) throw fail("Cannot use clients: two have the same name");
  try {
    known.tokens.replace(tokens as readonly TokenRecord[]);
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
  known.clients = byName;
  return tokens.length + clients.length;
}
