import type { Readable } from "node:stream";
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { type AwsFailure, requestIdOf, sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import type { ObjectHeaders } from "../classification/known-object.ts";
import { CordonError } from "../errors.ts";
import { shownArn } from "../shown.ts";
import { placeOfObject } from "../signals/s3-bucket-ref.ts";
import type { Clock, Receipt, ResourceRef } from "../types.ts";
import type { Reading, ResourcePort } from "./port.ts";
import { remembered } from "./remember.ts";
import type { S3Buckets } from "./s3-buckets.ts";
import { BUCKET_TAGS_CACHE_MS, type Closed, type ObjectTags, type OpenedObject, type S3Objects } from "./s3-objects.ts";

/** S3 objects by the AWS SDK. Every call names the expected owner, and the version where there is one. */
export function s3ObjectsOnAws(clients: AwsClients, clock: Clock, readTags: S3Buckets["readTags"]): S3Objects {
  return {
    tagging: new ObjectTagging(clients, clock),
    bucketTags: remembered(readTags, { clock, ms: BUCKET_TAGS_CACHE_MS, isKept: (tags) => !("unreadable" in tags) }),
    readHeaders: (object) => readHeaders(clients, object),
    open: (object, firstBytes) => openObject(clients, object, firstBytes),
  };
}

function addressed(object: ResourceRef) {
  const { bucket, key } = placeOfObject(object);
  return {
    Bucket: bucket.name,
    Key: key,
    ExpectedBucketOwner: bucket.account,
    ...(object.version !== undefined && { VersionId: object.version }),
  };
}

/** The object, or that version of it, is not there (any more). A delete marker answers 405, and 404 to a read of what is current. */
const GONE = new Set(["NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NotFound", "MethodNotAllowed"]);

const isGone = ({ code }: AwsFailure) => GONE.has(code);

const deniedInWords = ({ kind, code }: AwsFailure) => (kind === "denied" ? `Cordon may not read them (${code})` : code);

class ObjectTagging implements ResourcePort<ObjectTags> {
  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel */
  readonly isConsistent = true;
  readonly #clients: AwsClients;
  readonly #clock: Clock;

  constructor(clients: AwsClients, clock: Clock) {
    this.#clients = clients;
    this.#clock = clock;
  }

  operation(): string {
    return "PutObjectTagging";
  }

  /** GetObjectTagging. */
  async read(object: ResourceRef): Promise<Reading<ObjectTags>> {
    const client = await this.#clients.s3(object);
    try {
      const { TagSet = [], VersionId } = await client.send(new GetObjectTaggingCommand(addressed(object)));
      return {
        kind: "present",
        state: { TagSet: TagSet.map(({ Key = "", Value = "" }) => ({ Key, Value })) },
        ...(VersionId !== undefined && { version: VersionId }),
      };
    } catch (error) {
      const failure = sortAwsError(error);
      if (failure.kind === "unavailable") throw unavailable("GetObjectTagging", error);
      return isGone(failure)
        ? { kind: "absent", reason: `${shownArn(object)} does not exist` }
        : { kind: "unreadable", reason: `the object's tags can't be read: ${deniedInWords(failure)}` };
    }
  }

  /** PutObjectTagging: all of the tags, for S3 has no call that sets one. */
  async write(object: ResourceRef, { TagSet }: ObjectTags): Promise<Receipt> {
    const operation = this.operation();
    const client = await this.#clients.s3Writer(object);
    const at = () => new Date(this.#clock.nowMs()).toISOString();
    try {
      const answer = await client.send(
        new PutObjectTaggingCommand({ ...addressed(object), Tagging: { TagSet: [...TagSet] } }),
      );
      return { operation, requestId: answer.$metadata.requestId ?? "", at: at(), outcome: "accepted" };
    } catch (error) {
      const failure = sortAwsError(error);
      if (failure.kind === "unavailable") throw unavailable(operation, error);
      return { operation, requestId: requestIdOf(error), at: at(), outcome: "refused", error: failure.code };
    }
  }
}

/** HeadObject. S3 tells nothing more than the status of what it refuses. */
async function readHeaders(clients: AwsClients, object: ResourceRef): Promise<ObjectHeaders | Closed> {
  const client = await clients.s3(object);
  try {
    return headersOf(await client.send(new HeadObjectCommand(addressed(object))));
  } catch (error) {
    return closedBy("HeadObject", error);
  }
}

async function openObject(
  clients: AwsClients,
  object: ResourceRef,
  firstBytes: number,
): Promise<OpenedObject | Closed> {
  const client = await clients.s3(object);
  const where = addressed(object);
  let head: GetObjectCommandOutput;
  try {
    head = await client.send(new GetObjectCommand({ ...where, Range: `bytes=0-${firstBytes - 1}` }));
  } catch (error) {
    // Of nothing no first byte can be read.
    if (sortAwsError(error).code !== "InvalidRange") return closedBy("GetObject", error);
    const headers = await readHeaders(clients, object);
    const bytes = { size: 0, read: () => chunksOf(undefined) };
    return "unreadable" in headers ? headers : { headers, etag: "", bytes, close: () => {} };
  }
  const etag = head.ETag ?? "";
  const size = Number(/\/(\d+)$/.exec(head.ContentRange ?? "")?.[1] ?? head.ContentLength ?? 0);
  let first: GetObjectCommandOutput | undefined = head;
  const openedBytes = Math.min(size, firstBytes);
  /** What was opened comes from the answer that is there already, as far as it reaches, and only what lies behind it by another call. */
  async function* read(from: number, to: number): AsyncIterable<Uint8Array> {
    let at = from;
    if (first !== undefined && from === 0 && to > 0) {
      const opened = chunksOf(first);
      first = undefined;
      at = Math.min(to, openedBytes);
      yield* at === openedBytes ? opened : bounded(opened, at);
    }
    if (to <= at) return;
    try {
      const more = await client.send(
        new GetObjectCommand({ ...where, Range: `bytes=${at}-${to - 1}`, ...(etag !== "" && { IfMatch: etag }) }),
      );
      yield* chunksOf(more);
    } catch (error) {
      if (error instanceof CordonError) throw error;
      // Its words may name the object. Refused for good, it is told so at the next delivery.
      const { code } = sortAwsError(error);
      throw new CordonError("unavailable", `AWS gave no usable answer to GetObject: ${code}`);
    }
  }
  const close = () => {
    const body = first?.Body as Readable | undefined;
    first = undefined;
    body?.destroy();
  };
  return {
    headers: headersOf(head),
    ...(head.ContentEncoding !== undefined && { contentEncoding: head.ContentEncoding }),
    etag,
    bytes: { size, read },
    close,
  };
}

async function* chunksOf(answer: GetObjectCommandOutput | undefined): AsyncIterable<Uint8Array> {
  if (answer?.Body === undefined) return;
  try {
    yield* answer.Body as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unavailable("GetObject", error);
  }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncIterable<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    yield chunk.length <= left ? chunk : chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

function headersOf({
  ContentType,
  Metadata = {},
}: Pick<GetObjectCommandOutput, "ContentType" | "Metadata">): ObjectHeaders {
  return { ...(ContentType !== undefined && { contentType: ContentType }), metadata: Metadata };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const WHY: Readonly<Record<string, string>> = {
  InvalidObjectState: "it is archived, and nobody has restored it",
  AccessDenied: "Cordon may not read it, or not use its key",
  "KMS.DisabledException": "its key is disabled",
  "KMS.KMSInvalidStateException": "its key can't be used",
  "KMS.NotFoundException": "its key is gone",
};

function closedBy(operation: string, error: unknown): Closed {
  const failure = sortAwsError(error);
  if (failure.kind === "unavailable" || isGone(failure)) throw unavailable(operation, error);
  const isWithCustomersKey =
    failure.code === "InvalidRequest" || (operation === "HeadObject" && failure.code === "400");
  if (isWithCustomersKey) return { unreadable: "it is encrypted with a key that only its owner has (SSE-C)" };
  const unreadable = WHY[failure.code] ?? `S3 refuses it (${failure.code})`;
  return failure.code === "InvalidObjectState" ? { unreadable } : { unreadable, isDenied: true };
}
