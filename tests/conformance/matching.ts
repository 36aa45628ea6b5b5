/**
 * Values in a transcript that change from run to run: `<id:1>`, `<now+60000>`, `<now+16000..46000>`, and texts
 * ending in `…`, of which only the beginning counts. A server's version is its own.
 *
 * @module
 */

/** How far a time may be off, in ms, besides the time that the scenario itself has taken so far. */
const toleranceMs = 15_000;

const timePattern = /^<now(?:([+-]\d+)(?:\.\.(\d+))?)?>$/;

/** What one scenario has learnt so far: the ids behind `<id:n>`. */
export type Bindings = Map<string, string>;

/** The span of time in which a `<now>` of an answer may lie, in ms since 1970: a job may be as old as its scenario. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Puts real values in the place of the placeholders of a request. */
export function fillIn(value: unknown, ids: Bindings, now: number): unknown {
  if (typeof value === "string") return fillText(value, ids, now);
  if (Array.isArray(value)) return value.map((item) => fillIn(item, ids, now));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillIn(item, ids, now)]),
  );
}

function fillText(text: string, ids: Bindings, now: number): string | number {
  const time = timePattern.exec(text);
  if (time) return now + Number(time[1] ?? 0);
  return text
    .replace(/<id:\d+>/g, (name) => ids.get(name) ?? name)
    .replace(/<now([+-]\d+)?>/g, (_, offset) => `${now + Number(offset ?? 0)}`);
}

/** Says how `actual` differs from `expected`; undefined when it does not. Binds ids at first sight. */
export function difference(
  expected: unknown,
  actual: unknown,
  ids: Bindings,
  span: Span,
  path = "",
): string | undefined {
  if (path === "body/version") return typeof actual === "string" ? undefined : "no version";
  if (typeof expected === "string") return textDifference(expected, actual, ids, span, path);
  if (typeof expected !== "object" || expected === null) {
    return Object.is(expected, actual) || expected === actual
      ? undefined
      : `${path}: expected ${show(expected)}, got ${show(actual)}`;
  }
  if (
    typeof actual !== "object" || actual === null ||
    Array.isArray(expected) !== Array.isArray(actual)
  ) {
    return `${path}: expected ${show(expected)}, got ${show(actual)}`;
  }
  const wanted = Object.entries(expected);
  const extra = Object.keys(actual).filter((key) => !(key in expected));
  if (extra.length > 0) return `${path}: has ${extra.join(", ")} besides`;
  for (const [key, value] of wanted) {
    if (!(key in actual)) return `${path}: lacks ${key}`;
    const item = (actual as Record<string, unknown>)[key];
    const found = difference(value, item, ids, span, `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function textDifference(
  expected: string,
  actual: unknown,
  ids: Bindings,
  { from, to }: Span,
  path: string,
): string | undefined {
  const time = timePattern.exec(expected);
  if (time) {
    const low = from + Number(time[1] ?? 0) - toleranceMs;
    const high = to + Number(time[2] ?? time[1] ?? 0) + toleranceMs;
    if (typeof actual === "number" && actual >= low && actual <= high) return undefined;
    return `${path}: expected ${expected} (${low} to ${high}), got ${show(actual)}`;
  }
  if (typeof actual !== "string") return `${path}: expected ${show(expected)}, got ${show(actual)}`;
  const names: string[] = [];
  const prefix = expected.endsWith("…");
  const source = (prefix ? expected.slice(0, -1) : expected)
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/<id:\d+>/g, (name) => {
      const known = ids.get(name);
      if (known !== undefined) return known;
      names.push(name);
      return "([0-9a-z]{25})";
    });
  const match = new RegExp(`^${source}${prefix ? "[^]*" : ""}$`).exec(actual);
  if (match === null) {
    return `${path}: expected ${show(fillIn(expected, ids, to))}, got ${show(actual)}`;
  }
  for (const [index, name] of names.entries()) ids.set(name, match[index + 1]!);
  return undefined;
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 300) ?? String(value);
}
