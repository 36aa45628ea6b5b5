/**
 * The fence around `src/`, tried: under its settings a runtime's name is an error, and a web standard is not.
 *
 * Checked by `tsc -p tests/fence`. A fence with a hole reports an unused `@ts-expect-error` here.
 *
 * @module
 */

// @ts-expect-error: Node's name
export type NodeProcess = typeof process;
// @ts-expect-error: Node's name
export type NodeBuffer = typeof Buffer;
// @ts-expect-error: Node's module
export type NodeFiles = typeof import("node:fs");
// @ts-expect-error: Deno's name
export type DenoName = typeof Deno;
// @ts-expect-error: Bun's name
export type BunName = typeof Bun;
// @ts-expect-error: the browser page's name, which workers and servers lack
export type PageDocument = typeof document;

export type WebStandards = [
  typeof fetch,
  typeof ReadableStream,
  typeof AbortSignal.any,
  typeof crypto.subtle,
  typeof TextDecoderStream,
];
