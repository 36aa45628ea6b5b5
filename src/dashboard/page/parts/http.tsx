/** Parts of a request: what was sent, on which ways, and what came back. */

import type { ComponentChildren } from "preact";
import { bytes, count, span } from "../format.ts";
import type { ShownAnswer, ShownBody, ShownHeader } from "../http-job.ts";
import { Table, Text } from "./small.tsx";

/** A status of HTTP, by what it means. */
function HttpStatus({ of }: { readonly of: number }) {
  const kind = of < 300 ? "completed" : of < 400 ? "scheduled" : of < 500 ? "blocked" : "dead";
  return <span class={`badge ${kind}`}>{of}</span>;
}

export function Headers(
  { of, label }: { readonly of: readonly ShownHeader[]; readonly label: string },
) {
  if (of.length === 0) return <p class="hint">No headers.</p>;
  return (
    <Table label={label} heads={["Header", "Value"]}>
      {of.map(({ name, value, isHidden }, at) => (
        <tr key={at}>
          <td>
            <code>
              <Text of={name} />
            </code>
          </td>
          <td class={isHidden ? "hint" : "name"}>
            <Text of={value.slice(0, 2000)} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Characters of a body that are shown. */
const mostText = 20_000;

export function Body(
  { of, label }: { readonly of: ShownBody | undefined; readonly label: string },
) {
  if (of === undefined) return <p class="hint">No body.</p>;
  if (of.kind === "encrypted") return <p class="hint">The body is encrypted.</p>;
  if (of.kind === "bytes") {
    return <p class="hint">The body has {bytes(of.bytes)} that are no text.</p>;
  }
  if (of.kind === "stored") {
    return (
      <p class="hint">
        The body {of.bytes !== undefined && `(${bytes(of.bytes)}) `}lies in the store '
        <Text of={of.store} />'.
      </p>
    );
  }
  if (of.text === "") return <p class="hint">The body is empty.</p>;
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      <Text of={toReadable(of.text).slice(0, mostText)} />
      {of.text.length > mostText && `\n… ${count(of.text.length - mostText)} more characters`}
    </pre>
  );
}

/** JSON with its lines; other texts as they are. */
function toReadable(text: string): string {
  if (!/^\s*[[{]/.test(text) || text.length > mostText) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The addresses that were asked, one after the other. */
export function Hops(
  { redirects, last, end }: {
    readonly redirects: readonly string[];
    readonly last: string;
    readonly end: ComponentChildren;
  },
) {
  return (
    <ol class="hops" aria-label="Addresses that were asked">
      {redirects.map((url, at) => (
        <li key={at}>
          <Text of={url} /> <span class="hint">led on</span>
        </li>
      ))}
      <li>
        <Text of={last} /> {end}
      </li>
    </ol>
  );
}

export function Answer({ of }: { readonly of: ShownAnswer }) {
  return (
    <>
      <Hops
        redirects={of.redirects}
        last={of.url}
        end={
          <>
            <HttpStatus of={of.status} /> <span class="hint">after {span(of.durationMs)}</span>
          </>
        }
      />
      <Headers of={of.headers} label="Headers of the answer" />
      <Body of={of.body} label="Body of the answer" />
    </>
  );
}
