/**
 * Why a webhook is not believed.
 *
 * @module
 */

import { MillraceError, type MillraceErrorOptions } from "../../errors.ts";

/** Why a webhook is not believed, in a word. */
export type WebhookRefusal =
  | "missing"
  | "malformed"
  | "too_old"
  | "too_new"
  | "too_large"
  | "no_match";

/**
 * A request is no webhook of who has the secret: it is not signed, its signature is none of the secret's, it is too old, or
 * it is too large to look at. Answer it with 401 (413 if its `reason` is `too_large`) and tell the sender nothing more.
 *
 * @example
 * ```ts
 * import { verifyWebhook, WebhookError } from "@millrace/millrace/offload";
 *
 * const request = new Request("https://shop.example/hooks", { method: "POST", body: "{}" });
 * try {
 *   await verifyWebhook(request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 * } catch (error) {
 *   if (!(error instanceof WebhookError)) throw error;
 *   console.log(error.reason, error.status); // missing 401
 * }
 * ```
 */
export class WebhookError extends MillraceError {
  /** The literal name of this class. */
  override readonly name = "WebhookError";
  /** The literal kind of this error. */
  override readonly code = "webhook";
  /** Why, in a word. */
  readonly reason: WebhookRefusal;

  /**
   * Creates the error.
   *
   * @param message Why, in a sentence. It has no secret and no signature in it.
   * @param reason Why, in a word.
   * @param options What led to it.
   */
  constructor(message: string, reason: WebhookRefusal, options?: MillraceErrorOptions) {
    super(message, options);
    this.reason = reason;
  }

  /** The HTTP status to answer with. */
  get status(): number {
    return this.reason === "too_large" ? 413 : 401;
  }
}
