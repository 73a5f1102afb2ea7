import { catalogue } from "../../controls/catalogue.ts";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import { controlHandler } from "../../shared/runtime/handler.ts";
import { wire } from "../../shared/runtime/wire.ts";

/** Quarantines S3 replication that leaves the jurisdiction. */
export const handler = controlHandler("quarantine-replication", control, () => wire(process.env, control, catalogue));
