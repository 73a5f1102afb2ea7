import type { Tag } from "@aws-sdk/client-s3";
import type { CallContext, Operation, WireRequest } from "../operation.ts";
import { changeBucket, findBucket, readBucket, type S3State } from "./state.ts";
import { mergeTags } from "./tags.ts";
import { describeControlTrail } from "./trail.ts";
import { escapeXml, malformedXml, readXml } from "./wire.ts";

const PATH = "/v20180820/tags/";
const NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/";

/**
 * TagResource, UntagResource and ListTagsForResource of S3 Control, for general purpose buckets: the only way to tag a
 * bucket with ABAC, and a possible one without. Undefined for other paths and methods. No SDK schema stands behind this:
 * the client is not a dependency, the wire form is from its API reference.
 */
export function parseControlOperation(state: S3State, request: WireRequest): Operation | undefined {
  if (!request.path.startsWith(PATH)) return undefined;
  const resourceArn = decodeURIComponent(request.path.slice(PATH.length));
  const [, bucketName] = /^arn:aws[a-z-]*:s3:::([^/:]+)$/.exec(resourceArn) ?? [];
  if (bucketName === undefined) return undefined;
  const find = (context: CallContext) =>
    findBucket(state, bucketName, request.headers["x-amz-account-id"], context, false);
  const permissionFor = (action: string) => (context: CallContext) => [
    { action, resource: resourceArn, account: find(context).account },
  ];
  const shared = {
    resource: bucketName,
    locate: (context: CallContext) => {
      find(context);
    },
  };
  const base = { AccountId: request.headers["x-amz-account-id"], ResourceArn: resourceArn };

  if (request.method === "POST") {
    const tags = readTags(request.body);
    return {
      ...shared,
      name: "TagResource",
      input: { ...base, Tags: tags },
      actions: ["s3:TagResource"],
      permissions: permissionFor("s3:TagResource"),
      mutating: true,
      trail: (context) => describeControlTrail(state, bucketName, { resourceArn, tags }, context),
      execute(context) {
        const bucket = find(context);
        changeBucket(bucket, "tags", mergeTags(bucket.tags, tags));
        return { status: 204, headers: {}, body: "" };
      },
    };
  }
  if (request.method === "DELETE") {
    const keys = request.query.getAll("tagKeys");
    return {
      ...shared,
      name: "UntagResource",
      input: { ...base, TagKeys: keys },
      actions: ["s3:UntagResource"],
      permissions: permissionFor("s3:UntagResource"),
      mutating: true,
      trail: (context) => describeControlTrail(state, bucketName, { resourceArn, tagKeys: keys }, context),
      execute(context) {
        const bucket = find(context);
        changeBucket(
          bucket,
          "tags",
          bucket.tags.filter((tag) => !keys.includes(tag.Key ?? "")),
        );
        return { status: 204, headers: {}, body: "" };
      },
    };
  }
  if (request.method !== "GET") return undefined;
  return {
    ...shared,
    name: "ListTagsForResource",
    input: base,
    actions: ["s3:ListTagsForResource"],
    permissions: permissionFor("s3:ListTagsForResource"),
    mutating: false,
    execute(context) {
      const tags = readBucket(state, find(context), "tags", "ListTagsForResource");
      return { status: 200, headers: { "content-type": "application/xml" }, body: writeTags(tags) };
    },
  };
}

function readTags(body: Buffer): Tag[] {
  let document: unknown;
  try {
    document = readXml(body);
  } catch {
    throw malformedXml();
  }
  const tags = isRecord(document) && isRecord(document.Tags) ? document.Tags.Tag : undefined;
  const list: unknown[] = Array.isArray(tags) ? tags : tags === undefined ? [] : [tags];
  if (list.length === 0) throw malformedXml();
  return list.map((tag) => {
    if (!isRecord(tag) || typeof tag.Key !== "string") throw malformedXml();
    return { Key: tag.Key, Value: String(tag.Value ?? "") };
  });
}

function writeTags(tags: readonly Tag[]): string {
  const items = tags.map(
    ({ Key = "", Value = "" }) => `<Tag><Key>${escapeXml(Key)}</Key><Value>${escapeXml(Value)}</Value></Tag>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListTagsForResourceResult xmlns="${NAMESPACE}"><Tags>${items.join("")}</Tags></ListTagsForResourceResult>`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
