/**
 * The few words that schemas are put together from. They are here, and no library's, because every client carries them.
 *
 * A schema reads a value, or throws a {@linkcode Mismatch} at the first thing that is wrong.
 *
 * @module
 */

/** A value is not what it should be. It is thrown, but no error: whoever asked makes one (`schema.ts`). */
export class Mismatch {
  /** Where it was, from the outermost object on. */
  readonly path: (string | number)[] = [];
  /** What should have been there. */
  readonly expected: string;
  /** What was there; undefined if nothing was. */
  readonly input: unknown;

  /** Takes what should have been there, and what was. */
  constructor(expected: string, input: unknown) {
    this.expected = expected;
    this.input = input;
  }
}

/** Reads a value of one type as one of another. */
export interface GenericSchema<Input, Output> {
  /** Gives the value as it is meant. Throws {@linkcode Mismatch} if it is something else. */
  readonly read: (value: Input) => Output;
  /** The member of an object may be left out. */
  readonly isOptional?: boolean;
  /** What stands for a member that is left out; undefined for nothing. */
  readonly absent?: unknown;
}

/** Of a member that may be left out, and then is not there. */
export interface OptionalSchema<Output> extends GenericSchema<unknown, Output> {
  readonly isOptional: true;
}

/** What a schema gives. */
export type InferOutput<Schema> = Schema extends GenericSchema<never, infer Output> ? Output
  : never;

type Entries = Readonly<Record<string, GenericSchema<unknown, unknown>>>;

type OptionalKeys<Of extends Entries> = {
  [Key in keyof Of]: Of[Key] extends OptionalSchema<unknown> ? Key : never;
}[keyof Of];

/** What an object is read as. */
export type ObjectOutput<Of extends Entries> =
  & { -readonly [Key in Exclude<keyof Of, OptionalKeys<Of>>]: InferOutput<Of[Key]> }
  & { -readonly [Key in OptionalKeys<Of>]?: InferOutput<Of[Key]> };

/** Says of a mismatch where it was: in the member `key`. */
export function within(mismatch: unknown, key: string | number): unknown {
  if (mismatch instanceof Mismatch) mismatch.path.unshift(key);
  return mismatch;
}

/** Any value for which a condition holds. */
// @__NO_SIDE_EFFECTS__
export function custom<Output>(
  isOutput: (value: unknown) => boolean,
  expected: string,
): GenericSchema<unknown, Output> {
  return {
    read(value) {
      if (isOutput(value)) return value as Output;
      throw new Mismatch(expected, value);
    },
  };
}

/** Any value. */
// @__NO_SIDE_EFFECTS__
export function unknown(): GenericSchema<unknown, unknown> {
  return { read: (value) => value };
}

/** Any text. */
// @__NO_SIDE_EFFECTS__
export function string(expected: string): GenericSchema<unknown, string> {
  return custom((value) => typeof value === "string", expected);
}

/** Any number but the one that is none. */
// @__NO_SIDE_EFFECTS__
export function number(expected: string): GenericSchema<unknown, number> {
  return custom((value) => typeof value === "number" && value === value, expected);
}

/** True or false. */
// @__NO_SIDE_EFFECTS__
export function boolean(expected: string): GenericSchema<unknown, boolean> {
  return custom((value) => typeof value === "boolean", expected);
}

/** An object with some members; others are passed over. */
// @__NO_SIDE_EFFECTS__
export function object<Of extends Entries>(
  entries: Of,
  expected: string,
): GenericSchema<unknown, ObjectOutput<Of>> {
  return {
    read(value) {
      if (typeof value !== "object" || value === null) throw new Mismatch(expected, value);
      const output: Record<string, unknown> = {};
      for (const key in entries) {
        const { read, isOptional = false, absent } = entries[key]!;
        if (!(key in value) && isOptional) {
          if (absent !== undefined) output[key] = absent;
          continue;
        }
        try {
          if (!(key in value)) throw new Mismatch("", undefined);
          output[key] = read((value as Readonly<Record<string, unknown>>)[key]);
        } catch (mismatch) {
          throw within(mismatch, key);
        }
      }
      return output as ObjectOutput<Of>;
    },
  };
}

