import type { ResourceRef } from "../types.ts";
import { asList, asObject, asText, type Json } from "./shapes.ts";

/**
 * By the service that was called: which types its calls are about, and where a record names them. A value may be a name, an ARN, a URL, or a list of them.
 */
const NAMED_BY: Readonly<Record<string, { readonly types: readonly string[]; readonly members: readonly string[] }>> = {
  "events.amazonaws.com": {
    types: ["AWS::Events::Rule", "AWS::Events::EventBus"],
    members: ["name", "rule", "eventBusName"],
  },
  "lambda.amazonaws.com": { types: ["AWS::Lambda::Function"], members: ["functionName", "functionArn"] },
  "sqs.amazonaws.com": { types: ["AWS::SQS::Queue"], members: ["queueUrl", "queueName"] },
  "dynamodb.amazonaws.com": { types: ["AWS::DynamoDB::Table"], members: ["tableName", "resourceArn"] },
  "kms.amazonaws.com": { types: ["AWS::KMS::Key"], members: ["keyId", "aliasName", "targetKeyId"] },
  "s3.amazonaws.com": { types: ["AWS::S3::Bucket"], members: ["bucketName"] },
  "iam.amazonaws.com": { types: ["AWS::IAM::Role"], members: ["roleName"] },
  "monitoring.amazonaws.com": { types: ["AWS::CloudWatch::Alarm"], members: ["alarmName", "alarmNames"] },
  "sns.amazonaws.com": { types: ["AWS::SNS::Topic"], members: ["topicArn"] },
  "logs.amazonaws.com": { types: ["AWS::Logs::LogGroup"], members: ["logGroupName", "logGroupIdentifier"] },
};

/** Types whose calls don't name them by anything that is known beforehand: any such call in the account leads to a look. */
const ANY_CALL: readonly string[] = ["AWS::KMS::Key"];

/**
 * Which of Cordon's own resources a CloudTrail record is about; none for other accounts' and other people's. A record that names nothing, as 12 % do, may be about
 * any of its service's: live state decides. IAM's records come from one Region and are about all of them. Pure.
 *
 * @param envelope the EventBridge event around it, for the account and Region where the record lacks them
 */
export function findOwnResources(
  record: Json,
  envelope: Json | undefined,
  own: readonly ResourceRef[],
): readonly ResourceRef[] {
  const source = asText(record.eventSource) ?? "";
  const named = Object.hasOwn(NAMED_BY, source) ? NAMED_BY[source] : undefined;
  if (named === undefined) return [];
  const account = asText(record.recipientAccountId) ?? asText(envelope?.account);
  const region = asText(record.awsRegion) ?? asText(envelope?.region);
  const candidates = own.filter(
    (ref) =>
      named.types.includes(ref.type) &&
      ref.account === account &&
      (ref.region === region || ref.type === "AWS::IAM::Role"),
  );
  const names = namesIn(record, named.members);
  if (names.length === 0) return candidates;
  return candidates.filter((ref) => ANY_CALL.includes(ref.type) || names.some((name) => isNamed(ref, name)));
}

/** What a record names: in the request, in the answer, or in the list of resources. */
function namesIn(record: Json, members: readonly string[]): readonly string[] {
  const [request, answer] = [asObject(record.requestParameters), asObject(record.responseElements)];
  const told = members.flatMap((member) => [request?.[member], answer?.[member]].flatMap(textsIn));
  return told.length > 0 ? told : asList(record.resources).flatMap((each) => textsIn(asObject(each)?.ARN));
}

function textsIn(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((each) => asText(each) ?? []);
}

/** By its name, its ARN (also with a version behind it), or the end of a URL. */
function isNamed({ name, arn, type }: ResourceRef, told: string): boolean {
  if (told === name || told === arn || told.startsWith(`${arn}:`)) return true;
  if (type === "AWS::SQS::Queue") return told.endsWith(`/${name}`);
  if (type === "AWS::Lambda::Function") return told.split(":").includes(name);
  return false;
}
