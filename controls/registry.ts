// Written by `npm run generate` from the folders of controls/. Don't edit: a test fails when it is stale.
import { control as s3ReplicationStaysInJurisdiction } from "./s3-replication-stays-in-jurisdiction/control.ts";

/** Every control with its code. */
export const controls = [s3ReplicationStaysInJurisdiction] as const;
