/**
 * The server under test: `millrace serve` of a checkout, which also says how much CPU time it has used.
 *
 * Started by `server-process.ts` with the checkout and the flags. It answers each byte on its standard input with a line, and
 * stops when the input ends: it does not outlive who started it.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ownCpuMs } from "./subject.ts";

const [, , checkout, ...flags] = process.argv;
if (checkout === undefined) throw new TypeError("No checkout is given");

process.stdin.on("data", () => void process.stdout.write(`cpu ${ownCpuMs()}\n`));
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));

const main = join(checkout, "adapters/cli/main.ts");
process.argv.splice(1, process.argv.length, main, "serve", ...flags);
await import(pathToFileURL(main).href);
