/**
 * Durable calls of HTTP: a request is a job, and its answer is a job of its own. Nobody waits for a slow server, no crash
 * loses a call, and hundreds of calls wait in one process.
 *
 * @example
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 * import { createHttp, defineHttpCallback, secret } from "@millrace/millrace/offload";
 *
 * const saveReply = defineHttpCallback<{ chatId: string }>("save-reply", {
 *   onComplete: (result, { args }) => console.log(args.chatId, result.json()),
 *   onError: (failure) => console.error(failure.kind, failure.message),
 * });
 *
 * const openai = createHttp(createClient({ url: "http://127.0.0.1:7890" }), {
 *   baseUrl: "https://api.openai.com/",
 *   headers: { authorization: secret("openai", { prefix: "Bearer " }) },
 *   callback: saveReply,
 * });
 *
 * export function ask(chatId: string, input: string) {
 *   return openai.post("v1/responses", { json: { input }, callbackArgs: { chatId }, timeout: "10m" });
 * }
 * ```
 *
 * @module
 */

export type { Clock } from "../async/clock.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "../jobs/standard-schema.ts";
export { createHttp, type Http, type HttpTarget, type HttpVerb } from "./create-http.ts";
export {
  type AnyHttpCallback,
  defineHttpCallback,
  type HttpCallback,
  type HttpCallbackContext,
  type HttpCallbackFunction,
  type HttpCallbackOf,
  type HttpCallbackOptions,
} from "./define-http-callback.ts";
export type {
  CallbackArgs,
  CreateHttpOptions,
  HttpDefaults,
  HttpHeaders,
  HttpJobSettings,
  HttpParam,
  HttpParams,
  HttpRequest,
  HttpRequestOptions,
} from "./http-options.ts";
export {
  createHttpWorker,
  type HttpWorker,
  type HttpWorkerState,
  type HttpWorkerStats,
} from "./create-http-worker.ts";
export type { Classified } from "./exchange/ports.ts";
export { handleHttpCallbacks, type HandleHttpCallbacksOptions } from "./handle-http-callbacks.ts";
export { handleHttpRequests, type HandleHttpRequestsOptions } from "./handle-http-requests.ts";
export type {
  HttpCapacityEvent,
  HttpCompletedEvent,
  HttpFailedEvent,
  HttpRecoveredEvent,
  HttpRequestEndEvent,
  HttpRequestEvent,
  HttpStopReport,
  HttpTotals,
  HttpWorkerEvents,
} from "./http-events.ts";
export type { HttpWorkerOptions } from "./http-worker-options.ts";
export { inline, type InlineOptions } from "./inline.ts";
export type { HttpSecrets, HttpSendOptions } from "./send-options.ts";
export type { HttpCallEnd, HttpCallEvent, HttpCallTrace, HttpTracing } from "./http-tracing.ts";
export type { CallbackJob, InlineBody } from "./records.ts";
export type { HttpRetryOptions } from "./retry-options.ts";
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
export { createPublishFront, type PublishFront } from "./front/create-publish-front.ts";
export { publishCallback } from "./front/publish-callback.ts";
export type { PublishedMessage, PublishPlan } from "./front/publish-message.ts";
export type {
  PublishClient,
  PublishFrontOptions,
  PublishReceipt,
} from "./front/publish-options.ts";
export type { Delivery } from "./front/publish-request.ts";
export { publishSigner, type PublishSignerOptions } from "./front/publish-signer.ts";
export type { MessageClient } from "./front/serve-messages.ts";
export {
  createDeadLetters,
  type DeadLetter,
  type DeadLetterClient,
  type DeadLetterPage,
  type DeadLetterQuery,
  type DeadLetters,
  type DeadLettersOptions,
} from "./dead-letters.ts";
