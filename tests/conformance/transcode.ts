/**
 * A transcript in JSON, asked again in MessagePack: what a client of the other format would say and hear.
 *
 * Where a step says which format it means, or sends raw bytes, it stays as it is.
 *
 * @module
 */

import type { Exchange, Scenario, Step } from "./replay.ts";

const pack = "application/msgpack";
const json = "application/json";

/** The scenario with every plain JSON call in MessagePack. */
export function toMsgpack(scenario: Scenario): Scenario {
  return { ...scenario, steps: scenario.steps.map(transcode) };
}

function transcode(step: Step): Step {
  if (!("request" in step) || !isPlain(step)) return step;
  const { request, response } = step;
  const { body } = response;
  const isStream = step.stream !== undefined;
  return {
    ...step,
    request: {
      ...request,
      headers: {
        ...request.headers,
        accept: pack,
        ...request.json !== undefined && { "content-type": pack },
      },
    },
    response: {
      ...response,
      headers: {
        ...response.headers,
        ...response.headers["content-type"] !== undefined && {
          "content-type": isStream ? "application/vnd.zizq.msgpack-stream" : pack,
        },
      },
      ...body !== undefined && { body: inPack(body) },
    },
  };
}

function isPlain({ request: { headers, base64 }, response }: Exchange): boolean {
  const { accept = json, "content-type": type = json } = headers;
  const answered = response.headers["content-type"] ?? json;
  return base64 === undefined && accept === json && type === json &&
    (answered === json || answered === "application/x-ndjson");
}

/** What the format changes of an answer: its name where a body cannot be read, and exponents, which are 32-bit floats. */
function inPack(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, item) => {
    if (key === "error" && typeof item === "string") {
      return item.replace(/^invalid JSON:/, "invalid MessagePack:");
    }
    return key === "exponent" && typeof item === "number" ? Math.fround(item) : item;
  });
}
