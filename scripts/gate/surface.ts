/**
 * The stage that holds what others rely on: the exported surface, the weight of a bundle, the two manifests.
 *
 * `deno task test surface --pin` writes the surface down as it is now.
 *
 * @module
 */

import { dirname } from "node:path";
import { checkBundles } from "./bundles.ts";
import { demand, deno, root } from "./command.ts";
import { listFiles } from "./files.ts";
import { checkManifests } from "./manifests.ts";
import { CheckError, type Stage } from "./report.ts";
import { emptyFolder } from "./tools.ts";

const pinned = `${root}tests/surface`;

export const surface: Stage = {
  name: "surface",
  about: "exports, bundle sizes and manifests are what was agreed",
  async run(report) {
    const { exports } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
    const bare = await copyBare();
    for (const [entry, path] of Object.entries<string>(exports)) {
      await report.check(`the surface of ${entry}`, async () => {
        const file = `${pinned}/${entry === "." ? "root" : entry.slice(2)}.txt`;
        await comparePin(file, await describe(bare, path));
      });
    }
    await checkBundles(report);
    await checkManifests(report);
  },
};

/** The sources without their docs: a better sentence is no new surface. */
async function copyBare(): Promise<string> {
  const folder = await emptyFolder("surface");
  const files = [...await listFiles("src", ".ts"), ...await listFiles("adapters", ".ts"), "mod.ts"];
  for (const file of files) {
    const source = await Deno.readTextFile(root + file);
    await Deno.mkdir(dirname(`${folder}/${file}`), { recursive: true });
    await Deno.writeTextFile(`${folder}/${file}`, source.replaceAll(/\/\*\*[\s\S]*?\*\//g, ""));
  }
  await Deno.copyFile(`${root}deno.json`, `${folder}/deno.json`);
  return folder;
}

/** Names and signatures of an entry, as `deno doc` tells them. */
async function describe(folder: string, path: string): Promise<string> {
  const text = await demand(deno, ["doc", "--no-lock", path], { cwd: folder });
  const lines = text.split("\n").filter((line) => !line.startsWith("Defined in "));
  return `${lines.join("\n").replaceAll(/\n{2,}/g, "\n\n").trim()}\n`;
}

async function comparePin(file: string, text: string): Promise<void> {
  if (Deno.args.includes("--pin")) return await Deno.writeTextFile(file, text);
  const pin = await Deno.readTextFile(file).catch(() => "");
  if (text === pin) return;
  const how = "If this is meant, pin it: deno task test surface --pin";
  throw new CheckError([...listChanges(pin, text), how].join("\n"));
}

/** The lines that went and came, each with the symbol that it is a part of. */
export function listChanges(before: string, after: string): string[] {
  const was = toParts(before);
  const is = toParts(after);
  return [
    ...[...was].filter((part) => !is.has(part)).map((part) => `- ${part}`),
    ...[...is].filter((part) => !was.has(part)).map((part) => `+ ${part}`),
  ];
}

function toParts(text: string): Set<string> {
  let symbol = "";
  const parts = new Set<string>();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    if (!line.startsWith(" ")) symbol = line;
    parts.add(line === symbol ? line : `${symbol} …${line}`);
  }
  return parts;
}
