/**
 * What the flags of the benches have in common.
 *
 * @module
 */

/**
 * Reads a number above 0.
 *
 * @throws {TypeError} If the text is no such number.
 */
export function readNumber(flag: string, text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new TypeError(`Flag '--${flag}' is '${text}', expected a number above 0`);
}

/**
 * Reads a whole number above 0.
 *
 * @throws {TypeError} If the text is no such number.
 */
export function readCount(flag: string, text: string): number {
  const number = readNumber(flag, text);
  if (Number.isSafeInteger(number)) return number;
  throw new TypeError(`Flag '--${flag}' is '${text}', expected a whole number`);
}

/**
 * Reads names with commas between them. All names if there is no text.
 *
 * @throws {TypeError} If one is none of the names.
 */
export function readChoices<Name extends string>(
  flag: string,
  text: string | undefined,
  names: readonly Name[],
): readonly Name[] {
  if (text === undefined) return names;
  const chosen = text.split(",");
  const unknown = chosen.find((name) => !names.includes(name as Name));
  if (unknown !== undefined) {
    throw new TypeError(`Flag '--${flag}' has '${unknown}', expected some of ${names.join(", ")}`);
  }
  return chosen as Name[];
}
