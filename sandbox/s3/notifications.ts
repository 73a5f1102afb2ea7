import type { EventBridgeEvent } from "../cloudtrail.ts";
import type { ObjectVersion } from "./objects.ts";
import type { Bucket } from "./state.ts";

/** What S3 tells EventBridge about an object, with the members that only this type has. */
export type Notice =
  | { type: "Object Created"; reason: "PutObject" | "CopyObject" | "CompleteMultipartUpload" }
  | { type: "Object Deleted"; deletionType: "Delete Marker Created" | "Permanently Deleted" }
  | { type: "Object Tags Added" | "Object Tags Deleted" };

/** Which request it comes from. `requester` is an account; `at` in epoch ms. */
export interface NoticeOrigin {
  at: number;
  requestId: string;
  requester: string;
}

/**
 * S3's own event, as its user guide shows it ("EventBridge event message structure"). The key is written as it is, unlike in S3's
 * other notifications. Size, sequencer and reason are missing where the guide's examples and recorded events lack them.
 */
export function describeNotice(
  notice: Notice,
  bucket: Bucket,
  version: ObjectVersion,
  { at, requestId, requester }: NoticeOrigin,
  id: string,
): EventBridgeEvent {
  const isCreated = notice.type === "Object Created";
  const isDeleted = notice.type === "Object Deleted";
  return {
    version: "0",
    id,
    "detail-type": notice.type,
    source: "aws.s3",
    account: bucket.account,
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
    region: bucket.region,
    resources: [`arn:aws:s3:::${bucket.name}`],
    detail: {
      version: "0",
      bucket: { name: bucket.name },
      object: {
        key: version.key,
        ...(isCreated && { size: version.content.sizeBytes }),
        etag: version.etag,
        ...(bucket.versioning !== undefined && { "version-id": version.versionId }),
        ...((isCreated || isDeleted) && { sequencer: nextSequencer(bucket, at) }),
      },
      "request-id": requestId,
      requester,
      "source-ip-address": "127.0.0.1",
      ...(isCreated && { reason: notice.reason }),
      ...(isDeleted && { reason: "DeleteObject", "deletion-type": notice.deletionType }),
    },
  };
}

/** Hexadecimal digits that grow with each write and deletion of a key; how many there are may differ on AWS. */
function nextSequencer({ objects }: Bucket, at: number): string {
  objects.sequence += 1;
  const hex = (value: number, length: number) => value.toString(16).toUpperCase().padStart(length, "0");
  return hex(Math.floor(at / 1000), 10) + hex(objects.sequence, 8);
}
