/** Large bodies in JSON: what is cut out of them, piece by piece, is what reading them at once gives. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecodeError } from "../../src/protocol/codec.ts";
import { lightenJson } from "../../src/protocol/large-json.ts";
import { payloadPaths, type PayloadPlace } from "../../src/protocol/payload-place.ts";
import { decodeWithPayloads } from "../../src/protocol/raw-body.ts";
import { createRandom } from "../support/random.ts";

const encoder = new TextEncoder();

/** The payloads of a body that count, or undefined if it is none. */
function cut(text: string, place: PayloadPlace, pieceBytes?: number) {
  const cutting = lightenJson(encoder.encode(text), [payloadPaths[place]], pieceBytes);
  let pieces = 0;
  for (;;) {
    const { value, done } = cutting.next();
    if (!done) pieces++;
    else {
      const { payloads } = decodeWithPayloads(value.bytes, "json", place);
      return { pieces, payloads: payloads.map((at) => at && value.payloads[Number(at)]) };
    }
  }
}

function ofBoth(text: string, place: PayloadPlace, pieceBytes: number) {
  const attempt = (read: () => readonly unknown[]) => {
    try {
      return read();
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error));
      return undefined;
    }
  };
  const whole = attempt(() => decodeWithPayloads(encoder.encode(text), "json", place).payloads);
  return { whole, pieces: attempt(() => cut(text, place, pieceBytes).payloads) };
}

type Random = ReturnType<typeof createRandom>;

const texts = [
  "",
  "a",
  "payload",
  "job",
  "é",
  "日本",
  "😀",
  "long text, of [many] {letters}".repeat(3),
];
const escapes = ["\\n", '\\"', "\\\\", "\\u0041", "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\/"];

function textOf(random: Random): string {
  let inner = "";
  for (let n = random.int(4); n > 0; n--) {
    inner += random.pick(random.once(3) ? escapes : texts);
  }
  return `"${inner.repeat(random.once(5) ? 40 : 1)}"`;
}

function valueOf(random: Random, depth: number): string {
  const space = random.once(8) ? random.pick([" ", "\n", " \t", "\r\n"]) : "";
  const items = () => Array.from({ length: random.int(5) }, () => valueOf(random, depth + 1));
  if (depth < 6 && random.once(2)) {
    if (random.once(2)) return `${space}[${items().join(`${space},`)}${space}]`;
    return `{${space}${
      items().map((item) => `${textOf(random)}${space}:${item}`)
    }${space}}${space}`;
  }
  return space + random.pick(["1", "-1.5e3", "true", "null", "0", textOf(random)]);
}

const bodies: Readonly<Record<PayloadPlace, (random: Random) => string>> = {
  single: (random) => {
    const payload = () => `"payload":${valueOf(random, 0)}`;
    const other = () => `${textOf(random)}: ${valueOf(random, 2)}`;
    const members = Array.from(
      { length: 1 + random.int(4) },
      () => (random.once(2) ? payload : other)(),
    );
    return `{ ${members.join(" , ")} }`;
  },
  entry: (random) => `{"name":"a","job":${bodies.single(random)},"b":${valueOf(random, 3)}}`,
  bulk: (random) => toList("jobs", () => bodies.single(random), random),
  beside: (random) => toList("enqueue", () => bodies.single(random), random),
  entries: (random) => toList("entries", () => bodies.entry(random), random),
};

function toList(name: string, toItem: () => string, random: Random): string {
  return `{"${name}":[${Array.from({ length: random.int(4) }, toItem)}],"more":${textOf(random)}}`;
}

/** Something is wrong, or not. */
function damaged(text: string, random: Random): string {
  const at = random.int(text.length);
  const sign = random.pick([
    ...'[]{},:"\\ 1e.',
    "\\ud83d",
    "\\ud800",
    '"a"',
    "\u0001",
    ",,",
    "null",
  ]);
  return text.slice(0, at) + sign + text.slice(at + random.int(3));
}