/** An object with some members and no others. */
// @__NO_SIDE_EFFECTS__
export function strictObject<Of extends Entries>(
  entries: Of,
  expected: string,
): GenericSchema<unknown, ObjectOutput<Of>> {
  const { read } = object(entries, expected);
  return {
    read(value) {
      const output = read(value);
      for (const key in value as object) {
        if (!Object.hasOwn(entries, key)) throw within(new Mismatch(expected, key), key);
      }
      return output;
    },
  };
}

/** A list of items of one kind. */
// @__NO_SIDE_EFFECTS__
export function array<Item>(
  item: GenericSchema<unknown, Item>,
  expected: string,
): GenericSchema<unknown, Item[]> {
  return {
    read(value) {
      if (!Array.isArray(value)) throw new Mismatch(expected, value);
      const items: Item[] = [];
      try {
        for (const one of value) items.push(item.read(one));
      } catch (mismatch) {
        throw within(mismatch, items.length);
      }
      return items;
    },
  };
}

/** A member that may be left out; `absent` stands for it then, and makes it one that is always there. */
export function optional<Output>(schema: GenericSchema<unknown, Output>): OptionalSchema<Output>;
/** With what stands for it. */
export function optional<Output>(
  schema: GenericSchema<unknown, Output>,
  absent: Output,
): GenericSchema<unknown, Output>;
// @__NO_SIDE_EFFECTS__
export function optional<Output>(
  { read }: GenericSchema<unknown, Output>,
  absent?: Output,
): GenericSchema<unknown, Output> {
  return {
    read: (value) => value === undefined ? absent as Output : read(value),
    isOptional: true,
    absent,
  };
}

/** A member that may be left out or be null. */
export function nullish<Output>(
  schema: GenericSchema<unknown, Output>,
): OptionalSchema<Output | null | undefined>;
/** With what stands for it. */
export function nullish<Output, Absent extends Output | null>(
  schema: GenericSchema<unknown, Output>,
  absent: Absent,
): GenericSchema<unknown, Output | Absent>;
// @__NO_SIDE_EFFECTS__
export function nullish<Output>(
  { read }: GenericSchema<unknown, Output>,
  absent?: Output | null,
): GenericSchema<unknown, Output | null | undefined> {
  return {
    read(value) {
      if (value !== null && value !== undefined) return read(value);
      return absent === undefined ? value : absent;
    },
    isOptional: true,
    absent,
  };
}

/** A schema that depends on the value. */
// @__NO_SIDE_EFFECTS__
export function lazy<Output>(
  choose: (value: unknown) => GenericSchema<unknown, Output>,
): GenericSchema<unknown, Output> {
  return { read: (value) => choose(value).read(value) };
}

/** Makes something else of a value. */
// @__NO_SIDE_EFFECTS__
export function transform<Input, Output>(
  read: (value: Input) => Output,
): GenericSchema<Input, Output> {
  return { read };
}

/** Lets only values pass for which a condition holds. */
// @__NO_SIDE_EFFECTS__
export function check<Value>(
  isFine: (value: Value) => boolean,
  expected: string,
): GenericSchema<Value, Value> {
  return {
    read(value) {
      if (isFine(value)) return value;
      throw new Mismatch(expected, value);
    },
  };
}

/** One schema after the other, each for what the one before gives. */
export function pipe<A, B>(
  first: GenericSchema<unknown, A>,
  second: GenericSchema<A, B>,
): GenericSchema<unknown, B>;
/** The same of three. */
export function pipe<A, B, C>(
  first: GenericSchema<unknown, A>,
  second: GenericSchema<A, B>,
  third: GenericSchema<B, C>,
): GenericSchema<unknown, C>;
/** The same of four. */
export function pipe<A, B, C, D>(
  first: GenericSchema<unknown, A>,
  second: GenericSchema<A, B>,
  third: GenericSchema<B, C>,
  fourth: GenericSchema<C, D>,
): GenericSchema<unknown, D>;
// @__NO_SIDE_EFFECTS__
export function pipe(
  ...schemas: readonly GenericSchema<never, unknown>[]
): GenericSchema<unknown, unknown> {
  return {
    read(value) {
      for (const { read } of schemas) value = read(value as never);
      return value;
    },
  };
}
