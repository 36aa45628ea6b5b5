import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeError } from "../../src/worker/describe-error.ts";

describe("describeError", () => {
  it("tells name, message and stack", () => {
    const { message, errorType, backtrace } = describeError(new TypeError("No such thing"));
    assert.deepEqual([message, errorType], ["No such thing", "TypeError"]);
    assert.match(backtrace!, /^TypeError: No such thing\n.*describe-error\.test/);
  });

  it("tells the causes, whatever they are", () => {
    const error = new Error("a", { cause: new Error("b", { cause: { status: 500 } }) });
    assert.match(
      describeError(error).backtrace!,
      /: a\n[^]+\nCaused by: Error: b\n[^]+\nCaused by: {"status":500}$/,
    );
  });

  it("stops after some causes when they form a circle", () => {
    const error = new Error("round");
    error.cause = error;
    assert.equal(describeError(error).backtrace!.match(/Caused by/g)!.length, 10);
  });

  it("heads the stack with the message when the stack lacks it", () => {
    const error = new Error("later");
    error.stack = "    at nowhere";
    assert.equal(describeError(error).backtrace, "Error: later\n    at nowhere");
    delete error.stack;
    assert.equal(describeError(error).backtrace, "Error: later");
  });

  it("recognises an error of another realm by its members", () => {
    const foreign = { name: "ForeignError", message: "hello", stack: "ForeignError: hello" };
    assert.equal(describeError(foreign).errorType, "ForeignError");
  });

  it("describes a thrown value that is no error", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const cases: [unknown, string][] = [
      ["text", "text"],
      ["", ""],
      [undefined, "undefined"],
      [null, "null"],
      [42n, "42"],
      [{ code: 7 }, '{"code":7}'],
      [Symbol("s"), "Symbol(s)"],
      [circle, '{"self":"…"}'],
      [{ id: 7n, twice: [circle, circle] }, '{"id":"7","twice":[{"self":"…"},"…"]}'],
      [{}, "[object Object]"],
      [new Response("no"), "[object Response]"],
      [Array(2000).fill(0), "[object Array]"],
      [{ bytes: new Uint8Array(1e8) }, '{"bytes":"[object Uint8Array]"}'],
    ];
    for (const [thrown, message] of cases) assert.deepEqual(describeError(thrown), { message });
  });

  it("tells the members of an aggregate, and theirs, in its backtrace", () => {
    const inner = new AggregateError([new RangeError("b"), { status: 500 }], "some failed");
    const error = new AggregateError([new TypeError("a", { cause: "why" }), inner], "all failed");
    const { message, errorType, backtrace } = describeError(error);
    assert.deepEqual([message, errorType], ["all failed", "AggregateError"]);
    const heads = backtrace!.split("\n").filter((line) => !line.startsWith("    at "));
    assert.deepEqual(heads, [
      "AggregateError: all failed",
      "Member 1: TypeError: a",
      "Caused by: why",
      "Member 2: AggregateError: some failed",
      "Member 1: RangeError: b",
      'Member 2: {"status":500}',
    ]);
  });

  it("gives an aggregate without a message those of its members", () => {
    const refused = new AggregateError([new Error("connect ::1"), "connect 127.0.0.1"]);
    assert.equal(describeError(refused).message, "connect ::1; connect 127.0.0.1");
  });

  it("stops when an aggregate has many members", () => {
    const many = new AggregateError(Array(1000).fill(new Error("x")), "many");
    assert.equal(describeError(many).backtrace!.match(/Member/g)!.length, 10);
  });

  it("tells what can be read of an error with a member that throws", () => {
    const error = new Error("half");
    for (const name of ["stack", "cause", "errors"]) {
      Object.defineProperty(error, name, {
        get() {
          throw new Error("gotcha");
        },
      });
    }
    const text = { message: "half", errorType: "Error", backtrace: "Error: half" };
    assert.deepEqual(describeError(error), text);
  });

  it("never throws", () => {
    const members = Object.assign([new Error("a")], { slice: () => 5 });
    const odd = Object.assign(new Error("odd"), { errors: members });
    assert.match(describeError(odd).backtrace!, /Member 1: Error: a/);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    assert.deepEqual(describeError(proxy), {
      message: "Handler threw something that cannot be described",
    });
    const hostile = new Proxy(new Error("x"), {
      get() {
        throw new Error("gotcha");
      },
    });
    assert.equal(
      describeError(hostile).message,
      "Handler threw something that cannot be described",
    );
  });

  it("cuts long texts, and leaves them well-formed", () => {
    const error = new Error("x".repeat(8190) + "😀".repeat(10));
    error.stack = `${error.message}${"y".repeat(100_000)}`;
    const { message, backtrace } = describeError(error);
    assert.equal(message.length, 8192);
    assert.equal(message.isWellFormed(), true);
    assert.equal(backtrace!.length, 32 * 1024);
    assert.equal(describeError("\ud800").message, "\ufffd");
  });
});
