/** How long things took: bars, and the shares that people ask for. */

import { count, endOf, percentile, span } from "../format.ts";
import type { Durations } from "../model.ts";

/** Upper ends of the bars, in ms. */
const ends = [
  1000,
  2000,
  5000,
  10_000,
  30_000,
  60_000,
  300_000,
  900_000,
  3_600_000,
  86_400_000,
  Infinity,
];

export function Histogram({ label, of }: { readonly label: string; readonly of: Durations }) {
  const bars = ends.map(() => 0);
  for (const [bucket, value] of of.histogram.entries()) {
    bars[ends.findIndex((end) => endOf(bucket) <= end)]! += value;
  }
  const most = Math.max(...bars, 1);
  const share = (part: number) => {
    const ms = percentile(of.histogram, part);
    return ms === undefined ? "–" : `≤ ${span(ms)}`;
  };
  return (
    <section class="card" aria-label={label}>
      <h2>{label}</h2>
      <dl class="facts tight">
        <div>
          <dt>Count</dt>
          <dd>{count(of.count)}</dd>
        </div>
        <div>
          <dt>Mean</dt>
          <dd>{of.count === 0 ? "–" : span(of.mean_ms)}</dd>
        </div>
        <div>
          <dt>p50</dt>
          <dd>{share(0.5)}</dd>
        </div>
        <div>
          <dt>p95</dt>
          <dd>{share(0.95)}</dd>
        </div>
        <div>
          <dt>p99</dt>
          <dd>{share(0.99)}</dd>
        </div>
      </dl>
      <table class="bars">
        <caption class="unseen">{label}, by how long</caption>
        <tbody>
          {bars.map((value, at) => (
            <tr key={at}>
              <th scope="row">{ends[at] === Infinity ? "longer" : `≤ ${span(ends[at]!)}`}</th>
              <td>
                <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={100 * value / most} height="1" />
                </svg>
              </td>
              <td class="number">{count(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
