/**
 * The projects of `examples/`, run as their READMEs say, with the package as npm delivers it.
 *
 * The gate installs the package, copies the projects beside it, and runs the tests on Node. `MILLRACE_EXAMPLES` is the folder
 * with the copies, `MILLRACE_TOOLS` that of the gate's tools; `MILLRACE_DENO` and `MILLRACE_BUN` are programs.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { env, execPath } from "node:process";

const demand = (name: string): string => {
  const value = env[name];
  if (value === undefined) throw new Error(`The gate sets '${name}': deno task test examples`);
  return value;
};

/** The folder of an example. */
export const folderOf = (name: string): string => `${demand("MILLRACE_EXAMPLES")}/${name}`;

/** The programs of the runtimes. */
export const programs = {
  node: execPath,
  deno: env["MILLRACE_DENO"],
  bun: env["MILLRACE_BUN"],
} as const;

/** Loads one of the gate's tools. */
export const loadTool = (name: string) => createRequire(`${demand("MILLRACE_TOOLS")}/`)(name);

/** A running program. */
export interface Running {
  readonly child: ChildProcess;
  /** Resolves with the first line in what the program prints that has this text; rejects if it ends before. */
  line(text: string): Promise<string>;
  /** Its exit code, when it has ended. */
  readonly code: Promise<number | null>;
  /** Asks it to end, and waits for that. */
  stop(): Promise<number | null>;
}

/** Starts a program in the folder of an example. */
export function start(
  example: string,
  [program, ...words]: readonly [string, ...string[]],
  variables: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(program, words, {
    cwd: folderOf(example),
    env: { ...env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let complaints = "";
  const told = new Set<() => void>();
  const tell = () => told.forEach((look) => look());
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (printed += text, tell()));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => void (complaints += text));
  const code = once(child, "close").then(([code]) => (tell(), code as number | null));
  return {
    child,
    code,
    line: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = printed.split("\n").slice(0, -1).find((line) => line.includes(text));
          if (found !== undefined) resolve(found);
          else if (child.exitCode !== null) {
            reject(new Error(`'${example}' printed no '${text}':\n${printed}${complaints}`));
          } else return;
          told.delete(look);
        };
        told.add(look);
        look();
      }),
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      return await code;
    },
  };
}

/** Asks until there is somebody who answers: a program says only by that that it listens. */
export async function ask(url: string): Promise<Response> {
  for (let tries = 0;; tries++) {
    try {
      return await fetch(url);
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A port that is free at the moment. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return String(port);
}

/** Bundles a module of an example as Wrangler does. */
export async function bundle(example: string, file: string): Promise<string> {
  const { outputFiles } = await loadTool("esbuild").build({
    entryPoints: [`${folderOf(example)}/${file}`],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
  });
  return outputFiles[0].text;
}
