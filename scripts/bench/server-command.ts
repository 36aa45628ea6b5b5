/**
 * A server that is started by a command line.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

/** How long it may take to start, in ms. */
const startMs = 20_000;

/** A server that answers. Disposing of it ends it. */
export interface CommandServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts a server on a free port and waits until it is healthy.
 *
 * @param command With `{port}` and `{data}` where these belong. A shell splits it into words.
 * @throws {Error} If it ends first, or takes too long.
 */
export async function startCommand(command: string, data: string): Promise<CommandServer> {
  const port = await findPort();
  const line = command.replaceAll("{port}", String(port)).replaceAll("{data}", data);
  const child = spawn("sh", ["-c", `exec ${line}`], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => log = (log + text).slice(-4000));
  const ended = once(child, "exit");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (!hasEnded()) process.kill(child.pid!, "SIGTERM");
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const until = performance.now() + startMs;
  while (!await isHealthy(url)) {
    if (hasEnded() || performance.now() > until) {
      await stop();
      throw new Error(`'${line}' did not start: ${log}`);
    }
    await sleep(50);
  }
  return { url, [Symbol.asyncDispose]: stop };
}

async function isHealthy(url: string): Promise<boolean> {
  return await fetch(`${url}/health`).then(async (response) => {
    await response.body?.cancel();
    return response.ok;
  }, () => false);
}

/** A port that nobody listens on now. */
async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
