/**
 * Durable calls of HTTP: a request is a job, and its answer is a job of its own. Nobody waits for a slow server, no crash
 * loses a call, and hundreds of calls wait in one process.
 *
 * @example
 * ```ts
 * import { secret, toHttpResult } from "@millrace/millrace/offload";
 *
 * console.log(secret("openai").$secret, toHttpResult({ body: "[1]" }).json()); // openai [ 1 ]
 * ```
 *
 * @module
 */

export type { Clock } from "../async/clock.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "../jobs/standard-schema.ts";
export {
  createEncryptor,
  type EncryptionKey,
  type Encryptor,
  type EncryptorOptions,
} from "./encryption/encryptor.ts";
export type {
  HttpFailure,
  HttpFailureFacts,
  HttpFailureKind,
  HttpOtherFailure,
  HttpRedirectFailure,
  HttpStatusFailure,
} from "./failure.ts";
export { isPublicAddress } from "./guard/public-address.ts";
export { isPublicUrl } from "./guard/public-url.ts";
export { type BrokerStoreOptions, createBrokerStore } from "./payloads/broker-store.ts";
export type { BodySink, BodySinkOptions } from "./payloads/body-sink.ts";
export {
  createPayloads,
  type PackedPayload,
  type PackOptions,
  type Payloads,
  type PayloadsOptions,
} from "./payloads/create-payloads.ts";
export {
  createMemoryStore,
  type MemoryStore,
  type MemoryStoreOptions,
} from "./payloads/memory-store.ts";
export type {
  PayloadGetOptions,
  PayloadPutOptions,
  PayloadRef,
  PayloadStore,
} from "./payloads/payload-store.ts";
export { type HttpResult, type HttpResultFacts, type TextOptions, toHttpResult } from "./result.ts";
export type { S3Credentials } from "./s3/aws-signature.ts";
export { createS3Store, type S3StoreOptions } from "./s3/s3-store.ts";
export { secret, type SecretOptions, type SecretRef } from "./secret.ts";
export type { OutgoingRequest, Signer } from "./outgoing-request.ts";
export { readTraceContext, type TraceCarrier, type TraceContext } from "./trace-context.ts";
export {
  signWebhook,
  type WebhookContent,
  type WebhookHeaders,
  type WebhookKeySource,
  webhookSigner,
  type WebhookSignerOptions,
} from "./webhooks/sign-webhook.ts";
export {
  type ReceivedWebhook,
  type VerifiedWebhook,
  verifyWebhook,
  type VerifyWebhookOptions,
} from "./webhooks/verify-webhook.ts";
export { WebhookError, type WebhookRefusal } from "./webhooks/webhook-error.ts";
export {
  randomWebhookKeyPair,
  randomWebhookSecret,
  type WebhookKeyPair,
  type WebhookKeys,
} from "./webhooks/webhook-keys.ts";
