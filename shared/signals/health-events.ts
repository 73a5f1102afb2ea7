import { cut } from "../cut.ts";
import { shortHash } from "../ids.ts";
import type { KeyReport } from "../types.ts";
import { parseAccount, parseKeyId, userRef } from "./iam-refs.ts";
import { isoTime, reportSignal } from "./key-reports.ts";
import type { Parsed } from "./parsed.ts";
import { asList, asObject, asText, describeShape, type Json } from "./shapes.ts";

export const HEALTH_TYPES: readonly string[] = ["AWS Health Event", "AWS Health Abuse Event"];

/** Types of Health's events that say that somebody else has, or may have, an access key. */
export const EXPOSURES: readonly string[] = [
  "AWS_RISK_CREDENTIALS_EXPOSED",
  "AWS_RISK_CREDENTIALS_EXPOSURE_SUSPECTED",
  "AWS_RISK_CREDENTIALS_COMPROMISED",
  "AWS_RISK_CREDENTIALS_COMPROMISE_SUSPECTED",
  "AWS_RISK_IAM_QUARANTINE",
];

/**
 * An event of AWS Health about exposed keys -> a signal for each of its entities. The same event comes to two Regions, in pages, and again to whoever views the organisation:
 * all copies have one id.
 * Source: https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html
 */
export function parseHealthEvent(event: Json, detail: Json): readonly Parsed[] {
  const type = asText(detail.eventTypeCode) ?? "";
  if (event.source !== "aws.health") {
    const reason = `an event of AWS Health from ${cut(asText(event.source) ?? "no source", 80)}; expected aws.health`;
    return [{ kind: "refused", reason }];
  }
  if (!EXPOSURES.includes(type))
    return [{ kind: "ignored", reason: `Health's event ${cut(type, 80)} is not about exposed keys` }];
  const told = `Health's event ${type}`;
  // The event's own account is that of whoever views the organisation.
  const account = parseAccount(detail.affectedAccount) ?? parseAccount(event.account);
  if (account === undefined)
    return [{ kind: "refused", reason: `${told} tells no account; expected affectedAccount or account` }];
  const listed = asList(detail.affectedEntities).map((each) => asObject(each)?.entityValue);
  const entities = [...new Set(listed.length > 0 ? listed : asList(event.resources))];
  if (entities.length === 0)
    return [{ kind: "refused", reason: `${told} names nothing; expected affectedEntities with access keys` }];
  return entities.map((entity) => parseEntity(entity, told, account, event, detail));
}

function parseEntity(entity: unknown, told: string, account: string, event: Json, detail: Json): Parsed {
  const at = isoTime(asText(event.time)) ?? "";
  const eventArn = cut(asText(detail.eventArn) ?? asText(event.id) ?? "", 300);
  const report: KeyReport = {
    by: "aws-health",
    id: eventArn,
    type: asText(detail.eventTypeCode) ?? "",
    at: isoTime(asText(detail.startTime)) ?? at,
  };
  const version = cut(asText(detail.communicationId) ?? "", 100);
  if (parseKeyId(entity) !== undefined) {
    const partition = /^arn:(aws[a-z-]*):/.exec(eventArn)?.[1] ?? "aws";
    return reportSignal("health", told, report, { at, version }, { keyId: entity, account, partition });
  }
  const user = userRef(entity);
  if (user?.account !== account)
    return {
      kind: "refused",
      reason: `${told} names ${describeShape(entity)} that is neither; expected the id of an access key, or the ARN of a user of ${account}`,
    };
  const id = `health:${report.id}:${version}:${account}:${shortHash(user.arn)}`;
  return { kind: "signal", signal: { id, source: "health", name: report.type, at, resource: user, report } };
}
