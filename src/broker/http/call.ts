/**
 * The types of endpoints: one endpoint, the call that it gets, and a set of them.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Limiter } from "../../async/limiter.ts";
import type { Logger } from "../../log.ts";
import type { Format } from "../../protocol/codec.ts";
import type { Route } from "../../protocol/routes.ts";
import type { Reach } from "../access/reach.ts";
import type { Engine } from "../engine/engine.ts";
import type { Settings } from "../engine/settings.ts";
import type { CallLoad } from "./load.ts";

/** What an endpoint works with, besides the call. */
export interface Context {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Opens take streams one after the other: thousands of workers may come at once, as after a broker was away. */
  readonly streamLimiter: Limiter;
}

/** One call after the common checks, with what its endpoint works with. */
export type EndpointCall<Services = Context> = Services & {
  readonly request: Request;
  /** The decoded parameters of the path, in its order. */
  readonly params: readonly string[];
  /** The query string as sent, without `?`. */
  readonly query: string;
  /** The format of the answer. */
  readonly format: Format;
  /** What the call has at work. A stream is no work: it only waits. */
  readonly load: CallLoad;
  /** What its caller may touch. What the path and the query name was looked at, what the body names was not. */
  readonly reach: Reach;
};

/** Answers one route. Throws a {@linkcode Refusal} to say no. */
export type Endpoint<Services = Context> = (
  call: EndpointCall<Services>,
) => Response | Promise<Response>;

/** Which routes there are, and who answers them. */
export interface Surface<Name extends string, Services> {
  readonly routes: Readonly<Record<Name, Route>>;
  readonly endpoints: Readonly<Record<Name, Endpoint<Services>>>;
  /** What is noticed of calls also when they are refused, because too much is at work. */
  readonly noticed?: Readonly<
    Partial<Record<Name, (services: Services, params: readonly string[]) => void>>
  >;
}
