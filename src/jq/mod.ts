/**
 * jq, the language for JSON, in TypeScript: no `eval`, no WebAssembly, no dependency. It runs wherever JavaScript does,
 * the edge included, and every program ends, whatever it was meant to do.
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
 * A program is compiled once, to closures, and run as often as wanted; see {@linkcode compile} and
 * {@linkcode JqProgram}. What is no program is a {@linkcode JqCompileError}, with the place and what was expected there;
 * what fails on its input is a {@linkcode JqError}, with jq's message; what uses up its {@linkcode JqLimits} is a
 * {@linkcode JqLimitError}.
 *
 * ## What it is
 *
 * The language of jq 1.7.1, as a WebAssembly build of it answered over a table of programs and over generated ones:
 * paths, operators, construction, `if`, `reduce`, `foreach`, `label`, `try`, `def`, destructuring, `?//`, the update
 * operators, string interpolation, `@formats`, regular expressions, dates, streams, the SQL-like builtins and mathematics.
 *
 * ## What differs from jq 1.7.1
 *
 * **Not there,** and refused when the program is compiled: what reads or writes elsewhere (`input`, `inputs`, `debug`,
 * `stderr`, `input_filename`, `input_line_number`, `env`, `$ENV`, `halt`, `halt_error`), modules (`import`, `include`,
 * `module`, `modulemeta`, `get_search_list`), `now` unless a clock is given, unknown `@formats` (an error at run time in jq),
 * and of the mathematics `gamma`, `lgamma`, `lgamma_r`, `tgamma`, `erf`, `erfc`, `j0`, `j1`, `jn`, `y0`, `y1`, `yn`,
 * `nextafter` and `nexttoward`.
 *
 * **Numbers** are doubles, from the first digit on. jq keeps the text of a number that nobody computes with, so that there
 * `100000000000000000001` and `1.0` come out as they went in. The last digit of a logarithm or sine is the runtime's.
 *
 * **Objects** have their members in the order of JavaScript: names that are whole numbers first, then by age. `keys` and
 * `to_entries` do as in jq, the latter in that order.
 *
 * **Strings** are counted in code points everywhere; `indices`, `index` and `rindex` count bytes in jq 1.7.1.
 *
 * **Regular expressions** are matched by an engine of its own, which counts its steps, in the syntax that jq has from
 * Oniguruma: `(?<name>…)`, look around (also behind, and of any length), atomic groups, possessive repeats, `\p{…}`, `[[:alpha:]]`, `\K`, `\R`,
 * `\Q…\E`, `(?imsx)`. Not supported: calls of groups (`\g<name>`), `\X`, conditions and absent groups; `ß` is not `SS` in any
 * case. An expression that backtracks for too long reaches the limit `steps`; in jq it is an error that `try` catches. A
 * repeat of a group more than some thousand times, as of `(ab)*`, may reach the limit `stack`.
 *
 * **Dates** have no time zone but UTC, `localtime` and `strflocaltime` included. The conversions of `strftime` and
 * `strptime` are those of C, with English names; what a text does not say is as in the first second of 1970.
 *
 * **Paths** are also followed through `reduce`, `foreach` and `last(f)`, where jq refuses.
 *
 * **Bugs that are not repeated:** in `reduce` and `foreach` with several initial states, each begins with the same input;
 * looking behind works at the very end of a text; an empty match is found once before each character, and not once before
 * each byte of it.
 *
 * **JSON in strings** (`fromjson`, `tonumber`) is JSON and `nan`; the error messages are shorter than jq's.
 *
 * **More than jq 1.7.1:** a term may go on behind `end` or `)` of a `reduce` (`if … end.a`), `.a?//1` needs no blank, a filter
 * may have the name of a keyword, and there are `trim`, `ltrim`, `rtrim`, `toarray`, `add(f)`, `skip(n; f)`, `ascii`,
 * `@base32` and `@base32d`.
 *
 * ## What ends a program
 *
 * Steps, outputs, depth of calls, length of strings and of arrays, each with a default that {@linkcode JqLimits} tells; and
 * deep recursion also by the stack of the runtime, as the limit `stack`. No `try` in a program catches a limit. A call that
 * is the last thing a filter does (`def f: if . > 9 then . else . + 1 | f end`) is a loop and as deep as it likes.
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
export type { Json } from "./values/json.ts";
