import type { Permission } from "../operation.ts";
import type { Registry } from "../stack/registry.ts";
import type { AccessRequest } from "./decide.ts";
import { listOf, type OneOrMore, type PolicyDocument } from "./policy.ts";

type ResourcePolicy = AccessRequest["resourcePolicy"];

/** Trusts everybody: what a role or key stands for that nobody has configured. */
const OPEN: PolicyDocument = { Statement: { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" } };

/** The policy of what a permission is about: a bucket's, a key's, a queue's, a topic's, a function's for who invokes it, or a role's trust. Undefined for everything else. */
export function resourcePolicyOf(registry: Registry, { action, resource, account }: Permission): ResourcePolicy {
  if (action === "sts:AssumeRole" || action === "sts:SetSourceIdentity") return trustOf(registry, resource, account);
  if (resource.startsWith("arn:aws:s3:::")) return bucketPolicy(registry, resource);
  if (action.startsWith("kms:")) return keyPolicy(registry, resource);
  if (action.startsWith("sqs:")) return queuePolicy(registry, resource);
  if (action.startsWith("sns:")) return topicPolicy(registry, resource);
  if (action.startsWith("lambda:InvokeFunction")) return functionPolicy(registry, resource);
  return undefined;
}

/** A role that is not there trusts nobody; but an account nobody has given a role has every role one asks for. */
function trustOf(registry: Registry, roleArn: string, account: string): ResourcePolicy {
  const roles = registry.list("AWS::IAM::Role", { account });
  if (roles.length === 0) return { documents: [OPEN], isRequired: true };
  const trust = roles.find(({ arn }) => arn === roleArn)?.properties.AssumeRolePolicyDocument;
  return { documents: trust === undefined ? [] : [trust as PolicyDocument], isRequired: true };
}

function bucketPolicy(registry: Registry, arn: string): ResourcePolicy {
  const [bucket] = arn.slice("arn:aws:s3:::".length).split("/");
  const documents = registry
    .list("AWS::S3::BucketPolicy")
    .filter(({ properties }) => properties.Bucket === bucket)
    .map(({ properties }) => properties.PolicyDocument as PolicyDocument);
  return { documents, isRequired: false };
}

/** Without a policy of its own a key leaves it to its account's policies, as KMS's default key policy does. */
function keyPolicy(registry: Registry, keyArn: string): ResourcePolicy {
  const key = registry.list("AWS::KMS::Key").find(({ arn }) => arn === keyArn);
  return key?.properties.KeyPolicy === undefined
    ? undefined
    : { documents: [key.properties.KeyPolicy as PolicyDocument], isRequired: true };
}

function queuePolicy(registry: Registry, arn: string): ResourcePolicy {
  const queue = registry.list("AWS::SQS::Queue").find((each) => each.arn === arn);
  const documents = registry
    .list("AWS::SQS::QueuePolicy")
    .filter(({ properties }) => listOf(properties.Queues as OneOrMore).includes(queue?.identifier ?? ""))
    .map(({ properties }) => properties.PolicyDocument as PolicyDocument);
  return { documents, isRequired: false };
}

function topicPolicy(registry: Registry, arn: string): ResourcePolicy {
  const documents = registry
    .list("AWS::SNS::TopicPolicy")
    .filter(({ properties }) => listOf(properties.Topics as OneOrMore).includes(arn))
    .map(({ properties }) => properties.PolicyDocument as PolicyDocument);
  return { documents, isRequired: false };
}

/** Its AWS::Lambda::Permission resources that name accounts and people; those for services are looked at where services call. */
function functionPolicy(registry: Registry, arn: string): ResourcePolicy {
  const [, , , region = "", account = "", , name = ""] = arn.split(":");
  const Statement = registry
    .list("AWS::Lambda::Permission", { account, region })
    .filter(({ properties }) => [name, arn].includes(String(properties.FunctionName)))
    .map(({ properties }) => properties as Readonly<Record<string, string | undefined>>)
    .filter(({ Principal = "" }) => !Principal.endsWith(".amazonaws.com"))
    .map(({ Principal = "", Action = "", FunctionUrlAuthType, InvokedViaFunctionUrl, PrincipalOrgID }) => ({
      Effect: "Allow",
      Principal: { AWS: Principal },
      Action,
      Resource: arn,
      Condition: {
        StringEquals: {
          ...(FunctionUrlAuthType !== undefined && { "lambda:FunctionUrlAuthType": FunctionUrlAuthType }),
          ...(PrincipalOrgID !== undefined && { "aws:PrincipalOrgID": PrincipalOrgID }),
        },
        Bool: {
          ...(InvokedViaFunctionUrl !== undefined && { "lambda:InvokedViaFunctionUrl": String(InvokedViaFunctionUrl) }),
        },
      },
    }));
  return { documents: [{ Statement }], isRequired: false };
}
