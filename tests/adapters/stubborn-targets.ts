/**
 * A process with three targets that never finish stopping. It prints what they are told.
 *
 * @module
 */

import { writeSync } from "node:fs";
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
setInterval(() => {}, 1000);
