// Written by `npm run generate` from the folders of controls/. Don't edit: a test fails when it is stale.
import { control as accountRegionStaysCovered } from "./account-region-stays-covered/control.ts";
import { control as cordonCellStaysDeployed } from "./cordon-cell-stays-deployed/control.ts";
import { control as iamAccessKeyIsNotExposed } from "./iam-access-key-is-not-exposed/control.ts";
import { control as iamAccessKeyIsRotated } from "./iam-access-key-is-rotated/control.ts";
import { control as iamRoleHasNoSessionOfExposedKey } from "./iam-role-has-no-session-of-exposed-key/control.ts";
import { control as iamRootHasNoAccessKey } from "./iam-root-has-no-access-key/control.ts";
import { control as iamUserHasNoSessionOfExposedKey } from "./iam-user-has-no-session-of-exposed-key/control.ts";
import { control as s3ObjectCarriesItsClass } from "./s3-object-carries-its-class/control.ts";
import { control as s3ReplicationStaysInJurisdiction } from "./s3-replication-stays-in-jurisdiction/control.ts";

/** Every control with its code. */
export const controls = [
  accountRegionStaysCovered,
  cordonCellStaysDeployed,
  iamAccessKeyIsNotExposed,
  iamAccessKeyIsRotated,
  iamRoleHasNoSessionOfExposedKey,
  iamRootHasNoAccessKey,
  iamUserHasNoSessionOfExposedKey,
  s3ObjectCarriesItsClass,
  s3ReplicationStaysInJurisdiction,
] as const;
