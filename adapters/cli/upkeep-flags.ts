/**
 * The flags of `millrace backup` and `millrace compact`.
 *
 * @module
 */

import { type ConnectionConfig, connectionFlags } from "./connection.ts";
import type { Flags } from "./options.ts";
import { readOptional, readText, readUrl } from "./values.ts";

/** Which database: that of a running broker, or a file. */
export interface UpkeepConfig extends ConnectionConfig {
  readonly url: URL;
  readonly data: string | undefined;
  readonly token: string | undefined;
}

/** The table of flags. */
export const upkeepFlags: Flags<UpkeepConfig> = {
  url: {
    placeholder: "URL",
    fallback: "http://127.0.0.1:8901",
    read: readUrl,
    help: "the admin port of the broker that has the database open",
  },
  data: {
    placeholder: "FILE",
    fallback: "",
    read: readOptional(readText),
    help: "a database that no broker has open, instead",
  },
  token: {
    placeholder: "TOKEN",
    fallback: "",
    read: readOptional(readText),
    help:
      "with the scope 'admin', if the broker asks for one; better MILLRACE_TOKEN, which no list of processes shows",
  },
  ...connectionFlags,
};

/** What `millrace backup` is told. */
export interface BackupConfig extends UpkeepConfig {
  /** Whether a file that is there already is replaced. */
  readonly force: boolean;
}

/** The flags of `millrace backup`. */
export const backupFlags: Flags<BackupConfig> = {
  ...upkeepFlags,
  force: {
    placeholder: "",
    fallback: "",
    read: (text) => text === "true",
    help: "replace FILE if it is there already",
  },
};
