import type { CallContext, ServiceFailure, TrailSubject } from "./operation.ts";
import type { Principal } from "./principals.ts";

/** An event as an EventBridge bus carries it. */
export interface EventBridgeEvent {
  version: "0";
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  /** ISO 8601, whole seconds. */
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}

/**
 * The CloudTrail record of a call in its EventBridge envelope. A call refused to another account is in the
 * caller's trail only; every other one in the owner's of what it is about.
 */
export function describeApiCall(
  eventName: string,
  subject: TrailSubject,
  context: CallContext,
  error: ServiceFailure | undefined,
  createId: () => string,
): EventBridgeEvent {
  const time = `${new Date(context.at).toISOString().slice(0, 19)}Z`;
  const account = error ? context.principal.account : subject.account;
  const detail = {
    eventVersion: "1.11",
    userIdentity: describeIdentity(context.principal),
    eventTime: time,
    eventSource: subject.eventSource,
    eventName: subject.eventName ?? eventName,
    awsRegion: subject.region,
    sourceIPAddress: "127.0.0.1",
    userAgent: `[${context.userAgent}]`,
    ...(error ? { errorCode: (subject.errorCode ?? trailCode)(error.code), errorMessage: error.message } : {}),
    requestParameters: subject.requestParameters,
    responseElements: (error ? undefined : subject.responseElements) ?? null,
    ...(subject.additionalEventData ? { additionalEventData: subject.additionalEventData } : {}),
    requestID: context.requestId,
    eventID: createId(),
    readOnly: subject.isReadOnly ?? false,
    resources: subject.resources,
    eventType: "AwsApiCall",
    managementEvent: !subject.isDataEvent,
    recipientAccountId: account,
    eventCategory: subject.isDataEvent ? "Data" : "Management",
  };
  return {
    version: "0",
    id: createId(),
    "detail-type": "AWS API Call via CloudTrail",
    source: `aws.${subject.eventSource.split(".")[0]}`,
    account,
    time,
    region: subject.region,
    resources: [],
    detail,
  };
}

/** A time in an answer, as CloudTrail writes it: `Jul 10, 2023 12:24:29 PM` (recorded events). */
export function trailDate(epochMs: number): string {
  const options = { timeZone: "UTC", dateStyle: "medium", timeStyle: "medium" } as const;
  return new Date(epochMs)
    .toLocaleString("en-US", options)
    .replace(/, (?=\S+ [AP]M$)/, " ")
    .replace(/\s/g, " ");
}

/** What JSON services call AccessDeniedException is AccessDenied in recorded events (Lambda's in its developer guide). */
function trailCode(code: string): string {
  return code === "AccessDeniedException" ? "AccessDenied" : code;
}

function describeIdentity(principal: Principal): Record<string, unknown> {
  const { type, principalId, arn, account, name, credentials, sourceIdentity } = principal;
  const common = { type, principalId, arn, accountId: account, accessKeyId: credentials.accessKeyId };
  const attributes = {
    creationDate: `${new Date(principal.since ?? 0).toISOString().slice(0, 19)}Z`,
    mfaAuthenticated: "false",
  };
  if (type === "IAMUser") {
    const user = { ...common, userName: name };
    return principal.since === undefined ? user : { ...user, sessionContext: { attributes } };
  }
  return {
    ...common,
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: principalId.split(":")[0],
        arn: `arn:aws:iam::${account}:role/${name}`,
        accountId: account,
        userName: name,
      },
      attributes,
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    },
  };
}
