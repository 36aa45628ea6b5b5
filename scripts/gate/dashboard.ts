/**
 * The stage of the dashboard: its page is that of its sources, small, and works in a real Chromium.
 *
 * @module
 */

import { gunzipSync } from "node:zlib";
import { assets } from "../../src/dashboard/assets.ts";
import { bundlePage } from "../dashboard/bundle.ts";
import { run } from "./command.ts";
import { CheckError, type Stage } from "./report.ts";
import { runSuite, toNodeWords } from "./suites.ts";
import { emptyFolder, findRuntime, installPackages, installTools, runTool } from "./tools.ts";

/** Bytes of all files of the page together, gzipped. */
const mostBytes = 60_000;

/** Where Debian and others have it. */
const programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const dashboard: Stage = {
  name: "dashboard",
  about: "the page of the dashboard is that of its sources, and works in a browser",
  async run(report) {
    await installPackages();
    await report.check(
      "tsc: the page, with a browser's names",
      () => runTool("typescript/bin/tsc", ["-p", "src/dashboard/page"]),
    );
    await report.check("src/dashboard/assets.ts is what its sources give", compare);
    await report.check(`the page has at most ${mostBytes} bytes, gzipped`, () => {
      const bytes = assets.reduce((sum, { gzip }) => sum + gzip.length * 3 / 4, 0);
      if (bytes > mostBytes) throw new CheckError(`It has ${Math.round(bytes)}`);
    });

    const node = await findRuntime("node24");
    const chromium = await findChromium();
    if ("missing" in node) return report.skip("the page in a browser", node.missing);
    if (chromium === undefined) {
      return report.skip(
        "the page in a browser",
        "there is no Chromium, and it cannot be installed",
      );
    }
    const xml = `${await emptyFolder("browser")}/junit.xml`;
    const words = toNodeWords(xml, [
      "tests/browser/dashboard.test.ts",
      "tests/browser/pages.test.ts",
      "tests/browser/told.test.ts",
      "tests/browser/trends.test.ts",
      "tests/browser/frame.test.ts",
    ]);
    const env = { MILLRACE_TOOLS: await installTools(), MILLRACE_CHROMIUM: chromium };
    await runSuite(report, "the page in Chromium", node.program, words, xml, env);
  },
};

/** The bytes are compared unpacked: another version of zlib may pack them otherwise. */
async function compare(): Promise<void> {
  const files = await bundlePage();
  const isSame = files.length === assets.length && files.every(({ name, bytes }) => {
    const asset = assets.find((asset) => asset.name === name);
    return asset !== undefined &&
      gunzipSync(Uint8Array.from(atob(asset.gzip), (letter) => letter.charCodeAt(0)))
        .equals(bytes);
  });
  if (!isSame) throw new CheckError("It is not: run 'deno task dashboard'");
}

/** Finds a Chromium, or installs Debian's; undefined if there is none to be had. */
async function findChromium(): Promise<string | undefined> {
  const find = async () => {
    for (const path of programs) {
      if (await Deno.stat(path).then(() => true, () => false)) return path;
    }
  };
  const found = await find();
  if (found !== undefined || Deno.build.os !== "linux" || Deno.uid() !== 0) return found;
  try {
    await run("apt-get", ["update", "-qq"]);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"]);
  } catch {
    // No Debian.
  }
  return await find();
}
