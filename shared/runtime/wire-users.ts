import { credentialReportsOnAws } from "../resources/credential-reports-aws.ts";
import { iamSessionsOnAws } from "../resources/iam-sessions-aws.ts";
import { iamUsersOnAws } from "../resources/iam-users-aws.ts";
import { rootKeysOnAws } from "../resources/root-keys-aws.ts";
import type { MorePorts } from "./wire.ts";

/** How the cell's own roles are called, which it must not lock out. */
const ownNames = ({ CORDON_STACK: stack, CORDON_MEMBER_ROLE: memberRole } = process.env) => ({
  ...(stack && { stack }),
  ...(memberRole && { memberRole }),
});

/** The ports to IAM users, and to the sessions of users and roles. */
export const withUsers: MorePorts = (clients, clock) => ({
  users: iamUsersOnAws(clients, clock),
  reports: credentialReportsOnAws(clients, clock),
  sessions: iamSessionsOnAws(clients, clock, ownNames()),
  rootKeys: rootKeysOnAws(clients),
});
