/**
 * What lives are lived on: a broker on a file that can be stopped, or end as by `kill -9`, and be started anew on what is then in the file.
 *
 * @module
 */

import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Broker, type BrokerOptions, createBroker } from "../../src/broker/mod.ts";
import type { SqlRow, SyncDatabase } from "../../src/store/database.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import type { Answer } from "../support/send.ts";
import { defaults, reaperMs } from "./lives-model.ts";
import { connect, type WorkerStream } from "./worker-stream.ts";

/** What a broker of lives is made with. */
export const livesOptions: Partial<BrokerOptions> = {
  globalInFlightLimit: defaults.mostInFlight,
  streamInFlightPercent: 100,
  maxDeliveries: 0,
  leaseGraceMs: defaults.graceMs,
  defaultRetryLimit: defaults.retryLimit,
  defaultBackoff: { exponent: 1, baseMs: 500, jitterMs: 0 },
  defaultDeadRetentionMs: defaults.deadMs,
  defaultCompletedRetentionMs: defaults.completedMs,
  reaperIntervalMs: reaperMs,
  heartbeatIntervalMs: 2 ** 31 - 1,
};

/** A broker, or several that take turns. */
export abstract class LivesHost {
  abstract clock: TestClock;
  /** Whether it can end without a chance to say anything, and be started at once. */
  abstract readonly mayCrash: boolean;
  protected readonly log = createRecordingLogger();
  protected broker!: Broker;

  /** Starts it on what is stored. */
  abstract start(): Promise<void>;
  /** Ends it; `crashes` if without a chance to say anything. What is stored stays. */
  abstract end(crashes: boolean): Promise<void>;
  abstract close(): Promise<void>;
  abstract rows(sql: string): SqlRow[] | Promise<SqlRow[]>;

  /** What it had to complain of. */
  complaints(): readonly string[] {
    return this.log.errors;
  }

  /** A stream that takes one job at a time, and what it has once all is at rest. */
  async connect(run: string): Promise<WorkerStream> {
    const headers = {
      "millrace-extensions": "1",
      "worker-run": run,
      "worker-answers-within": `${2 ** 32 - 1}`,
    };
    const stream = await connect(this.broker, { prefetch: 1, headers });
    await this.clock.settle();
    return stream;
  }

  /** One call in JSON, of a worker that may have a name. */
  async call(method: string, path: string, body?: unknown, worker?: string): Promise<Answer> {
    const response = await this.broker.fetch(
      new Request(`http://broker${path}`, {
        method,
        headers: {
          ...worker !== undefined && { "worker-id": worker },
          ...body !== undefined && { "content-type": "application/json" },
        },
        ...body !== undefined && { body: JSON.stringify(body) },
      }),
    );
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }
}

/** A broker on a file. */
export class FileHost extends LivesHost {
  readonly #folder = mkdtempSync(join(tmpdir(), "millrace-lives-"));
  #starts = 0;
  #file = "";
  #database!: SyncDatabase;
  override readonly mayCrash = true;
  override clock: TestClock = createTestClock();

  /** Starts a broker on the file. */
  override async start(): Promise<void> {
    this.#file ||= join(this.#folder, "lives.db");
    this.clock = createTestClock(this.clock.now());
    this.#database = openSqlite(this.#file);
    const { logger } = this.log;
    this.broker = createBroker({
      store: this.#database,
      clock: this.clock,
      logger,
      ...livesOptions,
    });
    await this.broker.start();
    await this.clock.settle();
  }

  /** Ends the broker; `crashes` if without a chance to say anything. What is in the file stays. */
  override async end(crashes: boolean): Promise<void> {
    const before = this.#file;
    if (crashes) {
      // What a process that is killed leaves behind: of its file, what is in it at that moment.
      this.#file = join(this.#folder, `lives-${++this.#starts}.db`);
      for (const part of ["", "-wal"]) {
        if (existsSync(before + part)) copyFileSync(before + part, this.#file + part);
      }
    }
    await this.broker.stop();
    if (crashes) { for (const part of ["", "-wal"]) rmSync(before + part, { force: true }); }
  }

  override async close(): Promise<void> {
    await this.broker.stop();
    rmSync(this.#folder, { recursive: true });
  }

  override rows(sql: string): SqlRow[] {
    return this.#database.all(sql, []);
  }
}
