/**
 * Builtins of jq that need its command line. A program that uses one is refused when it is compiled, with the reason.
 *
 * @module
 */

const input = "there is one input only, which is `.`";
const place = "the input comes from no file";
const output = "there is no output but the values of the program";
const environment = "programs do not see the environment; pass variables instead";
const modules = "there are no modules";
const process = "a program cannot end the process; use `error` or `empty`";

/** The reason for each, by name and arity. */
export const refused: Readonly<Record<string, string>> = {
  "input/0": input,
  "inputs/0": input,
  "input_filename/0": place,
  "input_line_number/0": place,
  "debug/0": output,
  "debug/1": output,
  "stderr/0": output,
  "env/0": environment,
  "halt/0": process,
  "halt_error/0": process,
  "halt_error/1": process,
  "modulemeta/0": modules,
  "get_search_list/0": modules,
  "get_prog_origin/0": modules,
  "get_jq_origin/0": modules,
  "now/0": "no clock was given; compile with the option `now`",
};

/** The error message for a variable that is not in scope. */
export function refuseVariable(name: string): string {
  return name === "ENV"
    ? `"$ENV" has no meaning here: ${environment}`
    : `undefined variable "$${name}"`;
}
