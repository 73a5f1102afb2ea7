import type { ServiceName } from "./calls.ts";
import type { Principal } from "./principals.ts";
import type { SignatureProblem, SignatureScope } from "./signatures.ts";

/** One HTTP request, read to its end. */
export interface WireRequest {
  method: string;
  /** Path as sent, still percent-encoded, without the query. */
  path: string;
  query: URLSearchParams;
  /** The same as sent, without the question mark. */
  rawQuery: string;
  /** Header names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

/** A body too large to be held: its bytes are made as they are sent. */
export interface StreamedBody {
  sizeBytes: number;
  chunks(): Iterable<Uint8Array>;
}

export interface WireResponse {
  status: number;
  headers: Record<string, string | string[]>;
  body: string | Buffer | StreamedBody;
}

/** One thing IAM is asked: may the caller do `action` to `resource`? */
export interface Permission {
  /** IAM action, for example `s3:PutReplicationConfiguration`. */
  action: string;
  /** ARN, or `*` where AWS knows no resource for the action. */
  resource: string;
  /** The account that owns the resource. */
  account: string;
  /** Condition keys besides those every call has, for example `iam:PassedToService`. */
  keys?: Record<string, string | readonly string[]>;
}

/** Who calls, for which Region, when. */
export interface CallContext {
  principal: Principal;
  region: string;
  requestId: string;
  /** Epoch ms on the sandbox's clock. */
  at: number;
  userAgent: string;
  /** Whether the caller may do something that only changes the answer: whether a missing object may be known to be missing. */
  allows(permission: Permission): boolean;
}

/** A request understood: what it asks for, and the code that does it. */
export interface Operation {
  name: string;
  /** Bucket, table or queue; empty when there is none. */
  resource: string;
  input: Record<string, unknown>;
  /** IAM actions, as far as the request alone tells. */
  actions: string[];
  /** What the caller needs, with resources; asked after `locate`. Without it: `actions` on `*`. */
  permissions?(context: CallContext): Permission[];
  mutating: boolean;
  /** For what hangs on who really calls: the signature is verified, and a wrong one refused in these words. */
  signature?: Omit<SignatureScope, "at"> & { refuse(problem: SignatureProblem): ServiceFailure };
  /** Open to everybody: nobody is asked who he is, and whoever says so is not heard. */
  isPublic?: true;
  /** Refuse what AWS refuses before it looks at permissions: a bucket that is not there, the wrong Region. */
  locate?(context: CallContext): void;
  /** Headers a refusal for want of permission carries. */
  deniedHeaders?(): Record<string, string>;
  /** What CloudTrail would write down about it; asked before the call has its effect. */
  trail?(context: CallContext): TrailSubject;
  /** Do it, in one go without awaiting: this is what makes writes atomic. Throws ServiceError. */
  execute(context: CallContext): WireResponse;
  /** What takes time once `execute` has let it pass, a function that is invoked: its answer counts. Throws ServiceError. */
  proceed?(context: CallContext): Promise<WireResponse>;
}

/** The parts of a CloudTrail record that only the service knows. */
export interface TrailSubject {
  /** For example `s3.amazonaws.com`. */
  eventSource: string;
  /** CloudTrail's name of the call, where it isn't the API's: `DeleteFunction20150331`. */
  eventName?: string;
  /** Of what the call is about, or the caller's when it isn't there. */
  region: string;
  account: string;
  requestParameters: Record<string, unknown> | null;
  resources: { accountId?: string; type: string; ARN: string }[];
  /** A call on what a resource holds, an object, which only some trails log. */
  isDataEvent?: true;
  additionalEventData?: Record<string, unknown>;
  /** What is told of the answer, once there is one; null by default. */
  responseElements?: Record<string, unknown>;
  /** A call that changes nothing: in CloudTrail's history, not in `events`, and heard by rules that ask for such calls only. */
  isReadOnly?: true;
  /** CloudTrail's word for an error code of the wire; the same by default. */
  errorCode?(code: string): string;
}

/** One AWS service behind the front. */
export interface Service {
  name: ServiceName;
  /** Whether requests to this path are its own, whatever they are signed for, and unsigned ones too. */
  owns?(path: string): boolean;
  /** Understand a request. Throws ServiceError for what the sandbox does not know. */
  parse(request: WireRequest, region: string): Operation;
  /** Write a refusal as this service would. */
  fail(error: ServiceFailure, requestId: string, request: WireRequest): WireResponse;
  /** Answers to throttling, to a server's own fault, and to an access key nobody owns. */
  throttled: ServiceFailure;
  broken: ServiceFailure;
  unknownKey: ServiceFailure;
  /** Code and status of a refusal for want of permission; AccessDenied and 403 by default. */
  accessDenied?: { code: string; status: number };
  /** Answer to credentials whose session is over; ExpiredTokenException by default. */
  expired?: ServiceFailure;
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
