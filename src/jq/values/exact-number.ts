/**
 * Numbers with more digits than a double keeps. A program passes them on as they are and compares them digit by digit, as
 * jq does; as soon as it computes with one, it is the nearest double.
 *
 * All other numbers are plain JavaScript numbers, so that values without such digits cost nothing. None of these equals a
 * plain number: {@linkcode readNumber} makes one only if no double is written with the same digits. What counts for a
 * double are therefore the fewest digits that tell it from others, with which it is written, and not its binary value:
 * 0.1 is less than 0.1000000000000000055.
 *
 * A bigint was rejected: it has no fractions, and MessagePack and the protocol use it for other things.
 *
 * @module
 */

/** A decimal number, so that two of them are quick to compare. */
interface Decimal {
  readonly sign: -1 | 0 | 1;
  /** The power of ten of the first digit. */
  readonly magnitude: number;
  /** The digits from the first to the last that is not zero. */
  readonly digits: string;
}

/**
 * A number that is kept by its digits. It has no members that a program could mistake for those of an object; what it
 * holds is told by {@linkcode toDouble} and {@linkcode exactText}.
 */
export class ExactNumber {
  readonly #decimal: Decimal;
  readonly #text: string;
  readonly #double: number;

  constructor(decimal: Decimal, text: string, double: number) {
    this.#decimal = decimal;
    this.#text = text;
    this.#double = double;
  }

  static decimalOf(number: ExactNumber): Decimal {
    return number.#decimal;
  }

  static textOf(number: ExactNumber): string {
    return number.#text;
  }

  static doubleOf(number: ExactNumber): number {
    return number.#double;
  }

  /** Lets `JSON.stringify` write the digits. Part of ES2026, and in no type library yet. */
  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.#text);
  }
}

/** Sign, whole digits, fraction and exponent. */
const parts = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** So many digits in a row, a point among them, may be more than a double keeps. */
const keptDigits = 15;

/** What is smaller is zero, as it is in jq from some power of ten on. */
const largestExponent = 1e15;

/** Reads a number as JSON or a program has it: exactly if a double does not keep its digits. */
export function readNumber(text: string): number | ExactNumber {
  const double = Number(text);
  if (text.length <= keptDigits && !isTiny(text)) return double;
  if (`${double}` === text) return double; // Most doubles are written so, and it is quick.
  const [, minus, whole = "", fraction = "", exponent = "0"] = parts.exec(text) ?? [];
  const power = Number(exponent);
  if (!Number.isFinite(double) || Math.abs(power) > largestExponent) return double;
  const digits = (whole + fraction).replace(/^0+/, "");
  const last = power - fraction.length;
  const decimal = toDecimal(minus === "-", digits, last);
  if (compareDecimals(decimal, decimalOfDouble(double)) === 0) return double;
  return new ExactNumber(decimal, `${minus}${writeDigits(digits, last)}`, double);
}

/** Whether a short text may be that of a number next to zero, where doubles have fewer digits. */
function isTiny(text: string): boolean {
  return /[eE]-/.test(text);
}

/** Whether a value is a number of either kind. */
export function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === "number" || value instanceof ExactNumber;
}

/** The number to compute with. */
export function toDouble(value: number | ExactNumber): number {
  return typeof value === "number" ? value : ExactNumber.doubleOf(value);
}

/** The digits of a number, as jq writes them. */
export function exactText(number: ExactNumber): string {
  return ExactNumber.textOf(number);
}

/** What it costs to look at a number, in characters: to find the digits of a double takes long. */
export function sizeOf(number: number | ExactNumber): number {
  return typeof number === "number" ? 64 : ExactNumber.textOf(number).length;
}

/** The negative of a number, with the same digits. */
export function negateExact(number: ExactNumber): ExactNumber {
  const { sign, ...size } = ExactNumber.decimalOf(number);
  const text = exactText(number);
  return new ExactNumber(
    { sign: -sign as Decimal["sign"], ...size },
    sign < 0 ? text.slice(1) : `-${text}`,
    -ExactNumber.doubleOf(number),
  );
}

/** Compares two numbers, of which one at least is exact: below 0, 0 or above 0. `nan` is less than any other. */
export function compareExact(a: number | ExactNumber, b: number | ExactNumber): number {
  const x = toDouble(a);
  const y = toDouble(b);
  // To round to a double never turns the order round, it can only make two numbers the same.
  if (x !== y) return x > y || y !== y ? 1 : -1;
  return compareDecimals(decimalOf(a), decimalOf(b));
}

function decimalOf(number: number | ExactNumber): Decimal {
  return typeof number === "number" ? decimalOfDouble(number) : ExactNumber.decimalOf(number);
}

function decimalOfDouble(double: number): Decimal {
  const [, minus, whole = "", fraction = "", exponent = "0"] = parts.exec(`${double}`)!;
  const digits = (whole + fraction).replace(/^0+/, "");
  return toDecimal(minus === "-", digits, Number(exponent) - fraction.length);
}

/** @param last The power of ten of the last digit. */
function toDecimal(isNegative: boolean, digits: string, last: number): Decimal {
  const sign = digits === "" ? 0 : isNegative ? -1 : 1;
  return { sign, magnitude: last + digits.length - 1, digits: withoutZeros(digits) };
}

/** Without zeros at the end. A regular expression would take the square of their number, if others follow. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.magnitude !== b.magnitude) return a.magnitude > b.magnitude ? a.sign : -a.sign;
  // The digits stand for the same powers of ten, so their order as texts is that of the numbers.
  return a.digits === b.digits ? 0 : a.digits > b.digits ? a.sign : -a.sign;
}

/** Writes digits, of which the last stands for this power of ten: with an exponent where jq writes one. */
function writeDigits(digits: string, last: number): string {
  const magnitude = last + digits.length - 1;
  if (last > 0 || magnitude < -6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${digits[0]}${fraction}E${magnitude < 0 ? "" : "+"}${magnitude}`;
  }
  if (last === 0) return digits;
  if (magnitude < 0) return `0.${"0".repeat(-magnitude - 1)}${digits}`;
  return `${digits.slice(0, magnitude + 1)}.${digits.slice(magnitude + 1)}`;
}
