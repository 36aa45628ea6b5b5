/**
 * Writes the files of the dashboard's page into `src/dashboard/assets.ts`: `deno task dashboard`.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { demand, deno, root } from "../gate/command.ts";
import { bundlePage } from "./bundle.ts";

const files = await bundlePage();
const rows = files.map(({ name, type, bytes }) => {
  const gzip = gzipSync(bytes, { level: 9 });
  console.log(`${name}: ${bytes.length} bytes, ${gzip.length} gzipped`);
  return `  {
    name: ${JSON.stringify(name)},
    type: ${JSON.stringify(type)},
    gzip: ${JSON.stringify(gzip.toString("base64"))},
  },`;
});
const text = `/**
 * The files of the page, gzipped, in base64. \`deno task dashboard\` makes this of \`src/dashboard/page/\`, with Preact
 * (MIT licence) in it.
 *
 * @module
 */

/** A file of the page. */
export interface Asset {
  readonly name: string;
  readonly type: string;
  readonly gzip: string;
}

${"export"} const assets: readonly Asset[] = [
${rows.join("\n")}
];
`;
const path = `${root}src/dashboard/assets.ts`;
await Deno.writeTextFile(path, text);
await demand(deno, ["fmt", "--quiet", path]);
