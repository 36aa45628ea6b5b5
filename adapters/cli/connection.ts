/**
 * How a command reaches its broker, when that is not by the platform's `fetch`: the flags, and the `fetch` they ask for.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { Fetch } from "../../src/client/options.ts";
import { checkCreateFetch } from "../own-fetch.ts";
import { type Flags, UsageError } from "./options.ts";
import { loadRuntime } from "./runtime.ts";
import { readOptional, readText } from "./values.ts";

/** Files with certificates, and a unix socket. */
export interface ConnectionConfig {
  readonly ca?: string | undefined;
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly socket?: string | undefined;
}

const toFlag = (help: string) => ({
  placeholder: "FILE",
  fallback: "",
  read: readOptional(readText),
  help,
});

/** The flags; each is an environment variable too. */
export const connectionFlags: Flags<ConnectionConfig> = {
  ca: toFlag("who may have signed the broker's certificate, if it is an authority of your own"),
  clientCert: toFlag("the certificate to show to a broker that asks for one"),
  clientKey: toFlag("its key"),
  socket: toFlag("the unix socket that the broker listens on, instead of the host of the URL"),
};

/** The variables of these flags, for commands that look at no others. */
export function toConnectionVariables(
  { MILLRACE_CA, MILLRACE_CLIENT_CERT, MILLRACE_CLIENT_KEY, MILLRACE_SOCKET }: Readonly<
    Record<string, string | undefined>
  >,
): Readonly<Record<string, string | undefined>> {
  return { MILLRACE_CA, MILLRACE_CLIENT_CERT, MILLRACE_CLIENT_KEY, MILLRACE_SOCKET };
}

/**
 * The `fetch` that the flags ask for; undefined for the platform's.
 *
 * @throws {UsageError} If a file cannot be read, or is not what it should be.
 */
export function toFetch(
  { ca, clientCert, clientKey, socket }: ConnectionConfig,
): Fetch | undefined {
  if ((ca ?? clientCert ?? clientKey ?? socket) === undefined) return undefined;
  const options = {
    ca: readTextFile("--ca", ca),
    cert: readTextFile("--client-cert", clientCert),
    key: readTextFile("--client-key", clientKey),
    socketPath: socket,
  };
  try {
    checkCreateFetch(options);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  let opened: Promise<Fetch> | undefined;
  return async (request) => {
    opened ??= loadRuntime().then(({ createFetch }) => createFetch(options));
    return await (await opened)(request);
  };
}

/**
 * Reads a file that a flag names.
 *
 * @throws {UsageError} If it cannot be read.
 */
export function readTextFile(flag: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(
      `Flag '${flag}' names a file that cannot be read: ${(cause as Error).message}`,
    );
  }
}
