/**
 * The flags that the commands of operators share.
 *
 * @module
 */

import type { BulkFilter, ClientOptions, JobStatus } from "../../../src/client/mod.ts";
import { jobStatuses } from "../../../src/protocol/job.ts";
import { type ConnectionConfig, connectionFlags, toFetch } from "../connection.ts";
import { type Flag, type Flags, UsageError } from "../options.ts";
import { suggest } from "../suggest.ts";
import { readOptional, readText, readUrl } from "../values.ts";
import type { Form } from "./output.ts";

/** Which broker. */
export interface BrokerConfig extends ConnectionConfig {
  readonly url: URL;
  readonly token: string | undefined;
}

/** A flag that takes no value. */
export function toSwitch(help: string): Flag<boolean> {
  return { placeholder: "", fallback: "", read: (text) => text === "true", help };
}

/** A flag that may be left out. */
export function toOptional<Value>(
  placeholder: string,
  read: (text: string) => Value,
  help: string,
): Flag<Value | undefined> {
  return { placeholder, fallback: "", read: readOptional(read), help };
}

/** The flags that say which broker. */
export const brokerFlags: Flags<BrokerConfig> = {
  url: {
    placeholder: "URL",
    fallback: "http://127.0.0.1:7890",
    read: readUrl,
    help: "the address of the broker; also MILLRACE_URL",
  },
  token: toOptional(
    "TOKEN",
    readText,
    "if the broker asks for one; better MILLRACE_TOKEN, which no list of processes shows",
  ),
  ...connectionFlags,
};

/** The flags that say how it is written. */
export const formFlags: Flags<Form> = {
  json: toSwitch("lines of JSON, as anywhere but on a terminal"),
  table: toSwitch("a table, as on a terminal"),
};

/** Which jobs. */
export interface FilterConfig {
  readonly id: readonly string[] | undefined;
  readonly queue: readonly string[] | undefined;
  readonly type: readonly string[] | undefined;
  readonly status: readonly JobStatus[] | undefined;
  readonly tag: readonly string[] | undefined;
  readonly jq: string | undefined;
}

/** A flag of several names. */
function toNames(placeholder: string, help: string): Flag<readonly string[] | undefined> {
  return { ...toOptional(placeholder, readNames, help), isList: true };
}

function readNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new Error("names with commas between them");
  return names;
}

function readStatuses(text: string): readonly JobStatus[] {
  return readNames(text).map((name) => {
    const status = jobStatuses.find((status) => status === name.replaceAll("-", "_"));
    if (status !== undefined) return status;
    throw new Error(`some of ${jobStatuses.join(", ")}${suggest(name, jobStatuses, "")}`);
  });
}

/** The flags that say which jobs. A flag that comes twice means either. */
export const filterFlags: Flags<FilterConfig> = {
  id: toNames("ID,…", "those with these ids"),
  queue: toNames("NAME,…", "those in these queues"),
  type: toNames("NAME,…", "those of these types"),
  status: {
    ...toOptional("STATUS,…", readStatuses, jobStatuses.join(", ")),
    isList: true,
  },
  tag: toNames("NAME,…", "those with one of these tags"),
  jq: toOptional("PROGRAM", readText, "those whose payload gives neither false nor null"),
};

/** What a client is made from. */
export function toClientOptions(config: BrokerConfig): ClientOptions {
  return { url: config.url, token: config.token, fetch: toFetch(config) };
}

/** What a filter says. */
export function toFilter({ id, queue, type, status, tag, jq }: FilterConfig): BulkFilter {
  return { id, queue, type, status, tag, filter: jq };
}

/** Whether jobs were named by a filter. */
export function hasFilter(config: FilterConfig): boolean {
  return Object.values(toFilter(config)).some((value) => value !== undefined);
}

/** Says in words which jobs a filter means. */
export function describeFilter(config: FilterConfig): string {
  const parts = Object.entries({
    id: config.id,
    queue: config.queue,
    type: config.type,
    status: config.status,
    tag: config.tag,
    jq: config.jq === undefined ? undefined : [config.jq],
  }).flatMap(([name, values]) => values === undefined ? [] : `${name} ${values.join(" or ")}`);
  return parts.length === 0 ? "all" : parts.join(", ");
}

/** Demands that there are as many arguments as are wanted. */
export function demandArguments(
  positionals: readonly string[],
  names: readonly string[],
): void {
  const missing = names[positionals.length];
  if (missing !== undefined) {
    throw new UsageError(`No ${missing} is given, expected '${names.join(" ")}'`);
  }
}
