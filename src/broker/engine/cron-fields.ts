/**
 * The fields of a cron expression (docs/protocol.md, section 7.6), in the form that croner reads in the same way as the
 * protocol.
 *
 * @module
 */

/** What each field is called, and its largest number. */
const fieldRanges = [
  ["seconds", 59],
  ["minutes", 59],
  ["hours", 23],
  ["days of the month", 31],
  ["months", 12],
  ["days of the week", 7],
  ["years", 5000],
] as const;

const lastYear = 5000;

/** Long enough for lists of every second, minute, hour and day; longer ones would take long to parse. */
const longestExpression = 1000;

/** The nicknames of the protocol; croner knows more. */
const nicknames: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

/** The seven fields of an expression. Throws `Error` for what cannot be one; the rest of the syntax is croner's. */
export function toCronFields(expression: string): readonly string[] {
  if (expression.length > longestExpression) {
    throw new Error(`${expression.length} characters, at most ${longestExpression} are accepted`);
  }
  const text = expression.trim();
  const fields = (text.startsWith("@") ? fromNickname(text) : text).match(/\S+/g) ?? [];
  if (fields.length < 5 || fields.length > 7) {
    throw new Error(`${JSON.stringify(expression)} has ${fields.length} fields, expected 5 to 7`);
  }
  if (fields.length === 5) fields.unshift("0");
  if (fields.length === 6) fields.push("*");
  return fields.map(toField);
}

/** The years of a field that {@linkcode toCronFields} gave and croner took, from `first` on. */
export function* toYears(field: string, first: number): Generator<number, void> {
  const parts = field.split(",").map((part) => {
    const [range, step = "1"] = part.split("/") as [string, string?];
    const [from, to = from] = range === "*" ? [1, lastYear] : range.split("-").map(Number);
    return { from: from!, to: to!, step: Number(step) };
  });
  for (let year = first; year <= lastYear; year++) {
    const isOneOf = parts.some(({ from, to, step }) =>
      year >= from && year <= to && (year - from) % step === 0
    );
    if (isOneOf) yield year;
  }
}

function fromNickname(text: string): string {
  const plain = nicknames.get(text.toLowerCase());
  if (plain !== undefined) return plain;
  throw new Error(
    `${JSON.stringify(text)} is no nickname, expected one of ${[...nicknames.keys()].join(" ")}`,
  );
}

function toField(field: string, index: number): string {
  const [name, last] = fieldRanges[index]!;
  const isDays = name.startsWith("days");
  // What has a colon, croner takes for a date.
  if (!(isDays ? /^[\w*,/#+?-]+$/ : /^[\w*,/-]+$/).test(field)) {
    throw new Error(`${JSON.stringify(field)} cannot be ${name}`);
  }
  // `5/15` is `5-59/15`: from there to the end. croner would have us write the end.
  const full = field.replace(/(^\+?|,)(\w+)\/(?=\d)/g, `$1$2-${last}/`);
  return name === "years" ? toYearField(full) : full;
}

/** `*` begins at the year 1, where croner begins at 0. */
function toYearField(field: string): string {
  const year = field.match(/\d+/g)?.find((year) => Number(year) < 1 || Number(year) > lastYear);
  if (year !== undefined) throw new Error(`year ${year} is not from 1 to ${lastYear}`);
  return field.replaceAll("*/", `1-${lastYear}/`);
}
