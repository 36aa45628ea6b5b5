/**
 * A server under test, in a process of its own.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Runtime, toWords } from "./runtimes.ts";

/** A server that listens. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** CPU time that it has used so far, in ms. */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts the server of a checkout on a database file.
 *
 * @param more Further flags of `millrace serve`.
 * @throws {Error} If it ends before it listens.
 */
export async function startServer(
  checkout: string,
  runtime: Runtime,
  data: string,
  more: readonly string[] = [],
): Promise<ServerProcess> {
  const script = fileURLToPath(new URL("server.ts", import.meta.url));
  const flags = ["--port", "0", "--data", data, ...more];
  const words = [...toWords(runtime, script, checkout), checkout, ...flags];
  const child = spawn(runtime.program, words, { stdio: ["pipe", "pipe", "pipe"] });
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => log += text);
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout! });
  const nextLine = (start: string) =>
    new Promise<string>((resolve, reject) => {
      const end = () => reject(new Error(`The server ended with ${child.exitCode}: ${log}`));
      const read = (line: string) => {
        if (!line.startsWith(start)) return;
        lines.off("line", read);
        child.off("exit", end);
        resolve(line.slice(start.length));
      };
      lines.on("line", read);
      child.on("exit", end);
    });
  const url = await nextLine("millrace listening on ");
  return {
    url,
    pid: child.pid!,
    async cpuMs() {
      const answer = nextLine("cpu ");
      child.stdin!.write("?");
      return Number(await answer);
    },
    async stop() {
      child.stdin!.end();
      child.kill("SIGTERM");
      await ended;
    },
  };
}
