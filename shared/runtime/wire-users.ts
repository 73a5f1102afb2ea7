import { credentialReportsOnAws } from "../resources/credential-reports-aws.ts";
import { iamSessionsOnAws } from "../resources/iam-sessions-aws.ts";
import { iamUsersOnAws } from "../resources/iam-users-aws.ts";
import { rootKeysOnAws } from "../resources/root-keys-aws.ts";
import { trailLookupOnAws } from "../resources/trail-lookup-aws.ts";
import type { MorePorts } from "./wire.ts";

/** The ports to IAM's users and roles, and to what is told of their keys. */
export const withUsers: MorePorts = (clients, clock) => ({
  users: iamUsersOnAws(clients, clock),
  reports: credentialReportsOnAws(clients, clock),
  sessions: iamSessionsOnAws(clients, clock, ownNames(process.env)),
  rootKeys: rootKeysOnAws(clients),
  trail: trailLookupOnAws(clients),
});

/** Whom Cordon must not lock out: itself. */
function ownNames({ CORDON_STACK: stack, CORDON_MEMBER_ROLE: memberRole }: NodeJS.ProcessEnv) {
  return { ...(stack && { stack }), ...(memberRole && { memberRole }) };
}
