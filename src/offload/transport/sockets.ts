/**
 * What a transport needs of a platform: names, connections, TLS.
 *
 * @module
 */

/** A connection, in bytes. */
export interface Connection {
  /** Whether it is open, all was sent, and nothing has come that nobody has read. */
  readonly isQuiet: boolean;
  /**
   * Gives what came, or waits for it.
   *
   * @returns Some bytes; undefined at the end.
   * @throws {Error} If the connection failed.
   */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Sends bytes. A failure is that of the next {@linkcode Connection.read}.
   *
   * @param bytes The bytes.
   */
  write(bytes: Uint8Array): void;
  /**
   * Whether the process waits for it: not while nobody uses it.
   *
   * @param isUsed Whether somebody does.
   */
  keep(isUsed: boolean): void;
  /** Resolves when it is closed, by whomever. */
  readonly closed: Promise<void>;
  /** Closes it at once. */
  destroy(): void;
}

/** How a connection becomes one of TLS. */
export interface TlsSettings {
  /** Whose certificate is expected: a name or an address. */
  readonly host: string;
  /** Certificates to trust in place of those of the platform, as PEM. */
  readonly ca?: string | readonly string[] | undefined;
  /** The own certificate, as PEM. */
  readonly cert?: string | undefined;
  /** The key of the own certificate, as PEM. */
  readonly key?: string | undefined;
}

/** The sockets of a platform. */
export interface Sockets {
  /**
   * The addresses of a name.
   *
   * @param name The name.
   */
  lookup(name: string): Promise<readonly string[]>;
  /**
   * Connects to an address.
   *
   * @param address An IP address.
   * @param port The port.
   * @param signal Ends the attempt.
   */
  connect(address: string, port: number, signal: AbortSignal): Promise<Connection>;
  /**
   * Speaks TLS over a connection from now on.
   *
   * @param connection One that {@linkcode Sockets.connect} gave, and that is quiet.
   * @param settings Who is trusted.
   * @param signal Ends the attempt.
   */
  secure(connection: Connection, settings: TlsSettings, signal: AbortSignal): Promise<Connection>;
}
