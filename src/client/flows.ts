/**
 * Flows: graphs of jobs that are enqueued by one call, in which results travel from step to step.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import type { ItemDependency, OnDead } from "../protocol/dependency.ts";
import { type EnqueueRequest, readEnqueuedJobs, toEnqueueWire } from "../protocol/enqueue.ts";
import { extensionsHeader, extensionsVersion } from "../protocol/extensions.ts";
import type { EnqueuedJob } from "../protocol/job.ts";
import { enqueueRoutes } from "../protocol/routes.ts";
import type { ResultOf, StepTypes } from "../protocol/step-types.ts";
import type { Enqueueable, EnqueueCallOptions } from "./client.ts";
import { withDeadline } from "./deadline.ts";
import { createKeys, demandKey } from "./idempotency-keys.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport } from "./transport.ts";

/** A job of a flow that is being put together. */
export interface FlowNode<Result> {
  /** Its place in the flow, from 0. */
  readonly index: number;
  /** For the compiler only: what it comes to. */
  readonly result?: Result | undefined;
}

/** The nodes that a step comes after, by the names of its parents. */
export type After<Parents> = {
  readonly [Name in keyof Parents]: Parents[Name] extends readonly (infer Step)[]
    ? readonly FlowNode<ResultOf<Step>>[]
    : FlowNode<ResultOf<Parents[Name]>>;
};

/** How a step is added, besides the settings of its job. */
export interface StepSettings {
  /**
   * What becomes of it when one of the steps before it is dead. With `run` it may lack a result.
   *
   * @default {"stay"}
   */
  readonly onDead?: OnDead | undefined;
}

/** The same, of a step that comes after others. */
export interface LaterStepSettings<Parents> extends StepSettings {
  /** The nodes that it comes after: it runs when all of them have succeeded. */
  readonly after: After<Parents>;
}

/** What follows the payload of a step: its settings, which may be left out if no step comes before it. */
export type AddRest<Settings, Parents> = [keyof Parents] extends [never]
  ? [settings?: NoInfer<Settings> & Partial<LaterStepSettings<Parents>>]
  : [settings: NoInfer<Settings> & LaterStepSettings<Parents>];

/** Puts a flow together. */
export interface FlowBuilder {
  /**
   * Adds a job.
   *
   * @param step What kind of job it is.
   * @param payload What it is about.
   * @param settings What it comes after, and settings of the job.
   * @returns The node, for those that come after it.
   */
  add<Input, Settings, Result, Parents>(
    step: Enqueueable<Input, Settings> & StepTypes<Result, Parents>,
    payload: NoInfer<Input>,
    ...settings: AddRest<Settings, Parents>
  ): FlowNode<Result>;
}

/** Starts flows. */
export interface FlowsClient {
  /**
   * Enqueues a flow: all of its jobs, or none.
   *
   * @param build Adds the jobs, up to 10,000.
   * @param options Bounds of the call, and its key.
   * @returns The jobs, in the order in which they were added.
   * @throws {RangeError} If there are more.
   * @throws {ProtocolError} If the server is no Millrace broker: it would run all jobs at once.
   * @throws {RefusedError} If the broker does not accept a job.
   */
  start(build: (flow: FlowBuilder) => void, options?: EnqueueCallOptions): Promise<EnqueuedJob[]>;
}

/** Jobs of a flow at most: what a broker takes. */
const mostNodes = 10_000;

/**
 * Creates a client that starts flows in the broker at `url`, or in one in the same process (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createFlows, defineStep } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * const split = defineStep<string, string[]>({ type: "split", queue: "words" });
 * const count = defineStep<number, number, { parts: typeof split }>({ type: "count", queue: "words" });
 * const sum = defineStep<null, number, { counts: (typeof count)[] }>({ type: "sum", queue: "words" });
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const jobs = await createFlows({ fetch: broker.fetch }).start(({ add }) => {
 *   const parts = add(split, "three small parts");
 *   const counts = [0, 1, 2].map((part) => add(count, part, { after: { parts } }));
 *   add(sum, null, { after: { counts } });
 * });
 * console.log(jobs.map(({ status }) => status).join(" ")); // ready blocked blocked blocked blocked
 * ```
 */
export function createFlows(options: ClientOptions): FlowsClient {
  const transport = createTransport(toClientSettings(options));
  const { settings: { clock, attach, timeoutMs }, serverClock, call } = transport;
  // No answer of a broker in the same process is lost.
  const nextKey = attach === undefined ? createKeys(clock) : () => undefined;
  let isKnown = attach !== undefined;

  /** Another server passes over what jobs wait for. */
  const demandBroker = async (bounds: EnqueueCallOptions) => {
    if (isKnown) return;
    const answer = await withDeadline(
      (signal) => transport.exchange({ route: enqueueRoutes.version }, {}, signal, false),
      { signal: bounds.signal, timeoutMs: bounds.timeoutMs ?? timeoutMs },
      clock,
    );
    if (answer.header(extensionsHeader) !== extensionsVersion) {
      throw new ProtocolError(
        "Cannot start a flow: the server does not know jobs that wait for others",
      );
    }
    isKnown = true;
  };

  return {
    async start(build, { idempotencyKey, ...bounds } = {}) {
      const requests: (EnqueueRequest | Promise<EnqueueRequest>)[] = [];
      const links: ItemDependency[][] = [];
      const add = <Input, Settings>(
        step: Enqueueable<Input, Settings>,
        payload: Input,
        { after, onDead, ...settings }: StepSettings & { readonly after?: object } = {},
      ): FlowNode<never> => {
        if (requests.length === mostNodes) {
          throw new RangeError(`Cannot add another job: a flow has ${mostNodes} at most`);
        }
        links.push(toDependencies(after, onDead));
        return { index: requests.push(step.toRequest(payload, settings as Settings, clock)) - 1 };
      };
      build({ add });
      const key = demandKey(idempotencyKey) ?? nextKey();
      const now = serverClock.now();
      const jobs = (await Promise.all(requests)).map((request, at) =>
        toEnqueueWire(
          links[at]!.length === 0
            ? request
            : { ...request, dependsOn: [...request.dependsOn ?? [], ...links[at]!] },
          now,
        )
      );
      await demandBroker(bounds);
      return await call(
        { route: enqueueRoutes.enqueueMany, body: { jobs }, key },
        bounds,
        readEnqueuedJobs,
      );
    },
  };
}

/** The nodes that a step comes after; those of a list are told apart by their places. */
function toDependencies(
  after: object | undefined,
  onDead: OnDead | undefined,
): ItemDependency[] {
  return Object.entries(after ?? {}).flatMap(([name, nodes]) =>
    Array.isArray(nodes)
      ? nodes.map(({ index }, at) => ({ item: index, onDead, name: `${name}[${at}]` }))
      : { item: (nodes as FlowNode<unknown>).index, onDead, name }
  );
}
