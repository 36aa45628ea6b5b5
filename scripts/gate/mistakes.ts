/**
 * Mistakes that people make, with what the compilers tell of them: `tests/types/mistakes/`.
 *
 * The line after a mistake has a caret below the place, and behind it a part of the message that must stand there. A
 * file must give these errors and no others, under each compiler.
 *
 * ```ts
 * await client.enqueue(mail, { to: 3 });
 * //                           ^ Type 'number' is not assignable to type 'string'
 * ```
 *
 * @module
 */

import { deno, root, run } from "./command.ts";
import { CheckError } from "./report.ts";
import { emptyFolder, installTools } from "./tools.ts";

/** An error at a place, that is told or expected. Lines and columns count from 1. */
export interface Told {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The message with all of its details, on one line; or a part of it. */
  readonly message: string;
}

const folder = "tests/types/mistakes";

/** What a file says of its mistakes. */
export function readMarks(file: string, text: string): Told[] {
  const marks: Told[] = [];
  let line = 0;
  for (const [index, content] of text.split("\n").entries()) {
    const [, before, message] = /^(\s*\/\/\s*)\^ (.+)$/.exec(content) ?? [];
    if (message === undefined) line = index + 1;
    else marks.push({ file, line, column: before!.length + 1, message: message.trim() });
  }
  return marks;
}

/** What TypeScript's compiler told: `file(line,column): error TS1: message`, with details on indented lines. */
export function readTsc(output: string): Told[] {
  const told: Told[] = [];
  for (const content of output.split("\n")) {
    const [, file, line, column, message] =
      /^(\S+?)\((\d+),(\d+)\): error TS\d+: (.*)$/.exec(content) ?? [];
    const last = told.at(-1);
    if (message !== undefined) {
      told.push({ file: toName(file!), line: Number(line), column: Number(column), message });
    } else if (last && content.startsWith(" ")) {
      told[told.length - 1] = { ...last, message: `${last.message} ${content.trim()}` };
    }
  }
  return told;
}

/** What Deno told: `TS1 [ERROR]: message`, details, the line of code, and `at file:line:column`. */
export function readDeno(output: string): Told[] {
  const told: Told[] = [];
  let message: string | undefined;
  for (const content of output.split("\n")) {
    // Notes to an error look like errors, but for spaces.
    const [, start] = /^TS\d+ \[ERROR\]: (\S.*)$/.exec(content) ?? [];
    const [, file, line, column] = /^\s+at (file:\S+?):(\d+):(\d+)$/.exec(content) ?? [];
    if (start !== undefined) message = start;
    else if (file !== undefined && message !== undefined) {
      told.push({ file: toName(file), line: Number(line), column: Number(column), message });
      // What follows tells of other places.
      message = undefined;
    } else if (message !== undefined) message += ` ${content.trim()}`;
  }
  return told;
}

/** In what errors differ from what is expected, a line each. */
export function compare(expected: readonly Told[], told: readonly Told[]): string[] {
  const unmet = [...expected];
  const surplus = told.filter((error) => {
    const at = unmet.findIndex((mark) =>
      mark.file === error.file && mark.line === error.line && mark.column === error.column &&
      error.message.includes(mark.message)
    );
    if (at >= 0) unmet.splice(at, 1);
    return at < 0;
  });
  const write = ({ file, line, column, message }: Told) => `${file}:${line}:${column} ${message}`;
  return [
    ...unmet.map((mark) => `expected ${write(mark)}`),
    ...surplus.map((error) => `told     ${write(error)}`),
  ];
}

/** Holds what TypeScript's own compiler tells against what the files say. */
export async function checkUnderTsc(): Promise<void> {
  const tools = await installTools();
  const tsc = `${tools}/node_modules/typescript/bin/tsc`;
  const words = ["run", "-A", `--config=${tools}/deno.json`, tsc, "--pretty", "false"];
  const { output } = await run(deno, [...words, "-p", folder]);
  await demandMarks(readTsc(output));
}

/** Holds what Deno's compiler tells, which is of another major version, against what the files say. */
export async function checkUnderDeno(): Promise<void> {
  const { imports, compilerOptions } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  // The checkout's own configuration leaves the mistakes out.
  const config = `${await emptyFolder("mistakes")}/deno.json`;
  const options = { ...compilerOptions, noImplicitReturns: true };
  const content = { imports, compilerOptions: options, nodeModulesDir: "none", lock: false };
  await Deno.writeTextFile(config, JSON.stringify(content));
  const files = (await listFiles()).map((file) => `${folder}/${file}`);
  const { output } = await run(deno, ["check", "--quiet", `--config=${config}`, ...files]);
  await demandMarks(readDeno(output));
}

async function demandMarks(told: readonly Told[]): Promise<void> {
  const marks: Told[] = [];
  for (const file of await listFiles()) {
    marks.push(...readMarks(file, await Deno.readTextFile(`${root}${folder}/${file}`)));
  }
  // What these stricter options say of other files is no matter here.
  const differences = compare(marks, told.filter(({ file }) => !file.includes("/")));
  if (marks.length === 0) throw new CheckError(`No mistakes in ${folder}`);
  if (differences.length > 0) throw new CheckError(differences.join("\n"));
}

async function listFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(root + folder)) {
    if (name.endsWith(".ts")) files.push(name);
  }
  return files.sort();
}

/** The name within the folder; all of the path if it is elsewhere. */
function toName(path: string): string {
  return path.split(`${folder}/`).at(-1)!;
}
