import type { WireRequest } from "../operation.ts";
import {
  type AccountOperation,
  accountOperations,
  type BucketOperation,
  bucketOperations,
} from "./bucket-operations.ts";
import { replicationOperations, taggingOperations } from "./configuration-operations.ts";
import { copyOperations } from "./copy-operation.ts";
import { listOperations } from "./list-operations.ts";
import { lockOperations } from "./lock-operations.ts";
import { multipartOperations } from "./multipart-operations.ts";
import { notificationOperations } from "./notification-operations.ts";
import { objectTaggingOperations } from "./object-tagging-operations.ts";
import { protectionOperations } from "./protection-operations.ts";
import { readOperations } from "./read-operations.ts";
import { type OperationWire, readOperationSchema } from "./wire.ts";
import { writeOperations } from "./write-operations.ts";

/** An operation and the requests that mean it. */
export type Route = { wire: OperationWire } & (
  | { account: AccountOperation; bucket?: undefined }
  | { account?: undefined; bucket: BucketOperation }
);

const routes: Route[] = [
  ...accountOperations.map((account) => ({ wire: readOperationSchema(account.schema), account })),
  ...[
    ...bucketOperations,
    ...replicationOperations,
    ...taggingOperations,
    ...lockOperations,
    ...protectionOperations,
    ...notificationOperations,
    ...listOperations,
    ...objectTaggingOperations,
    ...readOperations,
    ...writeOperations,
    ...copyOperations,
    ...multipartOperations,
  ].map((bucket) => ({ wire: readOperationSchema(bucket.schema), bucket })),
];

/** The operation a request means; undefined for one the sandbox doesn't have. */
export function findRoute(request: WireRequest, { Bucket, Key }: { Bucket: string; Key: string }): Route | undefined {
  const isCopy = request.headers["x-amz-copy-source"] !== undefined;
  const asked = [...request.query.keys()];
  return routes.find(
    ({ wire }) =>
      wire.method === request.method &&
      (Bucket === "") === (wire.name === "ListBuckets") &&
      (Key !== "") === wire.hasKey &&
      (wire.subresource === "" || asked.includes(wire.subresource)) &&
      wire.requiredParameters.every((parameter) => asked.includes(parameter)) &&
      wire.isCopy === isCopy &&
      // An unknown subresource must never fall through to the operation without one: that would be DeleteBucket.
      asked.every((parameter) => wire.parameters.has(parameter)),
  );
}
