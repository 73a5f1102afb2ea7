import { currentVersion, findVersion, type ObjectVersion } from "../objects.ts";
import type { Bucket, S3State } from "../state.ts";
import { checkReadable } from "../storage-classes.ts";
import type { ManifestField, ManifestSource, ObjectFilter, Task } from "./jobs.ts";

/** A list of objects, or why there is none. The codes are the sandbox's guesses. */
export type ManifestResult =
  | { ok: true; tasks: readonly Omit<Task, "id">[] }
  | { ok: false; code: string; reason: string };

/** Read the objects a job is about. What a file says of keys is URL-encoded and stays so. */
export function readManifest(state: S3State, source: ManifestSource, at: number): ManifestResult {
  const bucket = state.buckets.get(source.bucket);
  if (!bucket) return refused("NoSuchBucket", `The bucket ${source.bucket} does not exist`);
  if (source.kind === "generated") return { ok: true, tasks: listTasks(bucket, source.filter) };
  const { key, versionId, etag, fields } = source;
  const version = versionId === undefined ? currentVersion(bucket, key) : findVersion(bucket, key, versionId);
  if (!version || version.isDeleteMarker) return refused("ManifestNotFound", `The manifest ${key} does not exist`);
  if (version.etag !== etag) return refused("ManifestETagMismatch", `The ETag of ${key} is another than was given`);
  try {
    checkReadable(version, at);
  } catch {
    return refused("ManifestNotReadable", `The manifest ${key} is archived`);
  }
  return readTasks(Buffer.from(version.content.read(0, version.content.sizeBytes)).toString("utf8"), fields);
}

function readTasks(csv: string, fields: readonly ManifestField[]): ManifestResult {
  const tasks: Omit<Task, "id">[] = [];
  for (const [index, row] of parseCsv(csv).entries()) {
    const value = (field: ManifestField) => row[fields.indexOf(field)];
    const [bucket, encodedKey] = [value("Bucket"), value("Key")];
    if (row.length !== fields.length || !bucket || !encodedKey) {
      return refused("InvalidManifestContent", `Line ${index + 1} of the manifest has not ${fields.length} fields`);
    }
    if (bucket !== (tasks[0]?.bucket ?? bucket)) {
      return refused("InvalidManifestContent", "The manifest names more than one bucket");
    }
    tasks.push({ bucket, encodedKey, versionId: value("VersionId") || undefined, attempts: 0, outcome: undefined });
  }
  return { ok: true, tasks };
}

/** Lines of fields, quoted where need be with quotes doubled (RFC 4180). Empty lines are left out. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = "", end = ""] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (row.some((field) => field !== "")) rows.push(row);
    row = [];
  }
  return rows;
}

/** Current versions that are no delete markers, by the order of their keys' bytes. */
export function listCurrent(bucket: Bucket): ObjectVersion[] {
  const keys = [...bucket.objects.versions.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return keys.flatMap((key) => currentVersion(bucket, key) ?? []).filter(({ isDeleteMarker }) => !isDeleteMarker);
}

/** Current versions, with their ids where versioning is on. */
function listTasks(bucket: Bucket, filter: ObjectFilter): Omit<Task, "id">[] {
  return listCurrent(bucket)
    .filter((version) => isWanted(version, filter))
    .map(({ key, versionId }) => ({
      bucket: bucket.name,
      encodedKey: encodeKey(key),
      versionId: bucket.versioning === undefined ? undefined : versionId,
      attempts: 0,
      outcome: undefined,
    }));
}

function isWanted({ key, at, content, storageClass }: ObjectVersion, filter: ObjectFilter): boolean {
  const any = (texts: readonly string[], test: (text: string) => boolean) => texts.length === 0 || texts.some(test);
  const { createdAfter = 0, createdBefore = Number.POSITIVE_INFINITY } = filter;
  const { minBytesExclusive = -1, maxBytesExclusive = Number.POSITIVE_INFINITY } = filter;
  return (
    any(filter.prefixes, (text) => key.startsWith(text)) &&
    any(filter.suffixes, (text) => key.endsWith(text)) &&
    any(filter.substrings, (text) => key.includes(text)) &&
    any(filter.storageClasses, (text) => storageClass === text) &&
    at > createdAfter &&
    at < createdBefore &&
    content.sizeBytes > minBytesExclusive &&
    content.sizeBytes < maxBytesExclusive
  );
}

/** As AWS's samples take it apart again: `+` for a space, slashes as they are. */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/");
}

function refused(code: string, reason: string): ManifestResult {
  return { ok: false, code, reason };
}
