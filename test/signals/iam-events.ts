import { cloudTrailRecord, eventBridge } from "../support/events.ts";

export const ACCOUNT = "111122223333";
export const KEY = "AKIAIOSFODNN7EXAMPLE";
export const SESSION = "ASIAIOSFODNN7EXAMPLE";

/** A CloudTrail record as IAM writes it. */
export function iamRecord(name: string, request: unknown, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...cloudTrailRecord("none", { name, region: "us-east-1" }),
    eventSource: "iam.amazonaws.com",
    requestParameters: request,
    resources: undefined,
    ...more,
  };
}

export const userIdentity = (name: string, path = "/", keyId = KEY) => ({
  type: "IAMUser",
  principalId: "AIDAIOSFODNN7EXAMPLE",
  arn: `arn:aws:iam::${ACCOUNT}:user${path}${name}`,
  accountId: ACCOUNT,
  accessKeyId: keyId,
  userName: name,
});
export const ROOT = { type: "Root", principalId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT };
export const ROLE = {
  type: "AssumedRole",
  principalId: "AROAIOSFODNN7EXAMPLE:me",
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/admin/me`,
  accountId: ACCOUNT,
  accessKeyId: SESSION,
};

/** After the schema of AWS Health's events. */
export function healthEvent(
  entities: readonly unknown[],
  detail: Record<string, unknown> = {},
  envelope: Record<string, unknown> = {},
) {
  const inner = {
    eventArn: "arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/AWS_RISK_CREDENTIALS_EXPOSED_abc",
    service: "RISK",
    eventTypeCode: "AWS_RISK_CREDENTIALS_EXPOSED",
    eventTypeCategory: "issue",
    eventScopeCode: "ACCOUNT_SPECIFIC",
    communicationId: "1234abc01232a4012345678-1",
    startTime: "Sun, 01 Mar 2026 08:58:00 GMT",
    lastUpdatedTime: "Sun, 01 Mar 2026 08:58:00 GMT",
    statusCode: "open",
    eventRegion: "us-east-1",
    eventDescription: [{ language: "en_US", latestDescription: "..." }],
    affectedEntities: entities.map((entityValue) => ({ entityValue, status: "IMPAIRED" })),
    affectedAccount: ACCOUNT,
    page: "1",
    totalPages: "1",
    ...detail,
  };
  return { ...eventBridge(inner, "AWS Health Event", "aws.health"), region: "us-east-1", ...envelope };
}

/** After recorded findings. */
export function guardDutyEvent(credential: Record<string, unknown>, detail: Record<string, unknown> = {}) {
  const inner = {
    schemaVersion: "2.0",
    accountId: ACCOUNT,
    region: "eu-central-1",
    partition: "aws",
    id: "36b01b60fc22bb4edb19d62d9899e953",
    arn: `arn:aws:guardduty:eu-central-1:${ACCOUNT}:detector/d/finding/36b01b60fc22bb4edb19d62d9899e953`,
    type: "UnauthorizedAccess:IAMUser/TorIPCaller",
    resource: {
      resourceType: "AccessKey",
      accessKeyDetails: {
        accessKeyId: KEY,
        principalId: "AIDAIOSFODNN7EXAMPLE",
        userName: "ci",
        userType: "IAMUser",
        ...credential,
      },
    },
    service: { serviceName: "guardduty", archived: false, count: 1, additionalInfo: {} },
    severity: 5,
    createdAt: "2026-03-01T08:50:00.000Z",
    updatedAt: "2026-03-01T08:55:00.000Z",
    ...detail,
  };
  return eventBridge(inner, "GuardDuty Finding", "aws.guardduty");
}

/** As AWS Config tells what its rule `access-keys-rotated` has found. */
export function complianceChange(detail: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    awsAccountId: ACCOUNT,
    awsRegion: "eu-central-1",
    configRuleName: "access-keys-rotated",
    configRuleARN: `arn:aws:config:eu-central-1:${ACCOUNT}:config-rule/config-rule-abc`,
    messageType: "ComplianceChangeNotification",
    recordVersion: "1.0",
    resourceType: "AWS::IAM::User",
    resourceId: "AIDAIOSFODNN7EXAMPLE",
    newEvaluationResult: { complianceType: "NON_COMPLIANT", resultRecordedTime: "2026-03-01T09:00:00.000Z" },
    notificationCreationTime: "2026-03-01T09:00:01.000Z",
    ...detail,
  };
}

export function userItem(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: "1.3",
    accountId: ACCOUNT,
    configurationItemCaptureTime: "2026-03-01T09:00:05.000Z",
    configurationItemStatus: "OK",
    configurationStateId: "1772355605000",
    arn: `arn:aws:iam::${ACCOUNT}:user/team/ci`,
    resourceType: "AWS::IAM::User",
    resourceId: "AIDAIOSFODNN7EXAMPLE",
    resourceName: "ci",
    awsRegion: "global",
    configuration: {},
    supplementaryConfiguration: {},
    ...more,
  };
}
