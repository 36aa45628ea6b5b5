/** The files of docs/deploy/ name flags, paths and programs that there are, and leave enough time to stop. */

import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { describe, it } from "node:test";
import { serveFlags } from "../../adapters/cli/serve-flags.ts";
import { routes } from "../../src/protocol/routes.ts";
import { isMissing, load } from "../frameworks/framework.ts";

const root = new URL("../../", import.meta.url);
const folder = new URL("docs/deploy/", root);
const read = (name: string) => readFile(new URL(name, folder), "utf8");

/** The reader of YAML is one of the gate's tools. */
const skip = isMissing("yaml");

/** What stands in a file of YAML, one value for each document. */
async function readYaml(name: string): Promise<unknown[]> {
  const { parseAllDocuments } = await load("yaml");
  const documents: readonly YamlDocument[] = parseAllDocuments(await read(name));
  return documents.map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], [], name);
    return document.toJS();
  });
}

/** All objects within a value. */
function* within(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Readonly<Record<string, unknown>>;
  for (const part of Object.values(value)) yield* within(part);
}

/** The flag of a variable: `MILLRACE_DRAIN_DELAY` is that of `drainDelay`. */
function toFlag(variable: string) {
  const [first, ...others] = variable.slice("MILLRACE_".length).toLowerCase().split("_");
  const name = first + others.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
  return serveFlags[name as keyof typeof serveFlags];
}

/** What is said to clients, workers and image builds, and not to `millrace serve`. */
const others = ["MILLRACE_URL", "MILLRACE_TOKEN", "MILLRACE_PACKAGE"];

const seconds = (text: string) => Number.parseFloat(text);

/** How long `millrace serve` may take to stop, in s, with its default of 10 s for calls under way. */
const toStopSeconds = (drain: string | undefined) => seconds(drain ?? "0") + 10;