describe("a large body in JSON", () => {
  it("gives the payloads that it has when it is read at once", () => {
    let refused = 0;
    for (let seed = 0; seed < 1500; seed++) {
      const random = createRandom(seed);
      const place = random.pick(Object.keys(bodies) as PayloadPlace[]);
      const good = bodies[place](random);
      const text = random.once(2) ? damaged(good, random) : good;
      const { whole, pieces } = ofBoth(text, place, 1 + random.int(random.once(2) ? 4 : 60));
      if (whole === undefined) refused++;
      const plain = (payloads: typeof whole) =>
        payloads?.map((text) => typeof text === "string" ? text.replace(/\s+/g, " ") : text);
      // Read at once, what another member of the same name replaces is not looked at for halves of characters.
      if (pieces === undefined && /\\u[dD][89a-fA-F]/.test(text)) continue;
      assert.deepEqual(plain(pieces), plain(whole), `seed ${seed}: ${text}`);
    }
    assert.ok(refused > 200, `${refused} were refused`);
  });

  it("is refused for a comma without an item, wherever it is cut", () => {
    const payloads = [
      "[1,]",
      "[1, ,2]",
      "[ , 1]",
      "[,1]",
      '{"a":1,}',
      '{"a":1, ,"b":2}',
      '{,"a":1}',
      "[[1],,[2]]",
      "[[1,],2]",
    ];
    for (const payload of payloads) {
      const text = `{"type":"t","payload":${payload},"queue":"q"}`;
      for (let pieceBytes = 1; pieceBytes <= text.length; pieceBytes++) {
        assert.throws(() => cut(text, "single", pieceBytes), DecodeError, `${text} ${pieceBytes}`);
      }
    }
  });

  it("is looked at a few times, however it is filled", () => {
    for (const filling of [" ".repeat(120), "\n".repeat(1000), `"${"x".repeat(200)}",`]) {
      const inner = `1,${filling}`.repeat(50_000 / filling.length);
      const space = filling.trim() === "" ? filling : "";
      const bytes = encoder.encode(
        `{"a":[${space}1${space}],${space}"payload"${space}:[${inner}1${space}]${space}}`,
      );
      let looks = 0;
      const watched = new Proxy(bytes, {
        get(_, name) {
          if (typeof name === "string" && /^[0-9]/.test(name)) looks++;
          const value: unknown = Reflect.get(bytes, name);
          return typeof value === "function" ? value.bind(bytes) : value;
        },
      });
      const cutting = lightenJson(watched, [payloadPaths.single], 1024);
      while (!cutting.next().done);
      assert.ok(looks < 4 * bytes.length, `${looks} looks at ${bytes.length} bytes`);
    }
  });

  it("may have much white space between brackets", () => {
    const space = " ".repeat(15_000);
    const payload = `${`[${space}`.repeat(60)}1${"]".repeat(60)}`;
    assert.ok(cut(`{"payload":${payload}}`, "single").payloads[0] === payload, "another payload");
  });

  it("says where it is wrong", () => {
    const text = `{"payload":[${"1,".repeat(1_000_000)}x]}`;
    assert.throws(() => cut(text, "single"), (error: Error) => {
      const [, from, to] = /, in the bytes from (\d+) to (\d+)$/.exec(error.message) ?? [];
      assert.ok(Number(from) <= 2_000_012 && Number(to) >= 2_000_012, error.message);
      return true;
    });
  });

  it("is read in pieces, also where it is one text or a list of numbers", () => {
    for (
      const payload of [
        `"${"x".repeat(2_000_000)}"`,
        `"${"\\u00e9".repeat(300_000)}"`,
        `"${'\\"'.repeat(1_000_000)}"`,
        `"${"\\\\".repeat(1_000_000)}"`,
        `"${"日".repeat(700_000)}"`,
        `[${"1,".repeat(1_000_000)}1]`,
        `{${Array.from({ length: 100_000 }, (_, n) => `"key ${n}":${n}`)}}`,
      ]
    ) {
      const { pieces, payloads } = cut(`{"type":"t","payload":${payload}}`, "single");
      assert.ok(payload === payloads[0], "another payload");
      assert.ok(pieces > payload.length / 150_000, `${pieces} pieces`);
    }
  });

  it("has little besides its payloads, and is not nested deeper than others", () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      [
        `{"payload":1,"a":[${"1,".repeat(600_000)}1]}`,
        /besides payloads and long texts, at most 1048576/,
      ],
      [`{"payload":1,"a":"${"x".repeat(20_000_000)}"}`, /besides payloads/],
      [`"${"x".repeat(20_000_000)}"`, /besides payloads/],
      [`{"payload":${"[".repeat(600_000)}`, /deeper than 127 levels/],
      [`{"payload":"${"\\ud83d".repeat(100_000)}"}`, /half a surrogate pair/],
      [`{"payload":[${"1,".repeat(300_000)}]}`, /JSON|comma/],
      [
        `{"payload":${"1".repeat(600_000)}}`,
        /^a number has over 524288 characters, at most 524288/,
      ],
      [`{"a":"${" ".repeat(9)}${'\\"'.repeat(500_000)}`, /has no end/],
    ];
    for (const [text, expected] of refusals) {
      assert.throws(() => cut(text, "single"), (error: Error) => {
        assert.ok(error instanceof DecodeError, String(error));
        assert.match(error.message, expected);
        return true;
      });
    }
  });
});
