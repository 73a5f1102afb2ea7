import type { PutBucketReplication$ } from "@aws-sdk/client-s3";
import { XmlCodec } from "@aws-sdk/core/protocols";
import { NormalizedSchema } from "@smithy/core/schema";
import { ServiceError } from "../errors.ts";
import type { StreamedBody, WireRequest } from "../operation.ts";

/** An operation as the SDK describes it: `[9, namespace, name, traits, input, output]`. */
export type OperationSchema = typeof PutBucketReplication$;

/** An operation's schema, read once. */
export interface OperationWire {
  name: string;
  method: string;
  /** The subresource that names it in the query (`replication`), or empty. */
  subresource: string;
  /** Whether it is about an object. */
  hasKey: boolean;
  /** Every query parameter it knows. */
  parameters: ReadonlySet<string>;
  /** Query parameters it is not itself without: `uploadId`, which makes a put the upload of a part. */
  requiredParameters: readonly string[];
  /** Whether it copies: `x-amz-copy-source` makes any other put another operation. */
  isCopy: boolean;
  /** HTTP status of success. */
  status: number;
  input: NormalizedSchema;
  output: NormalizedSchema;
}

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const ISO_DATE_TIME = 5;
/** Smithy's schema of an untyped document. */
const ANY_DOCUMENT = 15;
const codec = new XmlCodec({
  timestampFormat: { useTrait: true, default: ISO_DATE_TIME },
  httpBindings: true,
  xmlNamespace: NAMESPACE,
  serviceNamespace: "com.amazonaws.s3",
});
const deserializer = codec.createDeserializer();
const serializer = codec.createSerializer();

/** Read what routing, parsing and writing need from an SDK schema. */
export function readOperationSchema(schema: OperationSchema): OperationWire {
  const [, , name, traits, input, output] = schema;
  const http = typeof traits === "object" ? traits.http : undefined;
  if (!http) throw new Error(`The SDK's schema of ${name} has no HTTP binding`);
  const [method, path, status] = http;
  const query = new URL(path, "http://127.0.0.1").searchParams;
  const subresource = [...query.keys()].find((key) => key !== "x-id") ?? "";
  const schemas = { input: NormalizedSchema.of(input), output: NormalizedSchema.of(output) };
  const members = [...schemas.input.structIterator()].map(([, member]) => member.getMergedTraits());
  const parameters = new Set(["x-id", subresource, ...members.map(({ httpQuery = "" }) => httpQuery)]);
  return {
    name,
    method,
    subresource,
    hasKey: path.includes("{Key+}"),
    parameters,
    requiredParameters: members.slice(0, countRequired(schemas.input)).flatMap(({ httpQuery = [] }) => httpQuery),
    isCopy: members.some(({ httpHeader }) => httpHeader === "x-amz-copy-source"),
    status,
    ...schemas,
  };
}

/** A structure's required members come first; how many there are is the schema's last element, if any are. */
function countRequired(input: NormalizedSchema): number {
  const [, , , , , , required] = input.getSchema() as readonly unknown[];
  return typeof required === "number" ? required : 0;
}

/** The operation's input as the SDK's caller wrote it, but for an object's body, which stays as sent. Throws MalformedXML. */
export function readInput(
  wire: OperationWire,
  request: WireRequest,
  labels: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, member] of wire.input.structIterator()) {
    const value = readMember(name, member, request, labels);
    if (value === undefined || value === "") continue;
    input[name] = member.isBooleanSchema()
      ? value === "true"
      : member.isNumericSchema()
        ? Number(value)
        : member.isTimestampSchema()
          ? new Date(String(value))
          : value;
  }
  return input;
}

function readMember(
  name: string,
  member: NormalizedSchema,
  { headers, query, body }: WireRequest,
  labels: Readonly<Record<string, string>>,
): unknown {
  const traits = member.getMergedTraits();
  if (traits.httpLabel) return labels[name];
  if (traits.httpHeader) return headers[traits.httpHeader.toLowerCase()];
  if (traits.httpQuery) return query.get(traits.httpQuery) ?? undefined;
  if (traits.httpPrefixHeaders) return readPrefixed(headers, traits.httpPrefixHeaders.toLowerCase());
  if (traits.httpPayload) {
    if (member.isBlobSchema()) return body;
    return member.isStringSchema() ? body.toString("utf8") : readPayload(member, body);
  }
  return undefined;
}

function readPrefixed(headers: Record<string, string>, prefix: string): Record<string, string> | undefined {
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

function readPayload(member: NormalizedSchema, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return deserializer.read(member, body);
  } catch {
    throw malformedXml();
  }
}

/** The response for `output`: what the schema binds to headers, and a document or an object's bytes where it has them. */
export function writeOutput(
  wire: OperationWire,
  output: Record<string, unknown> | undefined,
): { headers: Record<string, string>; body: string | Buffer | StreamedBody } {
  if (output === undefined || !wire.output.isStructSchema()) return { headers: {}, body: "" };
  const headers: Record<string, string> = {};
  let payload: [string, NormalizedSchema] | undefined;
  let hasDocument = false;
  for (const [name, member] of wire.output.structIterator()) {
    const { httpHeader, httpPrefixHeaders, httpPayload } = member.getMergedTraits();
    const value = output[name];
    if (httpPayload) payload = [name, member];
    else if (!httpHeader && !httpPrefixHeaders) hasDocument = true;
    else if (value !== undefined && httpHeader) headers[httpHeader.toLowerCase()] = writeHeader(member, value);
    else if (value !== undefined) {
      for (const [key, text] of Object.entries(Object(value))) headers[`${httpPrefixHeaders}${key}`] = String(text);
    }
  }
  if (payload?.[1].isBlobSchema())
    return { headers, body: (output[payload[0]] as Buffer | StreamedBody | undefined) ?? "" };
  if (!payload && !hasDocument) return { headers, body: "" };
  if (payload) serializer.write(payload[1], output[payload[0]]);
  else serializer.write(wire.output, output);
  return { headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${serializer.flush()}` };
}

function writeHeader(member: NormalizedSchema, value: unknown): string {
  if (!(value instanceof Date)) return String(value);
  return member.getSchema() === ISO_DATE_TIME || member.getMergedTraits().timestampFormat === "date-time"
    ? value.toISOString()
    : value.toUTCString();
}

/** A body as CloudTrail's converter sees it: element names, one child an object, several an array, text as text. */
export function readXml(body: Buffer): unknown {
  return deserializer.read(ANY_DOCUMENT, body);
}

/** S3's answer to XML that does not fit the schema. */
export function malformedXml(): ServiceError {
  return new ServiceError(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
    400,
  );
}

/** Text made fit for an XML element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The answer to a request, or a member of it, that the sandbox doesn't have. */
export function notImplemented(request: WireRequest, member?: string): ServiceError {
  const target = `${request.method} ${request.path}${request.query.size > 0 ? `?${request.query}` : ""}`;
  const part = member ? `${member} of ` : "";
  return new ServiceError("NotImplemented", `The sandbox does not implement ${part}this request: ${target}`, 501);
}
