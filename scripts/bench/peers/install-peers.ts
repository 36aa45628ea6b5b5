/**
 * Installs the systems that ours is held against, from their locked manifest, into a folder that git ignores.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { demand, deno, root } from "../../gate/command.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Installs them. Gives the folder. */
export async function installPeers(): Promise<string> {
  const folder = `${root}.cache/peers`;
  await Deno.mkdir(folder, { recursive: true });
  // A folder with a `deno.json` of its own does not take part in the checkout's.
  await Deno.writeTextFile(`${folder}/deno.json`, '{ "nodeModulesDir": "auto" }\n');
  for (const file of ["package.json", "deno.lock"]) {
    await Deno.copyFile(`${here}${file}`, `${folder}/${file}`);
  }
  await demand(deno, ["install", "--quiet", "--frozen"], { cwd: folder });
  return folder;
}
