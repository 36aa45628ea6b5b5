/**
 * What the compiler knows of values that JSON carries: payloads and results.
 *
 * @module
 */

/** What a type becomes that JSON does not carry: nothing is assignable to it, and its text says what to do. */
export interface NotJson<Advice extends string> {
  /** For the compiler only. */
  readonly notJson: (advice: Advice) => never;
}

/**
 * A type itself if JSON carries it, so that what was written is what is read. Where it does not, such as in a member that
 * is a `Date`, stands {@linkcode NotJson} with advice.
 *
 * In a list, undefined is none: JSON makes null of it.
 */
export type Jsonable<T, InList = false> = unknown extends T ? T
  : T extends string | number | boolean | null ? T
  : T extends undefined | void
    ? InList extends true ? NotJson<"undefined in a list does not survive JSON, send null"> : T
  : T extends bigint ? NotJson<"a bigint does not survive JSON, send a string">
  : T extends symbol ? NotJson<"a symbol does not survive JSON, send a string">
  : T extends (...args: never[]) => unknown
    ? NotJson<"a function does not survive JSON, leave it out">
  : T extends Date ? NotJson<"a Date does not survive JSON, send a number or a string">
  : T extends ReadonlyMap<unknown, unknown>
    ? NotJson<"a Map does not survive JSON, send an object or a list">
  : T extends ReadonlySet<unknown> ? NotJson<"a Set does not survive JSON, send a list">
  : T extends RegExp ? NotJson<"a RegExp does not survive JSON, send a string">
  : T extends ArrayBufferView | ArrayBuffer
    ? NotJson<"bytes do not survive JSON, send a string such as base64">
  : T extends PromiseLike<unknown> ? NotJson<"a Promise does not survive JSON, await it">
  : T extends { toJSON(): unknown }
    ? NotJson<"what has toJSON does not survive JSON, send what that gives">
  : T extends readonly unknown[] ? { readonly [At in keyof T]: Jsonable<T[At], true> }
  : { readonly [Key in keyof T]: Jsonable<T[Key]> };

/**
 * What a type parameter of payloads or results extends: anything if JSON carries it, else {@linkcode Jsonable} of it, so
 * that the compiler tells which member is wrong.
 *
 * A function that is generic in a payload says `<Payload extends JsonOnly<Payload>>`.
 */
// Not `Jsonable` itself, which would be a constraint that goes in a circle.
export type JsonOnly<T> = [T] extends [Jsonable<T>] ? unknown : Jsonable<T>;
