import { trailDate } from "./cloudtrail.ts";
import { ServiceError } from "./errors.ts";
import { rolePolicies } from "./iam/role-policies.ts";
import type { CallContext, Permission, TrailSubject } from "./operation.ts";
import type { Principal, PrincipalRegistry } from "./principals.ts";
import { escapeXml } from "./s3/wire.ts";
import type { Registry } from "./stack/registry.ts";
import { invalid, STS_TRAIL, type StsInput, type Tell, writeCredentials } from "./sts-answers.ts";

const HOUR_SECONDS = 3600;
const MIN_SECONDS = 900;
const MAX_SECONDS = 43_200;

/** A source identity, given or brought along, has to be let by the caller's policies and by the role's trust. */
export function permissionsToAssume(
  { RoleArn = "", RoleSessionName = "", ExternalId, SourceIdentity }: StsInput,
  caller: Principal | undefined,
): Permission[] {
  const sourceIdentity = SourceIdentity ?? caller?.sourceIdentity;
  const permission = {
    resource: RoleArn,
    account: readRoleArn(RoleArn).account,
    keys: {
      "sts:RoleSessionName": RoleSessionName,
      ...(ExternalId === undefined ? {} : { "sts:ExternalId": ExternalId }),
      ...(sourceIdentity === undefined ? {} : { "sts:SourceIdentity": sourceIdentity }),
    },
  };
  const actions = ["sts:AssumeRole", ...(sourceIdentity === undefined ? [] : ["sts:SetSourceIdentity"])];
  return actions.map((action) => ({ action, ...permission }));
}

/** In the trail of the role's account, and in the caller's when that is another. */
export function describeAssumption(input: StsInput, { region }: CallContext): TrailSubject {
  const { RoleArn = "", RoleSessionName, ExternalId, DurationSeconds, SourceIdentity } = input;
  const { account } = readRoleArn(RoleArn);
  return {
    ...STS_TRAIL,
    region,
    account,
    requestParameters: {
      roleArn: RoleArn,
      roleSessionName: RoleSessionName,
      ...(ExternalId !== undefined && { externalId: ExternalId }),
      ...(DurationSeconds !== undefined && { durationSeconds: Number(DurationSeconds) }),
      ...(SourceIdentity !== undefined && { sourceIdentity: SourceIdentity }),
    },
    resources: [{ accountId: account, type: "AWS::IAM::Role", ARN: RoleArn }],
  };
}

/** A session of a role, with the policies the role has at each call. */
export function assumeRole(
  principals: PrincipalRegistry,
  registry: Registry,
  { RoleArn = "", RoleSessionName: sessionName = "", DurationSeconds, SourceIdentity }: StsInput,
  { at, principal }: CallContext,
  tell: Tell,
): string {
  const { account, name } = readRoleArn(RoleArn);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw invalid(`Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]{2,64}`);
  }
  const sourceIdentity = chooseSourceIdentity(SourceIdentity, principal);
  const role = registry.find("AWS::IAM::Role", name, account, "");
  const seconds = DurationSeconds === undefined ? HOUR_SECONDS : Number(DurationSeconds);
  checkDuration(seconds, Number(role?.properties.MaxSessionDuration ?? HOUR_SECONDS), principal.type === "AssumedRole");
  const expiresAt = at + seconds * 1000;
  const { credentials, arn, principalId } = principals.create(
    {
      type: "AssumedRole",
      name,
      account,
      sessionName,
      expiresAt,
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
      policies: () => rolePolicies(registry, account, name),
    },
    // A container is still the same process when it calls as another role: faults must find it.
    principal.container && principal.functionName
      ? { container: principal.container, functionName: principal.functionName }
      : undefined,
  );
  tell({
    credentials: { accessKeyId: credentials.accessKeyId, expiration: trailDate(expiresAt) },
    assumedRoleUser: { assumedRoleId: principalId, arn },
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  });
  return `${writeCredentials(credentials, expiresAt)}<AssumedRoleUser><Arn>${escapeXml(arn)}</Arn><AssumedRoleId>${principalId}</AssumedRoleId></AssumedRoleUser>${sourceIdentity === undefined ? "" : `<SourceIdentity>${sourceIdentity}</SourceIdentity>`}`;
}

/** What was set once can't be changed by assuming another role. */
function chooseSourceIdentity(given: string | undefined, { sourceIdentity: own, arn }: Principal): string | undefined {
  if (given === undefined || given === own) return own;
  if (own !== undefined) {
    const message = `User: ${arn} is not authorized to perform: sts:SetSourceIdentity: the source identity is set already`;
    throw new ServiceError("AccessDenied", message, 403);
  }
  if (/^[\w+=,.@-]{2,64}$/.test(given)) return given;
  throw invalid(`Value '${given}' at 'sourceIdentity' failed to satisfy constraint: [\\w+=,.@-]{2,64}`);
}

function checkDuration(seconds: number, roleMaximum: number, isChained: boolean): void {
  const refuse = (bound: string): ServiceError =>
    invalid(
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${bound}`,
    );
  if (!(seconds >= MIN_SECONDS)) throw refuse(`greater than or equal to ${MIN_SECONDS}`);
  if (seconds > MAX_SECONDS) throw refuse(`less than or equal to ${MAX_SECONDS}`);
  if (isChained && seconds > HOUR_SECONDS) {
    throw invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  }
  if (seconds > roleMaximum) {
    throw invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
}

function readRoleArn(arn: string): { account: string; name: string } {
  const [, account, name] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  if (account === undefined || name === undefined) throw invalid(`${arn || "RoleArn"} is invalid`);
  return { account, name };
}
