/** Settings of the broker. */

import { change, segment } from "../api.ts";
import { count, span } from "../format.ts";
import { pace, useLive } from "../live.ts";
import { useOnce } from "../once.ts";
import { Heading, Shown, Table } from "../parts/small.tsx";
import { act, session } from "../state.ts";

interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly default: unknown;
  readonly unit: string;
  readonly is_set: boolean;
}

export function Settings() {
  const loaded = useLive<{ config: readonly Setting[] }>("/config");
  const version = useOnce<{ version: string }>("/version");
  return (
    <>
      <Heading>Settings</Heading>
      <Browser />
      <h2>The broker{version === undefined ? "" : ` (Millrace ${version.version})`}</h2>
      {session.value?.may !== "admin" && (
        <p class="hint">Only who may do everything (scope 'admin') can change them.</p>
      )}
      <Shown loaded={loaded}>
        {({ config }) => (
          <div class="settings">
            <Table label="Settings" heads={["Setting", "Value", "Unit", "Default", ""]}>
              {config.map((setting) => <Row key={setting.key} setting={setting} />)}
            </Table>
          </div>
        )}
      </Shown>
    </>
  );
}

/** How often what is shown changes by itself; the words are those of the frame. */
const paces = [
  ["live", "as it happens"],
  ["10", "every 10 s"],
  ["60", "every minute"],
  ["held", "not by itself"],
] as const;

/** What this browser remembers. */
function Browser() {
  return (
    <section class="card" aria-labelledby="browser">
      <h2 id="browser">This browser</h2>
      <label class="row">
        What is shown changes
        <select value={pace.value} onChange={(event) => pace.value = event.currentTarget.value}>
          {paces.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </select>
      </label>
    </section>
  );
}

/** A value; what would have to be reckoned is told in words besides. */
function Value({ of, unit }: { readonly of: unknown; readonly unit: string }) {
  if (typeof of !== "number") return <code>{JSON.stringify(of)}</code>;
  return (
    <>
      <code>{count(of)}</code> {unit === "ms" && of >= 1000 && <span class="hint">{span(of)}</span>}
    </>
  );
}

function Row(
  { setting: { key, value, default: usual, unit, is_set: isSet } }: { readonly setting: Setting },
) {
  const path = `/config/${segment(key)}`;
  const set = (next: unknown) => change("PUT", path, { value: next });
  const reset = () => change("DELETE", path);
  const back = () => isSet ? set(value) : reset();
  return (
    <tr>
      <td>
        <code>{key}</code> {isSet && <span class="badge">set</span>}
      </td>
      <td>
        <Value of={value} unit={unit} />
      </td>
      <td>{unit}</td>
      <td>
        <Value of={usual} unit={unit} />
      </td>
      <td class="end">
        {session.value?.may === "admin" && (
          <form
            class="row end"
            onSubmit={(event) => {
              event.preventDefault();
              const text = String(new FormData(event.currentTarget).get("value"));
              void act(`'${key}' is ${text}`, async () => await set(JSON.parse(text)), back);
            }}
          >
            <input
              key={JSON.stringify(value)}
              name="value"
              class="code"
              aria-label={`New value of ${key}`}
              defaultValue={JSON.stringify(value)}
            />
            <button type="submit">Set</button>
            {isSet && (
              <button
                type="button"
                onClick={() => act(`'${key}' is as usual`, reset, back)}
              >
                Reset
              </button>
            )}
          </form>
        )}
      </td>
    </tr>
  );
}
