import { trailDate } from "./cloudtrail.ts";
import { ServiceError } from "./errors.ts";
import type { CallContext, TrailSubject } from "./operation.ts";
import type { PrincipalRegistry } from "./principals.ts";
import { invalid, STS_TRAIL, type StsInput, type Tell, writeCredentials } from "./sts-answers.ts";

const LEAST_SECONDS = 900;
const MOST_SECONDS = 129_600;
const USUAL_SECONDS = 43_200;

/** What CloudTrail writes down about GetSessionToken. */
export function describeUserSession({ DurationSeconds }: StsInput, { region, principal }: CallContext): TrailSubject {
  const requestParameters = DurationSeconds === undefined ? null : { durationSeconds: Number(DurationSeconds) };
  return { ...STS_TRAIL, region, account: principal.account, requestParameters, resources: [] };
}

/** A user's own temporary credentials; not asked for with temporary ones. */
export function createUserSession(
  principals: PrincipalRegistry,
  { DurationSeconds }: StsInput,
  { at, principal }: CallContext,
  tell: Tell,
): string {
  if (principal.credentials.sessionToken !== undefined) {
    throw new ServiceError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403);
  }
  const seconds = DurationSeconds === undefined ? USUAL_SECONDS : Number(DurationSeconds);
  if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS)) {
    throw invalid(
      `1 validation error detected: Value '${DurationSeconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value between ${LEAST_SECONDS} and ${MOST_SECONDS}`,
    );
  }
  const expiresAt = at + seconds * 1000;
  const { credentials } = principals.createUserSession(principal, expiresAt);
  tell({ credentials: { accessKeyId: credentials.accessKeyId, expiration: trailDate(expiresAt) } });
  return writeCredentials(credentials, expiresAt);
}
