import { credentialReportsOnAws } from "../resources/credential-reports-aws.ts";
import { iamUsersOnAws } from "../resources/iam-users-aws.ts";
import type { MorePorts } from "./wire.ts";

/** The ports to IAM users. */
export const withUsers: MorePorts = (clients, clock) => ({
  users: iamUsersOnAws(clients, clock),
  reports: credentialReportsOnAws(clients, clock),
});
