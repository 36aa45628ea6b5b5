/**
 * The processes of a trial with several brokers, and the proxy before them.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ownMain = fileURLToPath(new URL("../../adapters/cli/main.ts", import.meta.url));

/** How long to wait before a broker that did not come up is started again, in ms. */
const restartMs = 200;

/** A broker in a process of its own, which can be killed, and starts again. */
export interface MortalBroker {
  /** Where it listens; undefined while it does not. */
  readonly port: number | undefined;
  /** Lines of its log that tell of errors. */
  readonly errors: string[];
  /** Ends it as a power cut would, and starts another one. */
  kill(): Promise<void>;
  /** Has it stand still for so many ms, and go on as if nothing had been. */
  pause(ms: number): Promise<void>;
  /** Ends it as a power cut would, and leaves it so. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a broker on a PostgreSQL.
 *
 * @param main Its program; default the one of this checkout.
 */
export async function startBrokerOn(url: string, main: string = ownMain): Promise<MortalBroker> {
  const words = "Deno" in globalThis ? ["run", "-A", main] : [main];
  let child: ChildProcess;
  let port: number | undefined;
  let isWanted = true;
  const errors: string[] = [];

  /** Starts it until it listens, as whatever supervises it would: its server may be away. */
  const start = async (): Promise<void> => {
    const args = [...words, "serve", "--port", "0", "--data", url, "--log-format", "text"];
    const started = child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    createInterface({ input: started.stderr! }).on("line", (line) => {
      if (/error/i.test(line)) errors.push(line);
    });
    const listens = await new Promise<boolean>((resolve) => {
      createInterface({ input: started.stdout! }).on("line", (line) => {
        const found = /^millrace listening on \S+:(\d+)$/.exec(line);
        if (found === null) return;
        if (child === started) port = Number(found[1]);
        resolve(true);
      });
      started.on("exit", (code, signal) => {
        resolve(false);
        if (child !== started || !isWanted || signal === "SIGKILL") return;
        errors.push(`It ended by itself with code ${code}`);
        if (port !== undefined) void start();
        port = undefined;
      });
    });
    if (listens || child !== started || !isWanted) return;
    await new Promise((resolve) => setTimeout(resolve, restartMs));
    if (child === started && isWanted) await start();
  };

  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    port = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };

  const endForGood = (signal: "SIGKILL" | "SIGTERM") => {
    isWanted = false;
    return end(signal);
  };

  await start();
  return {
    get port() {
      return port;
    },
    errors,
    async kill() {
      await end("SIGKILL");
      await start();
    },
    async pause(ms) {
      const paused = child;
      paused.kill("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, ms));
      paused.kill("SIGCONT");
    },
    end: () => endForGood("SIGKILL"),
    stop: () => endForGood("SIGTERM"),
  };
}

/** A proxy that gives each connection to the next port of those that listen. */
export async function createSpreadingProxy(
  ports: () => readonly (number | undefined)[],
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let next = 0;
  const server = createServer((near) => {
    const alive = ports().filter((port) => port !== undefined);
    if (alive.length === 0) return near.destroy();
    const far = connect(alive[next++ % alive.length]!, "127.0.0.1");
    const cut = () => {
      near.destroy();
      far.destroy();
      sockets.delete(near);
      sockets.delete(far);
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", cut).on("close", cut);
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Lines that differ in numbers only, counted, the most frequent ones first. */
export function countLines(lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const text = line.replaceAll(/[\d:.,]+/g, "#").slice(0, 140);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 12)
    .map(([text, times]) => `${String(times).padStart(6)} × ${text}`);
}
