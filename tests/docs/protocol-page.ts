/**
 * `docs/protocol.md` taken apart: its sections, the calls that it names, and its examples.
 *
 * @module
 */

import { readFile } from "node:fs/promises";

/** The root of the checkout. */
export const root: URL = new URL("../../", import.meta.url);

/** One heading with a number. */
export interface Section {
  /** Such as `4.2`, or `4` for a chapter. */
  readonly number: string;
  /** The line of the heading, counted from 1. */
  readonly line: number;
  /** The id of the anchor in front of it; empty when there is none. */
  readonly anchor: string;
}

/** One command of an example, with the answer that the page gives. */
export interface Step {
  readonly line: number;
  readonly command: string;
  /** What stands below the command, without empty lines at the ends. */
  readonly answer: string;
}

/** The page. */
export interface ProtocolPage {
  readonly text: string;
  readonly sections: readonly Section[];
  /** Each call that is named, such as `GET /jobs/{id}`. */
  readonly calls: readonly string[];
  /** Every block of commands: its steps are done in turn, on a new broker. */
  readonly examples: readonly (readonly Step[])[];
}

/** Reads the page. */
export async function readProtocolPage(): Promise<ProtocolPage> {
  const text = await readFile(new URL("docs/protocol.md", root), "utf8");
  return {
    text,
    sections: listSections(text),
    calls: listCalls(text),
    examples: listExamples(text),
  };
}

function listSections(text: string): Section[] {
  const sections: Section[] = [];
  let anchor = "";
  for (const [index, line] of text.split("\n").entries()) {
    const number = /^#{2,} ([\d.]*\d)\.? /.exec(line)?.[1];
    if (number !== undefined) sections.push({ number, line: index + 1, anchor });
    // The anchor of a heading is the last thing before it.
    if (line !== "") anchor = /^<a id="([^"]+)"><\/a>$/.exec(line)?.[1] ?? "";
  }
  return sections;
}

/** A call stands alone in backticks, its path without a value in it. */
function listCalls(text: string): string[] {
  const methods = "GET|HEAD|POST|PUT|PATCH|DELETE";
  return [...text.matchAll(new RegExp(`\`((?:${methods}) /[^\`\\s]*)\``, "g"))].map(([, call]) =>
    call!
  );
}

function listExamples(text: string): Step[][] {
  const examples: Step[][] = [];
  for (const match of text.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    const first = text.slice(0, match.index).split("\n").length + 1;
    const steps: { line: number; command: string; lines: string[] }[] = [];
    for (const [index, line] of match[1]!.split("\n").entries()) {
      if (line.startsWith("$ ")) {
        steps.push({ line: first + index, command: line.slice(2), lines: [] });
      } else steps.at(-1)?.lines.push(line);
    }
    examples.push(
      steps.map(({ line, command, lines }) => ({ line, command, answer: lines.join("\n").trim() })),
    );
  }
  return examples;
}
