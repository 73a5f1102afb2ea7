import type { PutBucketReplication$ } from "@aws-sdk/client-s3";
import { XmlCodec } from "@aws-sdk/core/protocols";
import { NormalizedSchema } from "@smithy/core/schema";
import { ServiceError } from "../errors.ts";
import type { WireRequest } from "../operation.ts";

/** An operation as the SDK describes it: `[9, namespace, name, traits, input, output]`. */
export type OperationSchema = typeof PutBucketReplication$;

/** An operation's schema, read once. */
export interface OperationWire {
  name: string;
  method: string;
  /** The subresource that names it in the query (`replication`), or empty. */
  subresource: string;
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
  return { name, method, subresource, status, input: NormalizedSchema.of(input), output: NormalizedSchema.of(output) };
}

/** The operation's input as the SDK's caller wrote it. Throws MalformedXML and MissingRequestBodyError. */
export function readInput(wire: OperationWire, request: WireRequest, bucket: string): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, member] of wire.input.structIterator()) {
    const traits = member.getMergedTraits();
    const value = traits.httpLabel
      ? bucket
      : traits.httpHeader
        ? request.headers[traits.httpHeader.toLowerCase()]
        : traits.httpQuery
          ? (request.query.get(traits.httpQuery) ?? undefined)
          : traits.httpPayload
            ? readPayload(member, request.body)
            : undefined;
    if (value === undefined || value === "") continue;
    input[name] = member.isBooleanSchema() ? value === "true" : member.isNumericSchema() ? Number(value) : value;
  }
  return input;
}

function readPayload(member: NormalizedSchema, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return deserializer.read(member, body);
  } catch {
    throw malformedXml();
  }
}

/** The response document for `output`, empty when the operation answers without one. */
export function writeOutput(wire: OperationWire, output: Record<string, unknown> | undefined): string {
  if (output === undefined || !wire.output.isStructSchema()) return "";
  const members = [...wire.output.structIterator()];
  const payload = members.find(([, member]) => member.getMergedTraits().httpPayload);
  if (payload) serializer.write(payload[1], output[payload[0]]);
  else serializer.write(wire.output, output);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serializer.flush()}`;
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
