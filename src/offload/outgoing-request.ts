/**
 * A request as it is about to be sent, for those who sign it.
 *
 * @module
 */

/** A request as it is about to be sent: with its secrets, before its headers are final. */
export interface OutgoingRequest {
  /** Its method, in upper case. */
  readonly method: string;
  /** Where it goes. */
  readonly url: URL;
  /** Its headers, which a signer may change. */
  readonly headers: Headers;
  /** Its body; undefined if it has none. */
  readonly body?: Uint8Array | undefined;
  /** The id of the request job: the same when it is tried again. */
  readonly id: string;
}

/**
 * Changes a request before it is sent, such as by a signature, with a key that no job carries. It may set headers and add
 * parameters, but not change the origin. It is not called for other origins that redirects lead to.
 *
 * @param request The request.
 */
export type Signer = (request: OutgoingRequest) => void | Promise<void>;
