/**
 * The memory of another process.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/**
 * Reads how much memory a process has.
 *
 * @param what Now (`VmRSS`), or the most since its start (`VmHWM`).
 * @returns Bytes; undefined where the system does not tell (all but Linux), or when the process has ended.
 */
export function readMemory(pid: number, what: "VmRSS" | "VmHWM"): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const found = new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(status);
    return found === null ? undefined : Number(found[1]) * 1024;
  } catch {
    return undefined;
  }
}
