/**
 * Options that people mistype, and arguments that are of another kind: told in words, before an engine tells it in its own.
 *
 * @module
 */

/** The names of all members, so that the compiler tells of one that is left out here; their values mean nothing. */
export type Names<Options> = Readonly<Record<keyof Options, unknown>>;

/**
 * Demands that options are an object, with no members but those that are known. A member that is undefined counts as none.
 *
 * @param of What the options are of, for the message: a function by its name.
 * @param options What was given.
 * @param names The members that there are.
 * @throws {TypeError} If it is no object, or another member is set; the message suggests one.
 */
export function checkOptions<Options>(of: string, options: Options, names: Names<Options>): void {
  demandObject(of, options, "options");
  // What lives, such as a test kit, may serve as options, and has more.
  if (Symbol.asyncDispose in options) return;
  for (const name in options) {
    if (Object.hasOwn(names, name) || options[name] === undefined) continue;
    const known = Object.keys(names);
    const near = known.find((other) =>
      other.startsWith(name) || distance(name, other) <= 1 + name.length / 4
    );
    throw new TypeError(
      `Unknown option '${name}'` +
        (near === undefined
          ? ` of '${of}', expected one of ${known.join(", ")}`
          : `, did you mean '${near}'?`),
    );
  }
}

/**
 * Demands an object.
 *
 * @param of Whose argument it is.
 * @param value What was given.
 * @param role What it is to be.
 * @throws {TypeError} If it is none.
 */
export function demandObject(of: string, value: unknown, role: string): asserts value is object {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(`Cannot use ${show(value)} as ${role} of '${of}': expected an object`);
}

/** Writes a value that is not what it should be. */
export function show(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value)
    : Array.isArray(value)
    ? "a list"
    : typeof value === "object" && value !== null
    ? "an object"
    : typeof value === "function"
    ? "a function"
    : String(value);
}

/** How many letters are to be added, left out or changed to make one word of the other, whatever their case. */
function distance(from: string, to: string): number {
  let row = [...to].map((_, at) => at + 1);
  [...from.toLowerCase()].forEach((letter, down) => {
    let left = down + 1;
    let corner = down;
    row = row.map((above, at) => {
      const best = Math.min(left + 1, above + 1, corner + Number(letter !== to[at]!.toLowerCase()));
      corner = above;
      return left = best;
    });
  });
  return row.at(-1) ?? from.length;
}
