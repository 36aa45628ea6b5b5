/** Budgets: how much may run, or how often, and who waits. */

import { useState } from "preact/hooks";
import { change, segment } from "../api.ts";
import { count, span } from "../format.ts";
import { useLive } from "../live.ts";
import type { Budget } from "../model.ts";
import { Empty, GrowingHeading, QueueLink, Shown, Table, Text, Time } from "../parts/small.tsx";
import { act, ask, go, mayManage, mayManageAll, now, place } from "../state.ts";

export function Budgets() {
  const loaded = useLive<{ budgets: readonly Budget[] }>("/budgets");
  const one = place.value.segments[1];
  const [isNew, setNew] = useState(false);
  return (
    <>
      <GrowingHeading
        what="budget"
        may={mayManageAll.value}
        isOpen={isNew}
        toggle={() => setNew(!isNew)}
      >
        Budgets
      </GrowingHeading>
      {isNew && <NewBudget done={() => setNew(false)} />}
      {one !== undefined && <Waiting budget={one} />}
      <Shown loaded={loaded}>
        {({ budgets }) =>
          budgets.length === 0
            ? (
              <Empty>
                No budget limits anything. A job that draws on one waits until it can pay.
              </Empty>
            )
            : (
              <Table label="Budgets" heads={["Budget", "Allows", ""]}>
                {budgets.slice(0, 1000).map((budget) => <Row key={budget.key} budget={budget} />)}
              </Table>
            )}
      </Shown>
    </>
  );
}

function NewBudget({ done }: { readonly done: () => void }) {
  const [type, setType] = useState("time_based");
  return (
    <form
      class="card narrow"
      aria-label="New budget"
      onSubmit={async (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const key = String(form.get("key"));
        const path = `/budgets/${segment(key)}`;
        const strategy = type === "time_based"
          ? { type, duration_ms: Math.round(Number(form.get("seconds")) * 1000) }
          : { type };
        const body = { allocation: Number(form.get("allocation")), strategy };
        const isDone = await act(
          `Budget '${key}' is there`,
          () => change("POST", path, body),
          () => change("DELETE", path),
        );
        if (isDone) done();
      }}
    >
      <label>
        Key<input name="key" required />
      </label>
      <label>
        Limits
        <select value={type} onChange={(event) => setType(event.currentTarget.value)}>
          <option value="time_based">how often</option>
          <option value="while_in_flight">how many at once</option>
        </select>
      </label>
      <label>
        Tokens<input name="allocation" type="number" min={1} max={1_000_000} required />
      </label>
      {type === "time_based" && (
        <label>
          In so many seconds<input
            name="seconds"
            type="number"
            min={0.001}
            step="any"
            required
            defaultValue="60"
          />
        </label>
      )}
      <button type="submit" class="main">Create</button>
      <button type="button" onClick={done}>Leave it</button>
    </form>
  );
}

function describe({ allocation, strategy }: Budget): string {
  if (strategy.type === "while_in_flight") return `${count(allocation)} in flight`;
  const burst = strategy.burst === undefined ? "" : `, ${count(strategy.burst)} at once`;
  return `${count(allocation)} in ${span(strategy.duration_ms ?? 0)}${burst}`;
}

function Row({ budget }: { readonly budget: Budget }) {
  const path = `/budgets/${segment(budget.key)}`;
  const set = (allocation: number) => change("PATCH", path, { allocation });
  const remove = async () => {
    if (
      !await ask(`Delete budget '${budget.key}'?`, "Nothing is limited by it any more.", "Delete")
    ) return;
    await act(`Budget '${budget.key}' is deleted`, () => change("DELETE", path));
  };
  return (
    <tr>
      <td>
        <button type="button" class="as-link" onClick={() => go(["budgets", budget.key])}>
          <Text of={budget.key} />
        </button>
      </td>
      <td>{describe(budget)}</td>
      <td class="end">
        {mayManage.value && (
          <form
            class="row end"
            onSubmit={(event) => {
              event.preventDefault();
              const value = Number(new FormData(event.currentTarget).get("allocation"));
              void act(`'${budget.key}' allows ${count(value)}`, () => set(value), () =>
                set(budget.allocation));
            }}
          >
            <input
              key={budget.allocation}
              name="allocation"
              type="number"
              min={1}
              max={1_000_000}
              required
              aria-label={`Tokens of ${budget.key}`}
              defaultValue={String(budget.allocation)}
            />
            <button type="submit">Set</button>
            <button type="button" class="danger" onClick={remove}>Delete</button>
          </form>
        )}
      </td>
    </tr>
  );
}

interface WaitingOf {
  readonly budget: Budget;
  readonly waiting: readonly {
    readonly queue: string;
    readonly type: string;
    readonly count: number;
  }[];
}

function Waiting({ budget: key }: { readonly budget: string }) {
  const loaded = useLive<WaitingOf>(`/budgets/${segment(key)}/waiting`);
  return (
    <section class="card">
      <h2>
        Who waits for <Text of={key} />
      </h2>
      <Shown loaded={loaded}>
        {({ budget: { held_until: until }, waiting }) => (
          <>
            {until !== undefined && until > now.value && (
              <p>
                It gives nothing until <Time at={until} />.
              </p>
            )}
            {waiting.length === 0
              ? <Empty>Nobody.</Empty>
              : (
                <Table label={`Who waits for ${key}`} heads={["Queue", "Type", "#Jobs"]}>
                  {waiting.map(({ queue, type, count: size }) => (
                    <tr key={`${queue} ${type}`}>
                      <td>
                        <QueueLink queue={queue} />
                      </td>
                      <td>
                        <Text of={type} />
                      </td>
                      <td class="number">{count(size)}</td>
                    </tr>
                  ))}
                </Table>
              )}
          </>
        )}
      </Shown>
    </section>
  );
}
