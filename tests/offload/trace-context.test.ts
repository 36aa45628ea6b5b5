/**
 * Reading W3C trace contexts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readTraceContext } from "../../src/offload/mod.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";
const parent = "b7ad6b7169203331";
const traceparent = `00-${trace}-${parent}-01`;

describe("readTraceContext", () => {
  it("reads headers, meta and objects", () => {
    assert.deepEqual(readTraceContext(new Headers({ Traceparent: traceparent })), { traceparent });
    const tracestate = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
    const both = { traceparent, tracestate };
    assert.deepEqual(readTraceContext({ ...both, tenant: "acme" }), both);
    const headers = new Headers({ traceparent });
    for (const member of tracestate.split(",")) headers.append("tracestate", member);
    assert.deepEqual(readTraceContext(headers), both);
    assert.deepEqual(readTraceContext({ traceparent, tracestate: tracestate.split(",") }), both);
  });

  it("gives nothing where there is none", () => {
    for (const carrier of [{}, new Headers(), { tracestate: "a=1" }, { traceparent: undefined }]) {
      assert.equal(readTraceContext(carrier), undefined);
    }
  });

  it("gives nothing for a parent that is none", () => {
    const wrong = [
      "",
      "hello",
      traceparent.toUpperCase(),
      traceparent.slice(0, -1),
      `${traceparent}0`,
      `${traceparent}-more`,
      `ff-${trace}-${parent}-01`,
      `00-${"0".repeat(32)}-${parent}-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `00-${trace}-${parent}-0g`,
      `00-${trace.slice(1)}-${parent}-01`,
      `${traceparent}\r\nx-evil: 1`,
    ];
    for (const text of wrong) {
      assert.equal(readTraceContext({ traceparent: text }), undefined, text);
    }
  });

  it("passes on a later version as the one it knows", () => {
    const read = (text: string) => readTraceContext({ traceparent: text })?.traceparent;
    assert.equal(read(`cc-${trace}-${parent}-ff-what-the-future-will-be`), traceparent);
    assert.equal(read(`01-${trace}-${parent}-02`), `00-${trace}-${parent}-00`);
    assert.equal(read(` ${traceparent} `), traceparent);
  });

  it("leaves out a state that cannot be sent, and keeps the parent", () => {
    const wrong = [
      "",
      " , ",
      "foo",
      "=1",
      "Foo=1",
      "foo=",
      "foo=1;,bar=bar\u00e9",
      "foo=a=b",
      "foo=1\r\nx-evil: 1",
      Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(","),
      `foo=${"x".repeat(256)},bar=${"y".repeat(256)}`,
    ];
    for (const tracestate of wrong) {
      assert.deepEqual(readTraceContext({ traceparent, tracestate }), { traceparent }, tracestate);
    }
    const fine = "tenant@vendor=a b:c;d, ,*=1".replace("*", "x*/-_1");
    assert.deepEqual(readTraceContext({ traceparent, tracestate: fine }), {
      traceparent,
      tracestate: "tenant@vendor=a b:c;d,x*/-_1=1",
    });
  });
});