describe("docs/deploy", () => {
  it("has no file that the page does not speak of, and the page no link that leads nowhere", async () => {
    const page = await readFile(new URL("docs/deploy.md", root), "utf8");
    const links = [...page.matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)].map(([, path]) => path!);
    for (const path of links) await stat(new URL(`docs/${path}`, root));
    const spoken = links.filter((path) => path.startsWith("deploy/")).map((path) => path.slice(7));
    const named = (name: string) => spoken.includes(name) || page.includes(`/${name}`);
    const isTold = (name: string) =>
      named(name) || named(name.replace(".service", ".timer")) || name === "compose.yaml";
    assert.deepEqual((await readdir(folder)).filter((name) => !isTold(name)), []);
  });

  it("names only settings that there are, with values that can be read", async () => {
    let count = 0;
    for (const name of await readdir(folder)) {
      const text = await read(name);
      for (
        const [, variable, value] of text.matchAll(
          /\b(MILLRACE_[A-Z_]+)(?:["']?\s*[:=]\s*["']?([\w./:,]+))?/g,
        )
      ) {
        if (others.includes(variable!)) continue;
        const flag = toFlag(variable!);
        assert.ok(flag, `${name}: ${variable}`);
        if (value !== undefined) flag.read(value);
        count++;
      }
    }
    assert.ok(count > 15);
  });

  it("asks for health by paths that there are", async () => {
    const known = new Set(
      Object.values(routes).filter(({ method }) => method === "GET").map(({ path }) => path),
    );
    const asked = new Set<string>();
    for (const name of await readdir(folder)) {
      for (const [, path] of (await read(name)).matchAll(/(?:path[:=] ?|GET |7890)"?(\/[a-z]+)/g)) {
        asked.add(path!);
      }
    }
    assert.deepEqual([...asked].filter((path) => !known.has(path as never)).sort(), ["/live"]);
    assert.ok(asked.has("/health") && asked.has("/version"));
  });

  it("gives processes more time to stop than they take", { skip }, async () => {
    let brokers = 0;
    for (const name of ["kubernetes.yaml", "kubernetes-sqlite.yaml"]) {
      for (const pod of within(await readYaml(name))) {
        if (!("containers" in pod)) continue;
        const [{ env }] = pod["containers"] as [{ env: { name: string; value?: string }[] }];
        const valueOf = (key: string) => env.find(({ name }) => name === key)?.value;
        const stop = valueOf("STOP_SECONDS");
        const takes = stop === undefined
          ? toStopSeconds(valueOf("MILLRACE_DRAIN_DELAY"))
          : seconds(stop);
        assert.ok(Number(pod["terminationGracePeriodSeconds"]) >= takes + 5, name);
        brokers++;
      }
    }
    assert.equal(brokers, 3);
    for (const name of ["compose.yaml", "compose.postgres.yaml"]) {
      const [{ services }] = await readYaml(name) as [{ services: Record<string, Service> }];
      for (const [key, { environment = {}, stop_grace_period }] of Object.entries(services)) {
        if (!("MILLRACE_ALLOW_ANYONE" in environment)) continue;
        const takes = toStopSeconds(environment["MILLRACE_DRAIN_DELAY"]);
        assert.ok(seconds(stop_grace_period!) >= takes + 5, `${name}: ${key}`);
      }
    }
    const [{ services }] = await readYaml("render.yaml") as [{ services: RenderService[] }];
    for (const { type, maxShutdownDelaySeconds, envVars } of services) {
      const drain = envVars.find(({ key }) => key === "MILLRACE_DRAIN_DELAY")?.value;
      const takes = type === "worker" ? 50 : toStopSeconds(drain);
      assert.ok(maxShutdownDelaySeconds >= takes + 5, type);
    }
  });

  it("drains for longer than the load balancer needs to notice", { skip }, async () => {
    const [, inter, fall] = (await read("haproxy.cfg")).match(/inter (\d+)s fall (\d+)/)!;
    const [{ services }] = await readYaml("compose.postgres.yaml") as [
      { services: Record<string, Service> },
    ];
    const drain = seconds(services["broker1"]!.environment!["MILLRACE_DRAIN_DELAY"]!);
    assert.ok(drain > Number(inter) * Number(fall));
    for (const pod of within(await readYaml("kubernetes.yaml"))) {
      const probe = pod["readinessProbe"] as Record<string, number> | undefined;
      if (probe !== undefined) assert.ok(6 > probe["periodSeconds"]! * probe["failureThreshold"]!);
    }
  });

  it("starts programs that the package has", async () => {
    const { bin, exports } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
    const entry = `node_modules/millrace/${bin.millrace.replace(/^\.\//, "")}`;
    assert.match(
      await read("Dockerfile"),
      /^ENTRYPOINT \["\/app\/node_modules\/\.bin\/millrace"\]$/m,
    );
    for (const name of ["millrace.service", "millrace-backup.service"]) {
      const [, program] = (await read(name)).match(/^ExecStart=\/usr\/bin\/node (\S+) /m)!;
      assert.equal(program, `/opt/millrace/${entry}`, name);
    }
    const imports = [
      ...(await read("worker.mjs")).matchAll(/import \{ (.+) \} from "millrace(\/\w+)"/g),
    ];
    assert.equal(imports.length, 3);
    for (const [, names, path] of imports) {
      const source = exports[`.${path}`].default.replace("/dist/", "/").replace(/js$/, "ts");
      const entry = await import(new URL(source, root).href);
      for (const name of names!.split(", ")) assert.ok(name in entry, `${name} of ${path}`);
    }
  });

  it("has units whose lines are sections and settings, each setting in a section", async () => {
    for (const name of (await readdir(folder)).filter((name) => /\.(service|timer)$/.test(name))) {
      const lines = (await read(name)).split("\n").filter((line) => line !== "" && line[0] !== "#");
      assert.equal(lines[0], "[Unit]", name);
      for (const line of lines) assert.match(line, /^(\[[A-Z][a-z]+\]|[A-Z][A-Za-z]+=.*)$/, name);
    }
  });
});

interface YamlDocument {
  readonly errors: readonly Error[];
  readonly warnings: readonly Error[];
  toJS(): unknown;
}

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
}

interface RenderService {
  readonly type: string;
  readonly maxShutdownDelaySeconds: number;
  readonly envVars: readonly { readonly key: string; readonly value?: string }[];
}
