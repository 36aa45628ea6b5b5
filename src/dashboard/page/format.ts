/** Numbers, spans and instants, as the viewer's language and zone have them. */

const integers = new Intl.NumberFormat();
const percents = new Intl.NumberFormat(undefined, { style: "percent" });
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });

/** A whole number, with its groups of digits. */
export const count = (value: number): string => integers.format(value);

/** A share of the whole, from 0 to 1. */
export const percent = (share: number): string => percents.format(share);

/** A number of things, by the name of one of them. */
export const many = (value: number, one: string, more = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : more}`;

/** A number for a small place. */
export const compact = (value: number): string =>
  value < 10_000 ? count(value) : short.format(value);

/** An instant in the viewer's zone. */
export const moment = (at: number): string => moments.format(at);

/** An instant, exactly. */
export const exact = (at: number): string => new Date(at).toISOString();

const steps = [
  ["second", 1000, 60],
  ["minute", 60_000, 60],
  ["hour", 3_600_000, 24],
  ["day", 86_400_000, Infinity],
] as const;

/** How long ago an instant was, or until it is. */
export function ago(at: number, now: number): string {
  const distance = at - now;
  for (const [unit, ms, most] of steps) {
    if (Math.abs(distance) < ms * most) return relative.format(Math.round(distance / ms), unit);
  }
  return moment(at);
}

const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** A span of ms. */
export function span(ms: number): string {
  if (ms < 1000) return `${count(Math.round(ms))} ms`;
  if (ms < 60_000) {
    return `${ms < 10_000 ? tenths.format(ms / 1000) : count(Math.round(ms / 1000))} s`;
  }
  if (ms < 3_600_000) return two(Math.round(ms / 1000), 60, "min", "s");
  if (ms < 86_400_000) return two(Math.round(ms / 60_000), 60, "h", "min");
  return `${tenths.format(ms / 86_400_000)} d`;
}

/** A span of ms in a small place, in the largest unit that it has. */
export function shortSpan(ms: number): string {
  for (const [unit, size] of [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000]] as const) {
    if (ms >= size) return `${tenths.format(ms / size)} ${unit}`;
  }
  return span(ms);
}

/** So many small units, in large ones and what is left. */
function two(value: number, size: number, large: string, small: string): string {
  const rest = value % size;
  return `${count(Math.floor(value / size))} ${large}${
    rest === 0 ? "" : ` ${count(rest)} ${small}`
  }`;
}

const clocks = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const shortClocks = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** The time of the day. */
export const clock = (at: number): string => clocks.format(at);

/** Instants along an axis, in s, so that two beside each other are not the same. */
export function ticks(instants: readonly number[]): string[] {
  const stepS = (instants[1] ?? Infinity) - (instants[0] ?? 0);
  const format = stepS >= 43_200 ? days : stepS >= 60 ? shortClocks : clocks;
  return instants.map((at) => format.format(at * 1000));
}

/** A number of bytes. */
export function bytes(value: number): string {
  if (value < 1000) return `${count(value)} B`;
  const [size, unit] = value < 1_000_000 ? [1000, "kB"] : [1_000_000, "MB"];
  const many = value / size;
  return `${many < 10 ? tenths.format(many) : count(Math.round(many))} ${unit}`;
}

/** A status, for a person. */
export const statusLabel = (status: string): string => status.replace("_", " ");

/** So much of a text as fits into a line. */
const clip = (text: string, most = 120): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

/** What moves or hides the text around it: controls, marks of direction, and spaces without width. */
// deno-lint-ignore no-control-regex
const hidden = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufeff\\uffa0]",
  "g",
);

/** A text of somebody else, with what cannot be seen spelled out. */
export const plain = (text: string): string =>
  text.replace(hidden, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

const lines = new WeakMap<object, string>();

/** A reason as a sentence of its own. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A value as JSON, for one line. It may be large, and is shown again and again: it is written once. */
export function inline(value: unknown): string {
  if (typeof value !== "object" || value === null) return clip(JSON.stringify(value) ?? "");
  let line = lines.get(value);
  if (line === undefined) lines.set(value, line = clip(JSON.stringify(value)));
  return line;
}

/** The upper end of the bucket of a histogram in which a share of all lies, in ms; undefined without any. */
export function percentile(histogram: readonly number[], share: number): number | undefined {
  const all = histogram.reduce((sum, value) => sum + value, 0);
  if (all === 0) return undefined;
  let seen = 0;
  for (const [bucket, value] of histogram.entries()) {
    seen += value;
    if (seen >= share * all) return endOf(bucket);
  }
  return endOf(histogram.length - 1);
}

/** 60 buckets of a second, 59 of a minute, 23 of an hour, 6 of a day. */
export function endOf(bucket: number): number {
  if (bucket < 60) return (bucket + 1) * 1000;
  if (bucket < 119) return (bucket - 58) * 60_000;
  if (bucket < 142) return (bucket - 117) * 3_600_000;
  return (bucket - 140) * 86_400_000;
}
