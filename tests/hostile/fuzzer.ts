/**
 * Sends a broker what nobody should, and judges what it answers: a refusal that can be read, or a job that reads back
 * as it was sent; never an error of the broker's own, and nothing kept of what was refused.
 *
 * @module
 */

import { decodeMulti } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { type Logger, silentLogger } from "../../src/log.ts";
import type { Format } from "../../src/protocol/codec.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { type Route, type RouteName, routes } from "../../src/protocol/routes.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createRandom, type Random } from "../support/random.ts";
import { createHostileBody } from "./hostile-body.ts";
import { hostileQueries, hostileSegments, idPlace, seeds } from "./seeds.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A call to send. */
export interface FuzzCall {
  readonly route: RouteName;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes | null;
}

/** A broker under fire. */
export interface Fuzzer {
  /** Makes the call of a seed. It depends on the ids of jobs that are there, and on nothing else. */
  make(route: RouteName, seed: number): FuzzCall;
  /** Sends a call and gives the status. Rejects with an `AssertionError` for an answer that must not be. */
  judge(call: FuzzCall): Promise<number>;
  close(): Promise<void>;
}

const names = Object.keys(routes) as RouteName[];
const mediaTypes: Readonly<Record<Format, string>> = {
  json: "application/json",
  msgpack: "application/msgpack",
};
/** What would show that something was stored; looked at after so many refusals. */
const lookouts = ["/jobs/count", "/crons", "/budgets"];
const lookEvery = 10;

/** Jobs that gather before all is deleted, so that listing them stays quick. */
const fullAt = 300;
/** So few that are known to be there are not enough. */
const scarceAt = 15;

