/**
 * Makes the text of an error record from whatever a handler threw. It never throws itself: a job whose failure could
 * not be reported would stay in flight for ever.
 *
 * @module
 */

import type { Failure } from "../protocol/failure.ts";

/** The parts of a failure that come from an error. */
export type ErrorText = Pick<Failure, "message" | "errorType" | "backtrace">;

/** Characters of a message, or of a name, that are kept. */
const longestText = 8 * 1024;
/** Characters of a backtrace, causes included, that are kept. */
const longestBacktrace = 32 * 1024;
/** How many errors a backtrace has, members and causes of causes included: a chain may be a circle. */
const mostParts = 11;
/** How many members of a thrown value that is no error are written. */
const mostMembers = 1000;

/** What is said of a value that throws when it is looked at. */
const unreadable = "Handler threw something that cannot be described";

/** Describes an error: message, name, and the stacks of it, its causes and, of an aggregate, its members. */
export function describeError(thrown: unknown): ErrorText {
  return attempt(() => describe(thrown)) ?? { message: unreadable };
}

/** The text of a message, which may be anything where no types are looked at. */
export function toMessage(value: unknown): string {
  return cut(toText(value), longestText);
}

function describe(thrown: unknown): ErrorText {
  const error = readError(thrown);
  if (error === undefined) return { message: toMessage(thrown) };
  return {
    message: cut(messageOf(error), longestText),
    errorType: cut(error.name, longestText),
    backtrace: cut(backtraceOf(error), longestBacktrace),
  };
}

/** What is read of an error, each member on its own: one that throws does not hide the others. */
interface ReadError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  /** The members of an aggregate; empty for other errors. */
  readonly members: readonly unknown[];
}

/** Looks at the members and not at the class: an error of another realm is an error too. */
function readError(value: unknown): ReadError | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const read = (name: string) => attempt(() => (value as Record<string, unknown>)[name]);
  const message = read("message");
  const hasName = attempt(() => "name" in value) === true;
  if (typeof message !== "string" || !hasName) return undefined;
  const stack = read("stack");
  const members = read("errors");
  return {
    name: toText(read("name")),
    message,
    stack: typeof stack === "string" ? stack : undefined,
    cause: read("cause"),
    members: attempt(() => firstOf(members)) ?? [],
  };
}

/** Not by the list's own `slice`: that may give anything. */
function firstOf(members: unknown): unknown[] {
  return Array.isArray(members) ? Array.prototype.slice.call(members, 0, mostParts) : [];
}

function attempt<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Some aggregates, such as those of a refused connection, have a message only in their members. */
function messageOf({ message, members }: ReadError): string {
  if (message !== "" || members.length === 0) return message;
  return members.map((member) => readError(member)?.message ?? toText(member)).join("; ");
}

function backtraceOf(error: ReadError): string {
  const parts: string[] = [];
  let length = 0;
  const add = (title: string, value: unknown, known = readError(value)) => {
    if (parts.length >= mostParts || length >= longestBacktrace) return;
    const part = title + (known === undefined ? toText(value) : stackOf(known));
    parts.push(part);
    length += part.length;
    if (known === undefined) return;
    for (const [at, member] of known.members.entries()) add(`Member ${at + 1}: `, member);
    if (known.cause !== undefined) add("Caused by: ", known.cause);
  };
  add("", undefined, error);
  return parts.join("\n");
}

/** The stack, headed by name and message on every runtime. */
function stackOf({ name, message, stack }: ReadError): string {
  const head = `${name}: ${message}`;
  if (stack === undefined) return head;
  return stack.includes(message) ? stack : `${head}\n${stack}`;
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  const text = typeof value === "object" && value !== null
    ? objectToText(value)
    : attempt(() => String(value));
  return text ?? unreadable;
}

/** JSON, where an object has members of its own and not too many; else what it calls itself. */
function objectToText(value: object): string | undefined {
  const json = attempt(() => JSON.stringify(value, createReplacer()));
  if (json === "{}") return attempt(() => String(value));
  return json ?? classOf(value);
}

function classOf(value: object): string | undefined {
  return attempt(() => Object.prototype.toString.call(value));
}

/** Bounds what JSON is made of. */
function createReplacer(): (name: string, member: unknown) => unknown {
  const seen = new Set<unknown>();
  let members = 0;
  return (_name, member) => {
    if (++members > mostMembers) throw new RangeError("Too many members");
    if (typeof member === "bigint") return String(member);
    if (typeof member === "string") return member.slice(0, longestText);
    if (typeof member !== "object" || member === null) return member;
    if (ArrayBuffer.isView(member)) return classOf(member);
    if (seen.has(member)) return "…"; // It may be a circle.
    seen.add(member);
    return member;
  };
}

/** Cuts a text. The result is well-formed, because the broker refuses half a surrogate pair. */
function cut(text: string, longest: number): string {
  return (text.length > longest ? `${text.slice(0, longest - 1)}…` : text).toWellFormed();
}
