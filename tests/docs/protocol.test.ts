/** What `docs/protocol.md` says, as far as a machine can tell whether it is true. */

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { adminRoutes, type Route, routes } from "../../src/protocol/routes.ts";
import { readProtocolPage, root } from "./protocol-page.ts";
import { replay } from "./replay.ts";

const page = await readProtocolPage();
const numbers = page.sections.map(({ number }) => number);

describe("docs/protocol.md", () => {
  it("numbers its sections one after the other", () => {
    let [chapter, section] = [0, 0];
    for (const { number, line } of page.sections) {
      if (number.includes(".")) section++;
      else [chapter, section] = [chapter + 1, 0];
      const expected = section === 0 ? `${chapter}` : `${chapter}.${section}`;
      assert.equal(number, expected, `line ${line}`);
    }
    assert.ok(numbers.length > 12);
  });

  it("has an anchor before each section, named for its number", () => {
    for (const { number, anchor, line } of page.sections) {
      assert.equal(anchor, `section-${number.replaceAll(".", "-")}`, `line ${line}`);
    }
  });

  it("points to sections of its own that exist, under their numbers", () => {
    const links = [...page.text.matchAll(/\[(?:[Ss]ection )?([\d.]+)\]\(#([^)]*)\)/g)];
    assert.ok(links.length > 0);
    for (const [link, number, anchor] of links) {
      assert.ok(numbers.includes(number!), link);
      assert.equal(anchor, `section-${number!.replaceAll(".", "-")}`, link);
    }
  });

  it("names every route in a row of a table or in a heading", () => {
    const lines = page.text.split("\n").filter((line) => /^[|#]/.test(line));
    for (const call of listRoutes()) {
      const named = lines.filter((line) => line.includes(`\`${call}\``));
      assert.ok(named.length > 0, `'${call}' is not on the page`);
    }
  });

  it("names no route that there is not", () => {
    const known = new Set(listRoutes());
    // Told of where addresses are: docs/protocol.md, section 1.3.
    known.add("POST /jobs//success").add("HEAD /jobs/take");
    for (const call of page.calls) assert.ok(known.has(call), `there is no '${call}'`);
  });
});

describe("the citations of docs/protocol.md in the source", () => {
  it("name sections that exist", async () => {
    let citations = 0;
    for (const file of await listSources(["src", "adapters", "tests", "scripts"])) {
      for (const cited of listCitations(await readFile(new URL(file, root), "utf8"))) {
        citations++;
        assert.ok(numbers.includes(cited), `${file} cites section ${cited}`);
      }
    }
    assert.ok(citations > 0);
  });

  it("are found in each form", () => {
    const name = "docs/protocol.md"; // apart, as this file is read too
    assert.deepEqual(listCitations(`(${name}, section 4.2).`), ["4.2"]);
    assert.deepEqual(listCitations(`${name}, sections 1.2, 3\n * and 99.1`), ["1.2", "3", "99.1"]);
    assert.deepEqual(listCitations("section 4.2"), []);
  });
});

describe("the examples of docs/protocol.md", () => {
  it("are there", () => assert.ok(page.examples.length > 10));

  for (const example of page.examples) {
    const [{ line, command }] = example as [typeof example[number]];
    it(`are answered so: line ${line}, ${command.slice(0, 60)}`, () => replay(example));
  }
});

function listRoutes(): string[] {
  const all: Route[] = [...Object.values(routes), ...Object.values(adminRoutes)];
  return all.map(({ method, path }) => `${method} ${path}`);
}

/** The numbers that stand behind the name of the page; a comment may break the line between them. */
function listCitations(text: string): string[] {
  const gap = String.raw`[\s*/]+`;
  const list = String.raw`\d+(?:\.\d+)*(?:(?:,|${gap}and|${gap}to)${gap}\d+(?:\.\d+)*)*`;
  const citation = new RegExp(String.raw`docs/protocol\.md,${gap}sections?${gap}(${list})`, "g");
  return [...text.matchAll(citation)].flatMap(([, cited]) => cited!.match(/\d+(?:\.\d+)*/g)!);
}

async function listSources(folders: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    for (const entry of await readdir(new URL(`${folder}/`, root), { withFileTypes: true })) {
      if (entry.name === "node_modules") continue;
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) files.push(...await listSources([path]));
      else if (/\.(ts|json|md)$/.test(entry.name)) files.push(path);
    }
  }
  return files;
}
