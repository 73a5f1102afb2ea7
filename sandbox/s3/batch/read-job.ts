import { ServiceError } from "../../errors.ts";
import { malformedXml, readXml } from "../wire.ts";
import type { JobSpec, ManifestField, ManifestSource, ObjectFilter } from "./jobs.ts";

type Element = Readonly<Record<string, unknown>>;

const FIELDS: readonly string[] = ["Bucket", "Key", "VersionId", "Ignore"] satisfies ManifestField[];
const KNOWN = {
  request: [
    ...["ConfirmationRequired", "Operation", "Report", "ClientRequestToken", "Manifest", "Description", "Priority"],
    ...["RoleArn", "Tags", "ManifestGenerator"],
  ],
  operation: ["LambdaInvoke"],
  generator: ["SourceBucket", "EnableManifestOutput", "ExpectedBucketOwner", "Filter"],
  filter: [
    ...["KeyNameConstraint", "CreatedAfter", "CreatedBefore", "MatchAnyStorageClass"],
    ...["ObjectSizeGreaterThanBytes", "ObjectSizeLessThanBytes"],
  ],
} as const;

/**
 * The body of CreateJob (S3 Control API reference). Throws MalformedXML, InvalidRequest for what S3 refuses, and NotImplemented for
 * operations other than LambdaInvoke, inventories as manifests and manifests that are to be kept.
 */
export function readJob(body: Buffer): JobSpec {
  const request = readDocument(body);
  only(request, KNOWN.request, "CreateJob");
  const operation = element(request.Operation);
  only(operation, KNOWN.operation, "Operation");
  const invoke = element(operation.LambdaInvoke);
  const schemaVersion = text(invoke.InvocationSchemaVersion) ?? "1.0";
  if (schemaVersion !== "1.0" && schemaVersion !== "2.0") throw invalid("Invalid InvocationSchemaVersion");
  const userArguments = readMap(invoke.UserArguments);
  if (userArguments && schemaVersion === "1.0") {
    throw invalid("UserArguments are supported with InvocationSchemaVersion 2.0 only");
  }
  return {
    token: required(request, "ClientRequestToken"),
    // The API reference leaves the default open; the console's and the command line's is to ask.
    needsConfirmation: text(request.ConfirmationRequired) !== "false",
    description: text(request.Description),
    priority: readPriority(request.Priority),
    roleArn: readRole(request),
    functionArn: required(invoke, "FunctionArn"),
    schemaVersion,
    userArguments,
    manifest: readManifest(request),
    report: readReport(element(request.Report)),
    tags: listOf(request.Tags).map((tag) => ({
      Key: required(element(tag), "Key"),
      Value: text(element(tag).Value) ?? "",
    })),
  };
}

/** A priority as CreateJob and UpdateJobPriority take it. Throws InvalidRequest. */
export function readPriority(value: unknown): number {
  const priority = Number(value ?? Number.NaN);
  if (Number.isInteger(priority) && priority >= 0 && priority <= 2 ** 31 - 1) return priority;
  throw invalid("Priority has to be an integer between 0 and 2147483647");
}

function readRole(request: Element): string {
  const role = required(request, "RoleArn");
  if (/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(role)) return role;
  throw invalid("Invalid role ARN");
}

function readManifest(request: Element): ManifestSource {
  const { Manifest, ManifestGenerator } = request;
  if ((Manifest === undefined) === (ManifestGenerator === undefined)) {
    throw invalid("Exactly one of Manifest and ManifestGenerator has to be given");
  }
  if (Manifest === undefined) {
    const generator = element(element(ManifestGenerator).S3JobManifestGenerator);
    only(generator, KNOWN.generator, "S3JobManifestGenerator");
    if (text(generator.EnableManifestOutput) === "true") throw notImplemented("EnableManifestOutput");
    const { bucket } = readArn(required(generator, "SourceBucket"));
    return { kind: "generated", bucket, filter: readFilter(element(generator.Filter)) };
  }
  const { Spec, Location } = element(Manifest);
  const format = required(element(Spec), "Format");
  if (format !== "S3BatchOperations_CSV_20180820") throw notImplemented(`manifests of format ${format}`);
  const fields = listOf(element(Spec).Fields).map(String);
  if (!fields.includes("Bucket") || !fields.includes("Key") || fields.some((field) => !FIELDS.includes(field))) {
    throw invalid("Fields of the manifest have to be Bucket, Key, and at most VersionId and Ignore besides");
  }
  const { bucket, key } = readArn(required(element(Location), "ObjectArn"));
  return {
    kind: "csv",
    fields: fields as ManifestField[],
    bucket,
    key,
    versionId: text(element(Location).ObjectVersionId),
    etag: required(element(Location), "ETag").replaceAll('"', ""),
  };
}

function readFilter(filter: Element): ObjectFilter {
  only(filter, KNOWN.filter, "Filter");
  const names = element(filter.KeyNameConstraint);
  const number = (value: unknown) => (text(value) === undefined ? undefined : Number(value));
  const time = (value: unknown) => (text(value) === undefined ? undefined : Date.parse(String(value)));
  return {
    prefixes: listOf(names.MatchAnyPrefix).map(String),
    suffixes: listOf(names.MatchAnySuffix).map(String),
    substrings: listOf(names.MatchAnySubstring).map(String),
    storageClasses: listOf(filter.MatchAnyStorageClass).map(String),
    createdAfter: time(filter.CreatedAfter),
    createdBefore: time(filter.CreatedBefore),
    minBytesExclusive: number(filter.ObjectSizeGreaterThanBytes),
    maxBytesExclusive: number(filter.ObjectSizeLessThanBytes),
  };
}

function readReport(report: Element): JobSpec["report"] {
  if (text(report.Enabled) !== "true") return undefined;
  const { bucket } = readArn(required(report, "Bucket"));
  return { bucket, prefix: text(report.Prefix) ?? "", failedOnly: text(report.ReportScope) === "FailedTasksOnly" };
}

function readArn(arn: string): { bucket: string; key: string } {
  const [, bucket, key = ""] = /^arn:aws[a-z-]*:s3:::([^/]+)(?:\/(.+))?$/s.exec(arn) ?? [];
  if (bucket === undefined) throw invalid(`Invalid ARN: ${arn}`);
  return { bucket, key };
}

function readDocument(body: Buffer): Element {
  try {
    return element(readXml(body));
  } catch {
    throw malformedXml();
  }
}

function element(value: unknown): Element {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Element) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Elements called `member`, of which one alone is no list in XML. */
function listOf(value: unknown): readonly unknown[] {
  const { member = [] } = element(value);
  return Array.isArray(member) ? member : [member];
}

function readMap(value: unknown): Record<string, string> | undefined {
  const { entry } = element(value);
  if (entry === undefined) return undefined;
  const entries = Array.isArray(entry) ? entry : [entry];
  return Object.fromEntries(entries.map((each) => [required(element(each), "key"), text(element(each).value) ?? ""]));
}

function required(from: Element, name: string): string {
  const value = text(from[name]);
  if (value === undefined) throw invalid(`${name} is missing`);
  return value;
}

function only(from: Element, known: readonly string[], place: string): void {
  const unknown = Object.keys(from).find((name) => !known.includes(name) && name !== "xmlns");
  if (unknown !== undefined) throw notImplemented(`${unknown} of ${place}`);
}

function invalid(message: string): ServiceError {
  return new ServiceError("InvalidRequest", message, 400);
}

function notImplemented(what: string): ServiceError {
  return new ServiceError("NotImplemented", `The sandbox does not implement ${what}`, 501);
}
