import type { ServiceName } from "./calls.ts";
import type { Principal } from "./principals.ts";

/** One HTTP request, read to its end. */
export interface WireRequest {
  method: string;
  /** Path as sent, still percent-encoded, without the query. */
  path: string;
  query: URLSearchParams;
  /** Header names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Who calls, for which Region, when. */
export interface CallContext {
  principal: Principal;
  region: string;
  requestId: string;
  /** Epoch ms on the sandbox's clock. */
  at: number;
  userAgent: string;
}

/** A request understood: what it asks for, and the code that does it. */
export interface Operation {
  name: string;
  /** Bucket, table or queue; empty when there is none. */
  resource: string;
  input: Record<string, unknown>;
  actions: string[];
  mutating: boolean;
  /** Refuse what AWS refuses before it looks at permissions: a bucket that is not there, the wrong Region. */
  locate?(context: CallContext): void;
  /** Headers a refusal for want of permission carries. */
  deniedHeaders?(): Record<string, string>;
  /** What CloudTrail would write down about it; asked before the call has its effect. */
  trail?(context: CallContext): TrailSubject;
  /** Do it, in one go without awaiting: this is what makes writes atomic. Throws ServiceError. */
  execute(context: CallContext): WireResponse;
}

/** The parts of a CloudTrail record that only the service knows. */
export interface TrailSubject {
  bucket: string;
  /** The bucket's Region and owner, or the caller's when there is no such bucket. */
  region: string;
  account: string;
  isThere: boolean;
  requestParameters: Record<string, unknown>;
}

/** One AWS service behind the front. */
export interface Service {
  name: ServiceName;
  /** Understand a request. Throws ServiceError for what the sandbox does not know. */
  parse(request: WireRequest, region: string): Operation;
  /** Write a refusal as this service would. */
  fail(error: ServiceFailure, requestId: string, request: WireRequest): WireResponse;
  /** Answers to throttling, to a server's own fault, and to an access key nobody owns. */
  throttled: ServiceFailure;
  broken: ServiceFailure;
  unknownKey: ServiceFailure;
}

/** What a refusal says; ServiceError is one. */
export interface ServiceFailure {
  code: string;
  message: string;
  status: number;
  headers: Record<string, string>;
  members: Record<string, unknown>;
}

/** A refusal as a value, for the answers a service always gives in the same words. */
export function failure(code: string, message: string, status: number): ServiceFailure {
  return { code, message, status, headers: {}, members: {} };
}
