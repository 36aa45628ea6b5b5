import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metricsText } from "../../src/protocol/metrics.ts";

describe("metricsText()", () => {
  it("writes values with escaped labels, and histograms with their sums", () => {
    const [text] = metricsText([
      {
        name: "jobs",
        type: "gauge",
        help: "Jobs",
        samples: [{ labels: { queue: 'a"\\\nb' }, value: 3 }, { value: 0.5 }],
      },
      {
        name: "wait_seconds",
        type: "histogram",
        help: "Waits",
        samples: [{
          labels: { queue: "q" },
          histogram: { buckets: [[1, 2], [5, 3]], count: 4, sum: 20.5 },
        }],
      },
    ]);
    assert.equal(
      text,
      String.raw`# HELP millrace_jobs Jobs
# TYPE millrace_jobs gauge
millrace_jobs{queue="a\"\\\nb"} 3
millrace_jobs 0.5
# HELP millrace_wait_seconds Waits
# TYPE millrace_wait_seconds histogram
millrace_wait_seconds_bucket{queue="q",le="1"} 2
millrace_wait_seconds_bucket{queue="q",le="5"} 3
millrace_wait_seconds_bucket{queue="q",le="+Inf"} 4
millrace_wait_seconds_sum{queue="q"} 20.5
millrace_wait_seconds_count{queue="q"} 4
`,
    );
  });

  it("writes those of a thousand queues in pieces", () => {
    const samples = Array.from({ length: 3500 }, (_, n) => ({
      labels: { queue: `q${n}` },
      value: n,
    }));
    const metric = { name: "jobs", type: "gauge", help: "Jobs", samples } as const;
    const pieces = [...metricsText([metric, metric])];
    assert.equal(pieces.length, 8);
    assert.ok(pieces.every((piece) => piece.endsWith("\n")));
    assert.equal(pieces.join("").split("\n").length, 2 * (3500 + 2) + 1);
  });
});
