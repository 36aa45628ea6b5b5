/**
 * Metrics in the text format of Prometheus (version 0.0.4): `GET /metrics`.
 *
 * @module
 */

/** What tells one sample from the others of its metric. */
export type MetricLabels = Readonly<Record<string, string>>;

/** One metric with all its samples. */
export interface Metric {
  /** Its name, without the library's in front. */
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  /** What it measures, in a line. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A value, or a histogram. */
export type Sample =
  & { readonly labels?: MetricLabels }
  & (
    | { readonly value: number }
    | { readonly histogram: Histogram }
  );

/** How many values were at most so large. */
export interface Histogram {
  /** The upper ends and how many values are up to each, from the smallest on. */
  readonly buckets: readonly (readonly [end: number, count: number])[];
  readonly count: number;
  readonly sum: number;
}

/** The content type of the text. */
export const metricsMediaType = "text/plain; version=0.0.4; charset=utf-8";

/** The labels that say which queue a sample is about. */
export const queueLabels = (queue: string): MetricLabels => ({ queue });

/** Lines of a piece, about. */
const linesOfPiece = 1000;

/** Writes metrics down, in pieces. */
export function* metricsText(metrics: readonly Metric[]): Generator<string, void> {
  let lines: string[] = [];
  for (const { name: own, type, help, samples } of metrics) {
    const name = `millrace_${own}`;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const sample of samples) {
      const { labels = {} } = sample;
      if ("value" in sample) lines.push(`${name}${toLabels(labels)} ${sample.value}`);
      else lines.push(...toHistogramLines(name, labels, sample.histogram));
      if (lines.length < linesOfPiece) continue;
      yield `${lines.join("\n")}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join("\n")}\n`;
}

function toHistogramLines(
  name: string,
  labels: MetricLabels,
  { buckets, count, sum }: Histogram,
): string[] {
  return [
    ...buckets.map(([end, upTo]) =>
      `${name}_bucket${toLabels({ ...labels, le: String(end) })} ${upTo}`
    ),
    `${name}_bucket${toLabels({ ...labels, le: "+Inf" })} ${count}`,
    `${name}_sum${toLabels(labels)} ${sum}`,
    `${name}_count${toLabels(labels)} ${count}`,
  ];
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

function toLabels(labels: MetricLabels): string {
  const parts = Object.entries(labels).map(([name, value]) =>
    `${name}="${value.replace(/[\\"\n]/g, (letter) => escapes[letter]!)}"`
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}
