/**
 * Brokers on one PostgreSQL that take turns in answering, for lives.
 *
 * @module
 */

import { createBroker } from "../../src/broker/mod.ts";
import type { SqlRow } from "../../src/store/database.ts";
import type { TestClock } from "../../src/testing/mod.ts";
import { withPatience } from "../postgres/patient-clock.ts";
import { freshSchema, openShared, type PostgresDatabase, sharedPool } from "../postgres/server.ts";
import { inTurn } from "../support/broker.ts";
import { LivesHost, livesOptions } from "./lives-host.ts";

/** Several brokers. What it would take a crash to become right again is not lived through: others give it up after a while. */
export class GroupHost extends LivesHost {
  readonly #size: number;
  readonly #schema = freshSchema();
  #stores: readonly PostgresDatabase[] = [];
  override readonly mayCrash = false;
  override clock: TestClock = withPatience([]).clock;

  /** @param size How many brokers. */
  constructor(size: number) {
    super();
    this.#size = size;
  }

  override async start(): Promise<void> {
    this.#stores = Array.from({ length: this.#size }, () => openShared(this.#schema));
    const { clock, databases } = withPatience(this.#stores, this.clock.now());
    this.clock = clock;
    const { logger } = this.log;
    this.broker = inTurn(
      databases.map((store) => createBroker({ store, clock, logger, ...livesOptions })),
      clock,
    );
    await this.broker.start();
    await clock.settle();
  }

  override end(): Promise<void> {
    return this.broker.stop();
  }

  override async close(): Promise<void> {
    await this.broker.stop();
    const client = await sharedPool().connect();
    await client.query({ text: `DROP SCHEMA ${this.#schema} CASCADE` });
    client.release();
  }

  override async rows(sql: string): Promise<SqlRow[]> {
    return await this.#stores[0]!.all(sql, []);
  }
}
