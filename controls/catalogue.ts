// Written by `npm run generate` from the folders of controls/. Don't edit: a test fails when it is stale.
import { meta as accountRegionStaysCovered } from "./account-region-stays-covered/meta.ts";
import { meta as cordonCellStaysDeployed } from "./cordon-cell-stays-deployed/meta.ts";
import { meta as iamAccessKeyIsNotExposed } from "./iam-access-key-is-not-exposed/meta.ts";
import { meta as iamAccessKeyIsRotated } from "./iam-access-key-is-rotated/meta.ts";
import { meta as iamRoleHasNoSessionOfExposedKey } from "./iam-role-has-no-session-of-exposed-key/meta.ts";
import { meta as iamRootHasNoAccessKey } from "./iam-root-has-no-access-key/meta.ts";
import { meta as iamUserHasNoSessionOfExposedKey } from "./iam-user-has-no-session-of-exposed-key/meta.ts";
import { meta as s3ObjectCarriesItsClass } from "./s3-object-carries-its-class/meta.ts";
import { meta as s3ReplicationStaysInJurisdiction } from "./s3-replication-stays-in-jurisdiction/meta.ts";

/** The metadata of every control; imports no control's code and no SDK. */
export const catalogue = [
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
