import { cut } from "../cut.ts";
import type { KeyReport } from "../types.ts";
import { isoTime, reportSignal } from "./key-reports.ts";
import type { Parsed } from "./parsed.ts";
import { asList, asObject, asText, type Json } from "./shapes.ts";

export const GUARDDUTY_FINDING = "GuardDuty Finding";

/**
 * How the types of findings begin that mean that a credential is in wrong hands. Not among them: what is about policy, logging or passwords, what was merely looked at
 * in an unusual way (Discovery, of low severity), and logins to the console, which use no key.
 * Source: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html, ...-s3.html, guardduty-attack-sequence-finding-types.html
 */
export const CREDENTIAL_FINDINGS: readonly string[] = [
  "AttackSequence:IAM/",
  "AttackSequence:S3/",
  "CredentialAccess:IAMUser/",
  "DefenseEvasion:IAMUser/",
  "Discovery:S3/MaliciousIPCaller",
  "Discovery:S3/TorIPCaller",
  "Exfiltration:IAMUser/",
  "Exfiltration:S3/MaliciousIPCaller",
  "Impact:IAMUser/",
  "Impact:S3/MaliciousIPCaller",
  "InitialAccess:IAMUser/",
  "PenTest:IAMUser/",
  "PenTest:S3/",
  "Persistence:IAMUser/",
  "PrivilegeEscalation:IAMUser/",
  "Recon:IAMUser/MaliciousIPCaller",
  "Recon:IAMUser/TorIPCaller",
  "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration",
  "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
  "UnauthorizedAccess:IAMUser/ResourceCredentialExfiltration",
  "UnauthorizedAccess:IAMUser/TorIPCaller",
  "UnauthorizedAccess:S3/MaliciousIPCaller",
  "UnauthorizedAccess:S3/TorIPCaller",
];

/**
 * A finding of GuardDuty's about credentials -> a signal for each of them: one, or those of an attack's actors. A finding that goes on is told again, under its id.
 * Source: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
 */
export function parseGuardDutyFinding(event: Json, detail: Json): readonly Parsed[] {
  if (event.source !== "aws.guardduty") {
    const reason = `a GuardDuty finding from ${cut(asText(event.source) ?? "no source", 80)}; expected aws.guardduty`;
    return [{ kind: "refused", reason }];
  }
  const type = cut(asText(member(detail, "type")) ?? "", 120);
  if (!CREDENTIAL_FINDINGS.some((prefix) => type.startsWith(prefix)))
    return [{ kind: "ignored", reason: `GuardDuty's finding ${type} is not about an access key in wrong hands` }];
  const service = within(detail, "service");
  if (member(within(service, "additionalInfo"), "sample") === true)
    return [{ kind: "ignored", reason: `GuardDuty's finding ${type} is a sample` }];
  const told = `GuardDuty's finding ${type}`;
  const credentials = credentialsIn(detail, service);
  if (credentials.length === 0)
    return [{ kind: "refused", reason: `${told} names no access key; expected resource.accessKeyDetails` }];
  const at = isoTime(asText(event.time)) ?? "";
  const updated = isoTime(asText(member(detail, "updatedAt"))) ?? at;
  const id = cut(asText(member(detail, "id")) ?? asText(event.id) ?? "", 200);
  const report: KeyReport = {
    by: "guardduty",
    id,
    type,
    at: isoTime(asText(member(detail, "createdAt"))) ?? at,
  };
  const partition = asText(member(detail, "partition")) ?? "aws";
  // An administrator's bus carries the findings of its members, under its own account.
  const finder = asText(member(detail, "accountId")) ?? event.account;
  return credentials.map(({ account = finder, ...told_ }) =>
    reportSignal("guardduty", told, report, { at, version: updated }, { ...told_, account, partition }),
  );
}

interface Told {
  readonly keyId: unknown;
  readonly userType: string | undefined;
  readonly userName: unknown;
  readonly account?: unknown;
}

function credentialsIn(detail: Json, service: Json): readonly Told[] {
  const key = asObject(member(within(detail, "resource"), "accessKeyDetails"));
  const actors = asList(member(within(within(service, "detection"), "sequence"), "actors"));
  const ofActors = actors.flatMap((each): readonly Told[] => {
    const user = within(asObject(each) ?? {}, "user");
    const keyId = member(user, "credentialUid");
    if (asText(keyId) === undefined) return [];
    const account = member(within(user, "account"), "uid");
    const userType = asText(member(user, "type"));
    return [{ keyId, userType, userName: member(user, "name"), ...(account !== undefined && { account }) }];
  });
  if (key === undefined) return ofActors;
  const userType = asText(member(key, "userType"));
  return [{ keyId: member(key, "accessKeyId"), userType, userName: member(key, "userName") }, ...ofActors];
}

/** Events have `accessKeyDetails`; what is made of the API's answers has `AccessKeyDetails`. */
function member(object: Json, name: string): unknown {
  return object[name] ?? object[`${name.charAt(0).toUpperCase()}${name.slice(1)}`];
}

function within(object: Json, name: string): Json {
  return asObject(member(object, name)) ?? {};
}
