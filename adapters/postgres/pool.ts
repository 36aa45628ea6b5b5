/**
 * What is used of the driver `pg`: a pool that was given, or the one that is made when only an address is.
 *
 * @module
 */

/** A query, as `pg` takes it. */
export interface PgQuery {
  /** What the prepared statement is called; it is prepared once for each connection. */
  readonly name?: string;
  /** The statement. */
  readonly text: string;
  /** The values of its parameters. */
  readonly values?: unknown[];
  /** Makes each row a list of its values. */
  readonly rowMode?: "array";
  /** How long the answer is waited for, in ms. */
  readonly query_timeout?: number;
  /** Gives what reads the values of a type. */
  readonly types?: { getTypeParser(type: number, format?: string): (value: string) => unknown };
}

/** What a query gives. */
export interface PgResult {
  /** Its rows. */
  // deno-lint-ignore no-explicit-any
  readonly rows: any[];
  /** How many rows it read or changed. */
  readonly rowCount: number | null;
  /** What was done, such as `COMMIT`. */
  readonly command?: string;
}

/** What a client that listens is told. */
export interface PgNotification {
  /** Where it was said. */
  readonly channel?: string;
  /** What was said. */
  readonly payload?: string;
}

/** What is used of a client of `pg` that was taken from a pool. */
export interface PgClient {
  /** Runs a query. */
  query(query: PgQuery): Promise<PgResult>;
  /** Whether it sends a query before the one before is answered. */
  readonly pipeline?: boolean;
  /** Its connection, whose socket can be told to wait for more. */
  readonly connection?: { readonly stream?: { cork?(): void; uncork?(): void } };
  /** Gives it back to its pool; `true` or an error ends its connection. */
  release(error?: Error | boolean): void;
  /** Has errors and the end of its connection told, and what comes by LISTEN. */
  // deno-lint-ignore no-explicit-any
  on(event: "error" | "end" | "notification", listener: (told: any) => void): any;
  /** Has them not told any more. */
  // deno-lint-ignore no-explicit-any
  off(event: "error" | "end" | "notification", listener: (told: any) => void): any;
}

/** What is used of a pool of `pg`: `new Pool(…)` of that package is one. */
export interface PgPool {
  /** What it was made with. */
  readonly options?: {
    /** How many connections it makes at most. */
    readonly max?: number | undefined;
  };
  /** Takes a client, or makes one. */
  connect(): Promise<PgClient>;
  /** Ends all connections. */
  end(): Promise<void>;
  /** Has errors of its connection told. */
  // deno-lint-ignore no-explicit-any
  on(event: "error", listener: (error: Error) => void): any;
  /** Has them not told any more. */
  // deno-lint-ignore no-explicit-any
  off(event: "error", listener: (error: Error) => void): any;
}
