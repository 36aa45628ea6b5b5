/**
 * Where the answers of the commands go: as tables on a terminal, as lines of JSON elsewhere.
 *
 * @module
 */

import process from "node:process";
import { StoreError } from "../../../src/errors.ts";
import { toPrintable } from "../../../src/printable.ts";
import { type Column, createTable } from "./table.ts";

/** Where text goes. */
export interface Output {
  /** Whether it is a terminal. */
  readonly isTerminal: boolean;
  /** How many characters a line of it has. */
  readonly width: number;
  /** Writes text, and resolves when there is room for more. Rejects if it cannot be written, as when the disk is full. */
  write(text: string): Promise<void>;
  /** Writes a note for a person, beside the output. */
  note(text: string): void;
}

/** How it is written. */
export interface Form {
  /** Lines of JSON, also on a terminal. */
  readonly json: boolean;
  /** Tables, also elsewhere. */
  readonly table: boolean;
}

/** The width of what is no terminal. */
const plainWidth = 120;

/** The output of this process. Who reads it may stop doing so, such as `head`: then the process ends. */
export function openOutput(): Output {
  const { stdout, stderr } = process;
  stdout.on("error", (error: { readonly code?: string }) => {
    if (error.code === "EPIPE") process.exit(0);
  });
  return {
    isTerminal: stdout.isTTY === true,
    width: stdout.columns || plainWidth,
    write: (text) =>
      new Promise((resolve, reject) => {
        const fail = (error: unknown) =>
          reject(new StoreError(`Cannot write the output: ${(error as Error).message}`));
        try {
          stdout.write(text, (error) => error ? fail(error) : resolve());
        } catch (error) {
          fail(error); // As Deno does where it is a file.
        }
      }),
    note: (text) => void stderr.write(`${text}\n`),
  };
}

/** Whether people read it. */
export function isForPeople(output: Output, { json, table }: Form): boolean {
  return table || (output.isTerminal && !json);
}

/** Writes things one by one, in the form that is wanted. */
export interface Writer<Item> {
  /** Writes some; the widths of a table are those of the first. */
  write(items: readonly Item[]): Promise<void>;
}

/** Creates what writes things: each a row for people, and a line of JSON for programs. */
export function createWriter<Item>(
  output: Output,
  form: Form,
  columns: readonly Column<Item>[],
): Writer<Item> {
  if (isForPeople(output, form)) {
    const table = createTable(columns, output.width);
    return { write: async (items) => await output.write(table.rows(items)) };
  }
  return {
    async write(items) {
      const lines = items.map((item) => JSON.stringify(item));
      // JSON escapes what is below a space; a terminal also obeys characters of C1.
      const shown = output.isTerminal ? lines.map(toPrintable) : lines;
      await output.write(shown.map((line) => `${line}\n`).join(""));
    },
  };
}