/** Starts a broker with a few jobs, of which some are in flight. */
export async function createFuzzer(): Promise<Fuzzer> {
  const failures: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (...line) => void failures.push(line) };
  const clock = createTestClock();
  const broker = createBroker({ store: openSqlite(":memory:"), clock, logger });
  let ids: string[] = [];
  let kept: readonly string[] = [];
  let refusals = 0;

  const send = ({ method, target, headers, body }: Omit<FuzzCall, "route">) =>
    broker.fetch(new Request(`http://broker${target}`, { method, headers, body }));
  const read = async (target: string, accept = mediaTypes.json) => {
    const response = await send({ method: "GET", target, headers: { accept }, body: null });
    assert.equal(response.status, 200, `${target} is answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const look = () =>
    Promise.all(lookouts.map(async (target) => new TextDecoder().decode(await read(target))));

  const fill = async () => {
    const jobs = Array.from({ length: 20 }, () => ({ type: "t", queue: "q", payload: 1 }));
    const body = new TextEncoder().encode(JSON.stringify({ jobs }));
    const headers = { "content-type": mediaTypes.json };
    const response = await send({ method: "POST", target: "/jobs/bulk", headers, body });
    ids = (await response.json()).jobs.map(({ id }: { id: string }) => id);
    kept = await look();
  };

  const judge = async (call: FuzzCall): Promise<number> => {
    const response = await send(call);
    const { status } = response;
    if (call.route === "take" || call.route === "events") await response.body?.cancel();
    else await demandReadable(response.clone());
    assert.deepEqual(failures.splice(0), [], "the broker logged an error");
    assert.ok(status < 500 && status !== 413 && status !== 408, `status ${status}`);

    if (status < 300 && call.body !== null) {
      for (const { id, payload } of await accepted(call, response)) {
        ids.push(id);
        const format = formatOf(call);
        const stored = decode(await read(`/jobs/${id}`, mediaTypes[format]), format);
        assert.deepEqual((stored as { payload: unknown }).payload, payload);
        const other = format === "json" ? "msgpack" : "json";
        const converted = decode(await read(`/jobs/${id}`, mediaTypes[other]), other);
        assert.deepEqual((converted as { payload: unknown }).payload, payload);
      }
    }
    // Of several acknowledgements those that can be are done.
    if (status < 300 || call.route === "successMany") kept = await look();
    else if (++refusals % lookEvery === 0) {
      assert.deepEqual(await look(), kept, `something was stored of ${lookEvery} refused calls`);
    }
    if (status === 404 || status === 204) ids = ids.filter((id) => !call.target.includes(id));
    if (ids.length > fullAt || ids.length < scarceAt) {
      await send({ method: "POST", target: "/reset", headers: {}, body: null });
      await fill();
    }
    return status;
  };

  await fill();
  const leaving = new AbortController();
  const taken = await broker.fetch(
    new Request("http://broker/jobs/take?prefetch=10", { signal: leaving.signal }),
  );
  const drained = taken.body!.pipeTo(new WritableStream()).catch(() => {});

  return {
    make(route, seed) {
      const random = createRandom(seed);
      const { method, path } = routes[route] as Route;
      const segment = (name: string) =>
        random.once(6)
          ? random.pick(hostileSegments)
          : name === "id"
          ? random.pick(ids)
          : name === "attempt"
          ? "1"
          : name === "entry"
          ? "e"
          : "b";
      const query = random.once(method === "GET" ? 2 : 8)
        ? `?${random.pick(hostileQueries)}${
          random.once(4) ? `&${random.pick(hostileQueries)}` : ""
        }`
        : "";
      const format = random.pick(["json", "msgpack"] as const);
      const hasBody = method !== "GET" && (method !== "DELETE" || random.once(4));
      return {
        route,
        method,
        target: path.replace(/\{(\w+)\}/g, (_, name: string) => segment(name)) + query,
        headers: headersOf(random, hasBody ? format : undefined),
        body: hasBody ? createHostileBody(random, seedBody(random, route, ids), format) : null,
      };
    },

    async judge(call) {
      try {
        return await judge(call);
      } catch (error) {
        failures.length = 0;
        kept = await look(); // So that the next call is not blamed for this one.
        throw error;
      }
    },

    async close() {
      leaving.abort();
      await drained;
      await broker.stop();
    },
  };
}

/** The names of all endpoints. */
export const fuzzedRoutes: readonly RouteName[] = names;

function seedBody(random: Random, route: RouteName, ids: readonly string[]): unknown {
  const seed = random.pick(seeds[route] ?? [{}, { key: "b" }]);
  return JSON.parse(JSON.stringify(seed).replaceAll(`"${idPlace}"`, `"${random.pick(ids)}"`));
}

function headersOf(random: Random, format: Format | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (format !== undefined) headers["content-type"] = mediaTypes[format];
  if (random.once(50)) {
    headers["content-type"] = random.pick(["text/plain", "", "application/json, x"]);
  }
  if (random.once(2)) headers["accept"] = random.pick(Object.values(mediaTypes));
  if (random.once(50)) {
    headers["accept"] = random.pick(["", "text/html", "application/*", "x".repeat(2000)]);
  }
  return headers;
}

function formatOf({ headers }: FuzzCall): Format {
  return headers["content-type"]?.includes(mediaTypes.msgpack) ? "msgpack" : "json";
}

/** An answer's body is of the type that its head says, and a refusal says why. */
async function demandReadable(response: Response): Promise<void> {
  const { status } = response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (status === 204 || status === 405) return assert.equal(bytes.length, 0);
  const type = response.headers.get("content-type");
  // Only numbers for Prometheus are text.
  if (status === 200 && type?.startsWith("text/plain")) {
    return assert.match(new TextDecoder().decode(bytes), /^# HELP /);
  }
  // A payload beside jobs is any bytes, and never shown as anything else.
  if (status === 200 && type === "application/octet-stream") {
    return assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  }
  const packed = type === mediaTypes.msgpack;
  const value = decode(bytes, packed ? "msgpack" : "json") as Record<string, unknown>;
  if (status < 400) return;
  if (!("not_found" in value)) assert.equal(typeof value["error"], "string");
}

/** The jobs that an enqueue stored, with the payloads that were sent. */
async function accepted(
  call: FuzzCall,
  response: Response,
): Promise<{ id: string; payload: unknown }[]> {
  if (call.route !== "enqueue" && call.route !== "enqueueMany") return [];
  const packed = response.headers.get("content-type") === mediaTypes.msgpack;
  const answer = decode(new Uint8Array(await response.arrayBuffer()), packed ? "msgpack" : "json");
  const sent = decode(call.body!, formatOf(call));
  const [answered, wanted] = call.route === "enqueue"
    ? [[answer], [sent]]
    : [(answer as { jobs: unknown[] }).jobs, (sent as { jobs: unknown[] }).jobs];
  return wanted.flatMap((job, i) => {
    const { id, duplicate, batch } = answered[i] as Record<string, unknown> & { id: string };
    // What is folded changes.
    return duplicate || batch ? [] : [{ id, payload: (job as { payload: unknown }).payload }];
  });
}

/** Reads by other means than the broker's. Of MessagePack the first value, without what JSON cannot say. */
function decode(bytes: Bytes, format: Format): unknown {
  if (format === "json") return JSON.parse(new TextDecoder().decode(bytes));
  // The library refuses this one key.
  if (includes(bytes, "__proto__")) return withoutNonFinite(msgpackCodec.decode(bytes));
  const [value] = decodeMulti(bytes);
  return withoutNonFinite(value);
}

function includes(bytes: Bytes, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(text);
}

function withoutNonFinite(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(withoutNonFinite);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutNonFinite(v)]));
}
