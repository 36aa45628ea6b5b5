/** Transcripts of the protocol, replayed against a broker in a Durable Object: an object for each. */

import { env } from "node:process";
import { after } from "node:test";
import { createHttp1 } from "../conformance/sends/http1.ts";
import { describeConformance } from "../conformance/suite.ts";
import { openBrokers } from "./open-workerd.ts";

const workerd = await openBrokers();
const { send, canSend } = createHttp1(Number((await workerd.ready).port));
let objects = 0;
after(() => workerd.dispose());

describeConformance("in a Durable Object", () => {
  const prefix = `/brokers/${++objects}`;
  return Promise.resolve({
    sender: { canSend, send: (call) => send({ ...call, path: prefix + call.path }) },
    stop: () => Promise.resolve(),
  });
}, {
  // All of them, in both formats, take a minute: with MILLRACE_ALL=1.
  ...env["MILLRACE_ALL"] === "1" ? {} : {
    formats: ["JSON"],
    areas: ["ack", "bulk", "enqueue", "failure", "flow", "take"],
  },
  atOnce: 6,
  unmetHere: { E103: "workerd drops an empty Accept header, and it asks for a stream then" },
});
