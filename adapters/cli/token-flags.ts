/**
 * The flags of `millrace token`, and what its help says.
 *
 * @module
 */

import { type Scope, scopes } from "../../src/broker/access/grant.ts";
import { describeFlags, type Flags } from "./options.ts";
import { readOptional, readText } from "./values.ts";

/** What `millrace token new` is told. */
export interface TokenConfig {
  readonly name: string | undefined;
  readonly scope: readonly Scope[];
  readonly queue: readonly string[] | undefined;
  readonly type: readonly string[] | undefined;
  readonly budget: readonly string[] | undefined;
  readonly uniqueKey: readonly string[] | undefined;
  readonly authFile: string | undefined;
}

const readList = (text: string) => text.split(",").map((name) => name.trim()).filter(Boolean);

/** The flags of `millrace token`. */
export const tokenFlags: Flags<TokenConfig> = {
  name: {
    placeholder: "NAME",
    fallback: "",
    read: readOptional(readText),
    help: "what its bearer is called in messages; default is made up",
  },
  scope: {
    placeholder: "SCOPES",
    fallback: "enqueue",
    read: readScopes,
    help: `what it is for, with commas: ${scopes.join(", ")}`,
  },
  queue: {
    placeholder: "NAMES",
    fallback: "",
    read: readOptional(readList),
    help: "the only queues, with commas; mail.* is all that begin so",
  },
  type: {
    placeholder: "NAMES",
    fallback: "",
    read: readOptional(readList),
    help: "the only types of jobs, as the queues",
  },
  budget: {
    placeholder: "NAMES",
    fallback: "",
    read: readOptional(readList),
    help: "the only budgets that its jobs may draw on, as the queues",
  },
  uniqueKey: {
    placeholder: "KEYS",
    fallback: "",
    read: readOptional(readList),
    help: "the only unique keys and batches of its jobs, as the queues",
  },
  authFile: {
    placeholder: "FILE",
    fallback: "",
    read: readOptional(readText),
    help: "the file of the broker, to which the token is added",
  },
};

function readScopes(text: string): readonly Scope[] {
  const names = readList(text);
  const isKnown = (name: string): name is Scope => scopes.includes(name as Scope);
  if (names.length > 0 && names.every(isKnown)) return names;
  throw new Error(`some of ${scopes.join(", ")}, with commas`);
}

/** What `millrace token --help` says. */
export const tokenHelp: string = `Usage: millrace token new [flags]

Makes a token, and prints it: this is the only time that it is seen. What the broker needs to know it by, which does not
give it away, is added to the file that 'millrace serve --auth-file' reads, or printed if there is none.

${describeFlags(tokenFlags)}`;
