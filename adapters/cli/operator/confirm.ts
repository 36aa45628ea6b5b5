/**
 * Asks before many things are changed.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline/promises";
import { toPrintable } from "../../../src/printable.ts";
import { UsageError } from "../options.ts";

/** Who is asked. */
export interface Person {
  /** Asks, and gives what was answered; undefined if there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/** The person at this terminal, if there is one. */
export function findPerson(): Person {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) return { ask: undefined };
  return {
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}

/**
 * Asks whether to go on.
 *
 * @param deed What would be done, such as `Delete 12 jobs (queue mail)`.
 * @param options Whether it was said before that it is meant, and who is asked.
 * @returns Whether it is meant.
 * @throws {UsageError} If there is nobody to ask.
 */
export async function confirm(
  deed: string,
  { yes, person }: { readonly yes: boolean; readonly person: Person },
): Promise<boolean> {
  if (yes) return true;
  if (person.ask === undefined) {
    throw new UsageError(`${deed}? Nobody can be asked here: say so with '--yes'`);
  }
  const answer = await person.ask(`${toPrintable(deed)}? [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
