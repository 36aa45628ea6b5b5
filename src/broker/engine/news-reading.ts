/**
 * Reading news: what each item looks like. Whatever else is heard is passed over: a newer broker may tell more, and nothing that is
 * heard may harm the one that hears it.
 *
 * @module
 */

import { status } from "../../protocol/status.ts";
import type { WorkerStatement } from "../../protocol/worker-statement.ts";
import type { RoundName } from "./rounds.ts";
import { mostParts } from "./statement-parts.ts";
import type { NewsItem } from "./news-text.ts";

type Check = (value: unknown) => boolean;
type Members = Readonly<Record<string, unknown>>;

const isText: Check = (value) => typeof value === "string";
/** As `isText`; PostgreSQL takes no text with U+0000 in it, and no name or id has one. */
const isName: Check = (value) => isText(value) && !(value as string).includes("\0");
const isInteger: Check = (value) => Number.isSafeInteger(value);
const isCount: Check = (value) => isInteger(value) && value as number >= 0;
const isBoolean: Check = (value) => typeof value === "boolean";
const isStatus: Check = (value) => Object.values<unknown>(status).includes(value);

const optional = (check: Check): Check => (value) => value === undefined || check(value);
const orNull = (check: Check): Check => (value) => value === null || check(value);
const isList = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);

/** An object with such members. It may have more. */
const isObject = (members: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(members);
  return (value) =>
    typeof value === "object" && value !== null &&
    checks.every(([name, check]) => check((value as Members)[name]));
};

/** A text that is JSON, whose value is such a one. */
const isJson = (check: Check): Check => (text) => {
  if (typeof text !== "string") return false;
  try {
    return check(JSON.parse(text));
  } catch {
    return false;
  }
};

const isAnything: Check = () => true;

const isBindings = isJson(isList(isObject({ key: isName, cost: isCount })));

const isSettings = isObject({
  queue: isName,
  paused: (value) => value === 0 || value === 1,
  maxInFlight: orNull(isCount),
  leaseMs: orNull(isCount),
  graceMs: orNull(isCount),
});

const changes: Readonly<Record<string, Check>> = {
  config: isObject({ key: isText, value: optional(isJson(isAnything)) }),
  queues: isObject({ settings: isSettings }),
  budgets: isObject({ keys: isList(isName), refunded: isBoolean }),
};

/** A change that is told as it is. */
const isChange: Check = (value) => {
  const kind = (value as Members | null)?.["kind"];
  return typeof kind === "string" && Object.hasOwn(changes, kind) && changes[kind]!(value);
};

const isJob = isObject({ id: isName, seq: isCount, queue: isName, type: isName, traits: isCount });
const isFailure = isObject({
  message: isText,
  errorType: optional(isText),
  backtrace: optional(isText),
});

/** The change of one job that somebody waits for. */
const isEnd = isObject({
  from: optional(isStatus),
  to: optional(isStatus),
  cause: isText,
  jobs: (value) => Array.isArray(value) && value.length === 1 && isJob(value[0]),
  failure: optional(isFailure),
  result: optional(isJson(isAnything)),
});
const isEnded: Check = (value) => (value as Members | null)?.["kind"] === "jobs" && isEnd(value);

/** What follows the kind of an item, by its kind. */
const shapes: { readonly [Kind in NewsItem[0]]: readonly Check[] } = {
  hello: [],
  here: [],
  look: [],
  room: [],
  logged: [],
  ready: [isName, isCount, optional(isInteger), optional(isCount)],
  budgeted: [isName, isBindings, isInteger, isCount],
  left: [isName],
  lost: [isName],
  cancel: [isName, isText],
  due: [isText, isInteger],
  change: [isChange],
  watch: [isList(isName)],
  ended: [isEnded],
  ask: [isCount, isText],
  done: [isText, isCount],
  run: [isName, isInteger],
  seq: [isCount],
  said: [isText, isCount, isCount, isCount, isText],
};

/** What goes with a question, by what is asked for. */
const details: { readonly [Name in RoundName]: readonly Check[] } = {
  write: [],
  room: [isInteger, isInteger],
  log: [isName, isInteger, isInteger],
  quiet: [],
  stop: [isText],
};

/** Reads a text; undefined if it is none. What is no item that this broker knows is left out. */
export function fromText(
  text: string,
): { readonly from: string; readonly items: readonly NewsItem[] } | undefined {
  try {
    const told: unknown = JSON.parse(text);
    const [from, ...items]: readonly unknown[] = Array.isArray(told) ? told : [];
    return typeof from === "string" ? { from, items: items.filter(isItem) } : undefined;
  } catch {
    return undefined; // It is no JSON.
  }
}

function isItem(value: unknown): value is NewsItem {
  if (!Array.isArray(value)) return false;
  const [kind, ...rest] = value;
  if (!isShaped(shapes, kind, rest)) return false;
  if (kind === "ask") return isShaped(details, rest[1], rest.slice(2));
  return kind !== "said" || rest[2] < rest[3] && rest[3] <= mostParts;
}

/** Whether there is a shape of this name, and the values have it. There may be more of them. */
function isShaped(
  all: Readonly<Record<string, readonly Check[]>>,
  name: unknown,
  values: readonly unknown[],
): boolean {
  return typeof name === "string" && Object.hasOwn(all, name) &&
    all[name]!.every((check, at) => check(values[at]));
}

const isShare: Check = (value) => typeof value === "number" && value >= 0 && value <= 1;
const isProgress: Check = (value) =>
  isShare(value) || isObject({ value: isShare, message: isText })(value);

const isWhole = isObject({
  heard: optional(isCount),
  taking: isBoolean,
  prefetch: optional(isCount),
  holds: isList(isObject({ id: isName, delivery: isCount })),
  progress: optional(isList(isObject({ id: isName, delivery: isCount, progress: isProgress }))),
});

/** Whether the parts of a statement make one. */
export function isStatement(value: unknown): value is WorkerStatement {
  return isWhole(value);
}
