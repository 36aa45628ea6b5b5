/** Expressions change no number of a payload, and take none for another: docs/protocol.md, sections 2.4 and 9.2. */

import { decode, encode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { jq } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";

/** Sends a call in JSON whose body is a text, as a parser would lose its digits; so it would those of the answer. */
async function call(broker: Broker, method: string, path: string, body?: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const request = new Request(`http://broker${path}`, {
    method,
    ...body !== undefined && { body, headers },
  });
  return await (await broker.fetch(request)).text();
}

const packed = { "content-type": "application/msgpack", accept: "application/msgpack" };

/** Sends a call in MessagePack, and reads the answer with every digit. */
async function callPacked(broker: Broker, path: string, body?: unknown): Promise<unknown> {
  const request = new Request(`http://broker${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: packed,
    ...body !== undefined && { body: encode(body, { useBigInt64: true }) },
  });
  const response = await broker.fetch(request);
  return decode(new Uint8Array(await response.arrayBuffer()), { useBigInt64: true });
}

const batch = {
  key: "k",
  when: "$existing.account == $new.account",
  fold: "$existing | .events += $new.events",
};

function post(broker: Broker, payload: string, more: object = {}): Promise<string> {
  const rest = JSON.stringify({ type: "t", queue: "q", ...more }).slice(1);
  return call(broker, "POST", "/jobs", `{"payload":${payload},${rest}`);
}

const idOf = (answer: string) => /"id":"([^"]+)"/.exec(answer)![1]!;

async function payloadOf(broker: Broker, id: string): Promise<string> {
  return /"payload":(.*),"ready_at"/.exec(await call(broker, "GET", `/jobs/${id}`))![1]!;
}

const large = "1234567890123456789";
const next = "1234567890123456788";

describe("a fold", () => {
  for (
    const number of [
      ...[large, `-${large}`, "9007199254740993", "18446744073709551615", "-9223372036854775808"],
      ...["100000000000000000001", "0.1000000000000000055511151231257827", "0.10000000000000001"],
      ...["-0", "12345678901234567890.5", "0", "1.5"],
    ]
  ) {
    it(`passes ${number} on as it is`, () =>
      withBroker(async ({ broker }) => {
        const options = { batch: { ...batch, when: "true" } };
        const head = idOf(await post(broker, `{"account":${number},"events":["a"]}`, options));
        for (const event of ["b", "c"]) {
          const answer = await post(broker, `{"account":1,"events":["${event}"]}`, options);
          assert.match(answer, /"folded":true/);
        }
        assert.equal(
          await payloadOf(broker, head),
          `{"account":${number},"events":["a","b","c"]}`,
        );
      }));
  }

  it("takes digits from the new payload, the expression and texts", () =>
    withBroker(async ({ broker }) => {
      const fold = `{a: $new.id, b: -${large}, c: ("${large}" | tonumber), d: [$existing.id, 1]}`;
      const options = { batch: { key: "k", when: "true", fold } };
      const head = idOf(await post(broker, `{"id":${large}}`, options));
      await post(broker, `{"id":${next}}`, options);
      const expected = `{"a":${next},"b":-${large},"c":${large},"d":[${large},1]}`;
      assert.equal(await payloadOf(broker, head), expected);
    }));

  it("rounds where the expression computes, and nowhere else", () =>
    withBroker(async ({ broker }) => {
      const fold = "$existing | .n += 1";
      const options = { batch: { key: "k", when: "true", fold } };
      const head = idOf(await post(broker, `{"n":${large},"id":${large}}`, options));
      await post(broker, "{}", options);
      assert.equal(await payloadOf(broker, head), `{"n":1234567890123456800,"id":${large}}`);
    }));

  it("is asked for by a 'when' that tells one account from the next", () =>
    withBroker(async ({ broker }) => {
      await post(broker, `{"account":${large},"events":[]}`, { batch });
      const answer = await post(broker, `{"account":${next},"events":[]}`, { batch });
      assert.match(answer, /"folded":false/);
      assert.match(
        await post(broker, `{"account":${next},"events":[]}`, { batch }),
        /"folded":true/,
      );
    }));

  it("keeps integers of 64 bits from MessagePack, for readers of both formats", () =>
    withBroker(async ({ broker }) => {
      const enqueue = (payload: unknown) =>
        callPacked(broker, "/jobs", { type: "t", queue: "q", payload, batch }) as Promise<
          { id: string; folded: boolean }
        >;
      const payload = { account: -9007199254740993n, top: 18446744073709551615n, events: ["a"] };
      const { id } = await enqueue(payload);
      assert.equal((await enqueue({ ...payload, events: ["b"] })).folded, true);
      assert.equal((await enqueue({ ...payload, account: 1n, events: ["b"] })).folded, false);
      const job = await callPacked(broker, `/jobs/${id}`) as { payload: unknown };
      assert.deepEqual(job.payload, { ...payload, events: ["a", "b"] });
      assert.equal(
        await payloadOf(broker, id),
        `{"account":-9007199254740993,"top":18446744073709551615,"events":["a","b"]}`,
      );
    }));
});

describe("a payload filter", () => {
  /** Both formats, and both signs. */
  async function fill(broker: Broker): Promise<void> {
    for (
      const account of [large, next, `-${large}`, `-${next}`, "1234567890123456800", "1", "null"]
    ) {
      await post(broker, `{"account":${account}}`);
    }
    for (const account of [BigInt(large), BigInt(next), -BigInt(large)]) {
      await callPacked(broker, "/jobs", { type: "t", queue: "q", payload: { account } });
    }
  }

  for (
    const [filter, count] of [
      [`.account == ${large}`, 2],
      [`.account == ${next}`, 2],
      [`.account == -${large}`, 2],
      [`.account == -${next}`, 1],
      [jq`.account == ${-BigInt(next)}`, 1],
      [`.account != ${large}`, 8],
      [`.account > ${next}`, 3],
      [`.account < -${next}`, 3], // Null is less than every number.
      [`.account == 1234567890123456800`, 1],
      [`.account | IN(${large}, 1)`, 3],
      [`[.account] | contains([${next}])`, 2],
      [`.account | tostring == "${large}"`, 2],
      [`.account | tostring | test("789$")`, 4],
      [`.account | type == "number"`, 9],
      [".account.text", 0],
    ] as [string, number][]
  ) {
    it(`${filter} counts ${count}`, () =>
      withBroker(async ({ broker }) => {
        await fill(broker);
        const query = `filter=${encodeURIComponent(filter)}`;
        assert.equal(await call(broker, "GET", `/jobs/count?${query}`), `{"count":${count}}`);
      }));
  }

  it("deletes the jobs of one account, and of no other", () =>
    withBroker(async ({ broker }) => {
      await fill(broker);
      const query = `filter=${encodeURIComponent(`.account == ${next}`)}`;
      assert.equal(await call(broker, "DELETE", `/jobs?${query}`), '{"deleted":2}');
      assert.equal(await call(broker, "GET", "/jobs/count"), '{"count":8}');
      const rest = `filter=${encodeURIComponent(`.account == ${large}`)}`;
      assert.equal(await call(broker, "GET", `/jobs/count?${rest}`), '{"count":2}');
    }));
});
