/**
 * jq, the language for JSON, in TypeScript: without `eval`, WebAssembly or a dependency. It runs on every JavaScript
 * runtime, also at the edge. Every program ends, because every program has limits.
 *
 * ```ts
 * import { compile } from "@millrace/millrace/jq";
 *
 * const urgent = compile('.priority > 3 and (.tags | index("urgent") != null)');
 * console.log(urgent.some({ priority: 5, tags: ["urgent"] })); // true
 *
 * const totals = compile("group_by(.sku)[] | {sku: .[0].sku, n: (map(.n) | add)}");
 * console.log([...totals.run([{ sku: "a", n: 1 }, { sku: "a", n: 2 }])]); // [ { sku: "a", n: 3 } ]
 * ```
 *
 * A program is compiled once, and run as often as wanted; see {@linkcode compile} and {@linkcode JqProgram}.
 *
 * | Error                     | Thrown if                                                                          |
 * | ------------------------- | ---------------------------------------------------------------------------------- |
 * | {@linkcode JqCompileError} | the source is not a program; it tells the line and column, and what was expected  |
 * | {@linkcode JqError}       | the program fails on its input; the message is that of jq                          |
 * | {@linkcode JqLimitError}  | the program reaches one of its {@linkcode JqLimits}                                |
 *
 * ## What it has
 *
 * The language of jq 1.7.1: paths, operators, construction, `if`, `reduce`, `foreach`, `label`, `try`, `def`,
 * destructuring, `?//`, the update operators, string interpolation, `@formats`, regular expressions, dates, streams, the
 * SQL-like builtins and mathematics. It is tested against a WebAssembly build of jq, with a table of programs and with
 * generated ones.
 *
 * ## What differs from jq 1.7.1
 *
 * **Refused** when the program is compiled: what reads or writes anything else than the input and the outputs (`input`,
 * `inputs`, `debug`, `stderr`, `input_filename`, `input_line_number`, `env`, `$ENV`, `halt`, `halt_error`), modules
 * (`import`, `include`, `module`, `modulemeta`, `get_search_list`), `now` unless a clock is given, unknown `@formats` (an
 * error at run time in jq), and of the mathematics `gamma`, `lgamma`, `lgamma_r`, `tgamma`, `erf`, `erfc`, `j0`, `j1`,
 * `jn`, `y0`, `y1`, `yn`, `nextafter` and `nexttoward`.
 *
 * **Numbers** keep all of their digits within a program, until it computes with them: `1234567890123456789` does not equal
 * `1234567890123456788`, and `tojson`, `tonumber` and `fromjson` lose no digit of either. Inputs and outputs are
 * JavaScript's numbers, so that an output is rounded to the nearest one; who needs more digits outside passes text. Unlike
 * jq 1.7.1, a negative sign keeps the digits too, and a number that was computed equals only one that is written with the
 * same digits. A number that a double keeps is written as the double: `1.0` as `1`. The last digit of a logarithm or sine
 * is the one that the runtime computes.
 *
 * **Objects** have their members in the order of JavaScript: first names that are whole numbers, then all others in the
 * order in which they were added. `keys` gives the order of jq. `to_entries` gives the order of JavaScript.
 *
 * **Strings** are counted in code points everywhere. `indices`, `index` and `rindex` count bytes in jq 1.7.1.
 *
 * **Regular expressions** have an engine of their own, which counts its steps. The syntax is that of jq, which uses
 * Oniguruma: `(?<name>…)`, look-ahead, look-behind of any length, atomic groups, possessive repeats, `\p{…}`,
 * `[[:alpha:]]`, `\K`, `\R`, `\Q…\E`, `(?imsx)`. Not supported are calls of groups (`\g<name>`), `\X`, conditions and
 * absent groups. Without regard to case, `ß` does not match `SS`. An expression that backtracks for too long reaches the
 * limit `steps`; in jq that is an error, which `try` catches. An expression that repeats a group, such as `(ab)*`, more
 * than some thousand times may reach the limit `stack`.
 *
 * **Dates** are always in UTC, also for `localtime` and `strflocaltime`. The conversions of `strftime` and `strptime` are
 * those of C, with English names. Parts of a time that a text does not have are those of the first second of 1970.
 *
 * **Paths** lead through `reduce`, `foreach` and `last(f)` too; jq refuses that.
 *
 * **Bugs of jq that are not repeated:** in `reduce` and `foreach` with several initial states, each begins with the same
 * input; look-behind works at the end of a text; an empty match is found once before each character, and not once before
 * each of its bytes.
 *
 * **JSON in strings** (`fromjson`, `tonumber`) is JSON or `nan`. The error messages are shorter than those of jq.
 *
 * **More than jq 1.7.1 has:** a suffix is allowed after the `end` or `)` of `if`, `reduce` and `foreach` (`if … end.a`),
 * `.a?//1` needs no blank, a filter may have the name of a keyword, and there are `trim`, `ltrim`, `rtrim`, `toarray`,
 * `add(f)`, `skip(n; f)`, `ascii`, `@base32` and `@base32d`.
 *
 * ## Limits
 *
 * There are limits for the steps, the outputs, the depth of calls, and the length of strings and arrays. Each has a
 * default; see {@linkcode JqLimits}. Deep recursion may also reach the end of the runtime's stack, which is the limit
 * `stack`. No `try` in a program catches a limit. A call that is the last thing that a filter does is a loop, and may be
 * repeated at any depth: `def f: if . > 9 then . else . + 1 | f end`.
 *
 * @module
 */

export { compile, type JqOptions, type JqProgram, type JqVariables } from "./program.ts";
export {
  JqCompileError,
  JqError,
  JqLimitError,
  type JqLimitName,
  type JqPosition,
} from "./errors.ts";
export type { JqLimits } from "./meter.ts";
export type { Json } from "./values/plain-json.ts";
