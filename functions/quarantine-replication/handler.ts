import { controlIds } from "../../controls/catalogue.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { controlHandler } from "../../shared/runtime/handler.ts";

/** Quarantines S3 replication that leaves the jurisdiction. */
export const handler = controlHandler("quarantine-replication", control, controlIds);
