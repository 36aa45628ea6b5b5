/**
 * Does random things to a broker and to the model, and compares them after each.
 *
 * @module
 */

import type { Random } from "../support/random.ts";
import * as arrivals from "./lives-arrivals.ts";
import * as changes from "./lives-changes.ts";
import { compare } from "./lives-checks.ts";
import * as runs from "./lives-runs.ts";
import { LivesWorld } from "./lives-world.ts";

/** So many jobs there are at most, about. */
const mostJobs = 30;

type Way = (world: LivesWorld) => Promise<string>;

/** How often a step is of a kind, compared with the others. */
const ways: readonly (readonly [number, Way])[] = [
  [4, runs.take],
  [8, runs.report],
  [3, wait],
  [2, arrivals.put],
  [2, arrivals.requeue],
  [2, changes.link],
  [2, changes.control],
  [3, changes.cancel],
  ...[runs.reportMany, runs.timeOut, runs.timeOutMany, runs.takeLater, runs.open, runs.leave]
    .map((way): [number, Way] => [1, way]),
  ...[
    changes.remove,
    changes.removeMany,
    changes.patch,
    changes.unlink,
    changes.cancelMany,
    changes.retry,
  ]
    .map((way): [number, Way] => [1, way]),
];
const usual = ways.flatMap(([times, way]) => Array<Way>(times).fill(way));
/** Jobs come while there are few, and go when there are many. */
const whileFew = [...usual, ...Array<Way>(5).fill(arrivals.enqueue)];
const whileMany = [...usual, ...Array<Way>(5).fill(changes.remove)];

/** One step, told before all is compared. */
export async function takeStep(
  world: LivesWorld,
  random: Random,
  tell: (what: string) => void,
): Promise<void> {
  const { model, gone } = world;
  world.random = random;
  const known = new Set(model.jobs.keys());
  const way = random.once(60) ? restart : random.pick(known.size < mostJobs ? whileFew : whileMany);
  tell(way.name);
  const what = await way(world);
  tell(`${way.name} ${what}`);
  await world.settle();
  for (const id of known) if (!model.jobs.has(id)) gone.push(id);
  gone.splice(0, gone.length - 5);
  await compare(world.host, model);
}

async function wait(world: LivesWorld): Promise<string> {
  const model = world.model;
  const ms = world.random.pick([100, 500, 1000, 2500, 5000]);
  const until = model.now + ms;
  while (model.now < until) {
    const next = Math.min(until, model.nextAt(), world.waiting?.until ?? Infinity);
    await world.host.clock.advance(next - model.now);
    model.tick(next);
    await world.settle();
  }
  return `${ms}`;
}

async function restart(world: LivesWorld): Promise<string> {
  const crashes = world.random.once(2) && world.host.mayCrash;
  const downMs = world.random.pick([0, 0, 400, 3000]);
  // A take that waits gets nothing any more.
  world.waiting = undefined;
  await world.host.end(crashes);
  // After a crash, it is the next start that gives back what streams had.
  if (crashes) world.model.now += downMs;
  for (const job of world.model.all("in_flight")) {
    if (job.stream !== null) world.model.handBack(job);
  }
  world.streams.clear();
  world.host.clock.setNow(world.host.clock.now() + downMs);
  await world.host.start();
  world.model.tick(world.model.now + (crashes ? 0 : downMs));
  return `${crashes ? "by a crash" : "in order"}, ${downMs} ms later`;
}
