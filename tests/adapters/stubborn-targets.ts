/**
 * A process with three targets that never finish stopping. It prints which of their functions are called.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { stopOnSignals } from "../../adapters/signals.ts";

const print = (text: string) => void writeSync(1, `${text}\n`);

function createTarget(name: string, kill: () => unknown) {
  const stop = () => {
    print(`stop ${name}`);
    return new Promise<never>(() => {});
  };
  return { stop, kill: () => (print(`kill ${name}`), kill()) };
}

stopOnSignals([
  createTarget("a", () => {
    throw new Error("a cannot be killed");
  }),
  createTarget("b", () => {}),
  { stop: () => new Promise(() => print("stop c")) },
]);
print("ready");
setTimeout(() => process.exit(1), 20_000); // Should nobody kill it.
