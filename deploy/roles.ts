import type { ControlMeta } from "../shared/control.ts";
import { SECRETS, TOPICS } from "../shared/ticketing/tracker.ts";
import { ARCHIVIST } from "./evidence-store.ts";
import { type FunctionDefinition, functionDefinitions, queueNames } from "./functions.ts";
import { GUARD, guardStatements } from "./guard.ts";
import { arnOf, type Json, logicalId, policy, sub } from "./json.ts";
import type { Stack } from "./stack.ts";

/** The role a function runs in: nothing but what it calls (invariant 12). */
export function role(stack: Stack, definition: FunctionDefinition): Json {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      RoleName: sub(`${stack.name}-${definition.name}-\${AWS::Region}`),
      AssumeRolePolicyDocument: policy([
        { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
      ]),
      Policies: [{ PolicyName: "cordon", PolicyDocument: policy(statements(stack, definition)) }],
    },
  };
}

/** What a function may do: its own log, queue, table and evidence by exact ARN; customers' resources by type, in this account only. */
export function statements(stack: Stack, definition: FunctionDefinition): readonly Json[] {
  return [
    ...runtime(stack, definition),
    ...trigger(definition),
    ...store(definition),
    ...asking(definition),
    ...invoking(stack, definition),
    ...secrets(stack, definition),
    ...trackers(stack, definition),
    ...(definition.name === ARCHIVIST ? evidence(stack) : []),
    ...(definition.name === GUARD ? guardStatements(stack) : []),
    ...customers(stack, definition),
  ];
}

function allow(Sid: string, Action: readonly string[], Resource: unknown, Condition?: Json): Json {
  return { Sid, Effect: "Allow", Action, Resource, ...(Condition !== undefined && { Condition }) };
}

/** What Lambda itself does in the function's name. */
function runtime({ name }: Stack, { name: fn }: FunctionDefinition): readonly Json[] {
  const logGroup = `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${name}-${fn}:log-stream:*`;
  return [
    allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], sub(logGroup)),
    // X-Ray has no resources to name.
    allow("Trace", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
  ];
}

/** What it takes to be called, by Lambda's pollers in the function's name; and, of its queue, to put a message off or aside. */
function trigger(definition: FunctionDefinition): readonly Json[] {
  const { name: fn, trigger: kind, controls } = definition;
  const id = logicalId(fn);
  const queues = queueArns(definition);
  if (queues.length > 0) {
    const poll = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    // A finding that has to wait puts its message off, and so does a ticket.
    const waits = controls.length > 0 || kind === "inboxes";
    const postpone = waits ? ["sqs:ChangeMessageVisibility", "sqs:GetQueueUrl"] : [];
    return [
      allow("TakeEvents", [...poll, ...postpone], queues.length === 1 ? queues[0] : queues),
      allow("RefuseEvents", ["sqs:SendMessage", "sqs:GetQueueUrl"], arnOf("RefusedQueue")),
    ];
  }
  if (kind === "stream") {
    return [
      allow("ReadStream", ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"], {
        "Fn::GetAtt": ["Table", "StreamArn"],
      }),
      // DynamoDB lists the streams of all tables or of none.
      allow("ListStreams", ["dynamodb:ListStreams"], "*"),
      allow("BuryRecords", ["sqs:SendMessage"], arnOf(`${id}DeadQueue`)),
    ];
  }
  return [];
}

/**
 * Items by their partition keys. AWS tells policies of these keys for each of these actions, and asks for an item of a transaction as for one by itself. Of an
 * index's partition keys it says nothing clear: nothing hangs on them.
 */
function store({ table }: FunctionDefinition): readonly Json[] {
  return Object.entries(table).map(([sid, { operations, keys, index }]) =>
    allow(
      sid,
      operations.map((operation) => `dynamodb:${operation}`),
      index === undefined ? arnOf("Table") : { "Fn::Sub": `\${Table.Arn}/index/${index}` },
      keys && { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys } },
    ),
  );
}

function queueArns(definition: FunctionDefinition): readonly Json[] {
  return queueNames(definition).map((queue) => arnOf(`${logicalId(queue)}Queue`));
}

/** Messages into the queues of others, by which they are asked to look. */
function asking({ asks = [] }: FunctionDefinition): readonly Json[] {
  if (asks.length === 0) return [];
  return [
    allow(
      "Ask",
      ["sqs:SendMessage", "sqs:GetQueueUrl"],
      functionDefinitions.filter(({ name }) => asks.includes(name)).flatMap(queueArns),
    ),
  ];
}

function invoking({ name }: Stack, { invokes }: FunctionDefinition): readonly Json[] {
  if (invokes === undefined) return [];
  const arn = `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}-${invokes}`;
  return [allow("Invoke", ["lambda:InvokeFunction"], sub(arn))];
}

/** By its name, which Secrets Manager makes an ARN of with six more letters. */
function secrets({ slackSecret }: Stack, { readsSlackSecret }: FunctionDefinition): readonly Json[] {
  if (readsSlackSecret !== true || slackSecret === undefined) return [];
  const arn = `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${slackSecret}-??????`;
  return [
    allow("ReadSlackSecret", ["secretsmanager:GetSecretValue"], sub(arn)),
    decrypts("DecryptSlackSecret", "secretsmanager", "SecretARN", sub(arn)),
  ];
}

/**
 * What belongs to trackers is known by its name: credentials, and topics. Keys of KMS are used for these only, by what their services say that they encrypt. Findings go to
 * Security Hub in the finding's own account.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html `SecretARN`
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html `PARAMETER_ARN`
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html `aws:sns:topicArn`
 */
function trackers(stack: Stack, { tellsTrackers }: FunctionDefinition): readonly Json[] {
  if (tellsTrackers !== true) return [];
  const own = (service: string, resource: string) =>
    sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`);
  const inHub = (what: string) => sub(`arn:\${AWS::Partition}:securityhub:*:\${AWS::AccountId}:${what}`);
  return [
    allow("ReadTrackerSecrets", ["secretsmanager:GetSecretValue"], own("secretsmanager", `secret:${SECRETS}*`)),
    allow("ReadTrackerParameters", ["ssm:GetParameter"], own("ssm", `parameter/${SECRETS}*`)),
    decrypts("DecryptSecrets", "secretsmanager", "SecretARN", own("secretsmanager", `secret:${SECRETS}*`)),
    decrypts("DecryptParameters", "ssm", "PARAMETER_ARN", own("ssm", `parameter/${SECRETS}*`)),
    ...publishing(stack),
    // Security Hub takes findings of an account from itself, in each Region.
    allow("ImportFindings", ["securityhub:BatchImportFindings"], inHub("product/${AWS::AccountId}/default")),
    allow("UpdateFindings", ["securityhub:BatchUpdateFindings"], inHub("hub/default")),
    ...actInMembers(stack),
  ];
}

/** The customer's own keys, for what a service says that it has encrypted. */
function decrypts(sid: string, service: string, name: string, what: Json): Json {
  return allow(sid, ["kms:Decrypt"], sub(KEY_ARNS), {
    StringLike: { "kms:ViaService": sub(`${service}.\${AWS::Region}.amazonaws.com*`) },
    ArnLike: { [`kms:EncryptionContext:${name}`]: what },
  });
}

/** To topics of the cell's account in any Region, and of accounts that it serves: those have to let it in by their own policy as well. */
function publishing({ accounts, organization }: Stack): readonly Json[] {
  const topicIn = (account: string) => sub(`arn:\${AWS::Partition}:sns:*:${account}:${TOPICS}*`);
  const here = topicIn("${AWS::AccountId}");
  const served =
    organization === undefined ? { "aws:ResourceAccount": accounts } : { "aws:ResourceOrgID": organization };
  const isServing = organization !== undefined || accounts.length > 0;
  return [
    allow("Publish", ["sns:Publish"], here),
    ...(isServing ? [allow("PublishElsewhere", ["sns:Publish"], topicIn("*"), { StringEquals: served })] : []),
    // A topic may be encrypted.
    allow("EncryptTopics", ["kms:GenerateDataKey", "kms:Decrypt"], sub(KEY_ARNS), {
      StringLike: { "kms:ViaService": "sns.*.amazonaws.com*" },
      ArnLike: { "kms:EncryptionContext:aws:sns:topicArn": here },
    }),
  ];
}

/** It writes entries, and reads back what another archivist wrote first. */
function evidence({ name }: Stack): readonly Json[] {
  const archivist = sub(
    `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}-${ARCHIVIST}`,
  );
  // The function in this role, and no other that somebody has given it to.
  const asItself = { ArnEquals: { "lambda:SourceFunctionArn": archivist } };
  return [
    allow("Archive", ["s3:PutObject", "s3:GetObject"], { "Fn::Sub": "${EvidenceBucket.Arn}/*" }, asItself),
    // Who may not list is refused what isn't there, and can't tell that from a refusal.
    allow("TellMissing", ["s3:ListBucket"], arnOf("EvidenceBucket"), asItself),
    // S3 asks for it in the function's name: whether it tells which function that is, AWS doesn't say.
    allow("Encrypt", ["kms:GenerateDataKey", "kms:Decrypt"], arnOf("EvidenceKey"), {
      StringLike: { "kms:ViaService": sub("s3.${AWS::Region}.amazonaws.com*") },
    }),
  ];
}

/** Patterns of the resources that controls act on, by CloudFormation type. */
export const RESOURCE_ARNS: Readonly<Record<string, string>> = {
  "AWS::S3::Bucket": "arn:${AWS::Partition}:s3:::*",
  // Buckets as well, whose tags tell the class of what is in them.
  "AWS::S3::Object": "arn:${AWS::Partition}:s3:::*",
  "AWS::IAM::User": "arn:${AWS::Partition}:iam::${AWS::AccountId}:user/*",
  "AWS::IAM::Role": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*",
};

/** Managed policies of Cordon's own making (shared/keys/denial-policy.ts), and no others. */
export const OWN_POLICIES = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/cordon/*";
/** Attached are such policies only: anybody else's could give rights. */
export const ONLY_OWN_POLICIES: Json = { ArnLike: { "iam:PolicyARN": sub(OWN_POLICIES) } };

/** Keys that S3 asks for in the function's name, and nobody else. */
export const KEY_ARNS = "arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*";
export const BY_S3 = { StringLike: { "kms:ViaService": "s3.*.amazonaws.com*" } };

/** Actions for which AWS knows no resource. */
const WITHOUT_RESOURCE: readonly string[] = [
  ...["iam:GenerateCredentialReport", "iam:GetCredentialReport", "iam:GetAccountSummary", "iam:ListUsers"],
  "cloudtrail:LookupEvents",
];
const ON_POLICIES = /^iam:(Create|Delete|Get)Policy(Version)?$/;
const ATTACHING = /^iam:(Attach|Detach)(User|Role)Policy$/;

/** By which a function finds whom it is to look at. Who carries out what a person has decided is told. */
const TO_FIND: readonly string[] = ["iam:GetUser", ...WITHOUT_RESOURCE];

/** Of a control's actions those on its account as a whole. Pure. */
export function ofAccount(actions: readonly string[]): readonly string[] {
  return actions.filter((action) => WITHOUT_RESOURCE.includes(action));
}

/** Of a control's actions those on its resources, those on KMS keys, those on Cordon's managed policies, and those that attach one. Pure. */
export function ofKind(
  actions: readonly string[],
  kind: "resources" | "keys" | "policies" | "attaching",
): readonly string[] {
  return actions.filter((action) => !WITHOUT_RESOURCE.includes(action) && kindOf(action) === kind);
}

function kindOf(action: string) {
  if (action.startsWith("kms:")) return "keys";
  if (ON_POLICIES.test(action)) return "policies";
  return ATTACHING.test(action) ? "attaching" : "resources";
}

/** What gives a role rights, or takes them or its limits from it, or says who may assume it. */
const CHANGES_OF_ROLES: readonly string[] = [
  ...["iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy"],
  ...["iam:UpdateAssumeRolePolicy", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"],
];

/**
 * Whoever may put policies on roles could put any on his own: Cordon's are denied that, whatever else allows it. Of users it has none, and the managed policies that it may make are attached to users alone. None
 * where a role may not change users or roles at all. Pure.
 *
 * @param writes all that it may change
 * @param own Cordon's roles there, as ARNs' patterns
 */
export function sparedRoles(writes: readonly string[], own: readonly unknown[]): readonly Json[] {
  if (!writes.some((action) => action.startsWith("iam:"))) return [];
  return [{ Sid: "NeverOwnRoles", Effect: "Deny", Action: CHANGES_OF_ROLES, Resource: own }];
}

function customers(stack: Stack, { controls, trigger: kind }: FunctionDefinition): readonly Json[] {
  if (controls.length === 0) return [];
  const own = { StringEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } } };
  const types = [...new Set(controls.map(({ resourceType }) => resourceType))];
  const perType = types.flatMap((type) => {
    const arn = RESOURCE_ARNS[type];
    const short = type.split("::").at(-1);
    const ofType = controls.filter(({ resourceType, subject }) => resourceType === type && subject !== "cordon");
    const all = (of: (control: ControlMeta) => readonly string[]) => [...new Set(ofType.flatMap(of))];
    const reads = all(({ iam }) => iam.read).filter((action) => kind !== "invoke" || !TO_FIND.includes(action));
    const writes = all(({ iam, onlyByPerson }) => (onlyByPerson === true && kind !== "invoke" ? [] : iam.write));
    const accountWide = ofAccount(reads);
    const ofAll = accountWide.length > 0 ? [allow(`Read${short}sOfAccount`, accountWide, "*")] : [];
    if (arn === undefined) return ofAll;
    return [
      ...ofAll,
      ...[
        allow(`Read${short}s`, ofKind(reads, "resources"), sub(arn), own),
        allow(`Use${short}Keys`, ofKind(reads, "keys"), sub(KEY_ARNS), { ...own, ...BY_S3 }),
        allow(`Read${short}Policies`, ofKind(reads, "policies"), sub(OWN_POLICIES), own),
        allow(`Change${short}s`, ofKind(writes, "resources"), sub(arn), own),
        allow(`Change${short}Policies`, ofKind(writes, "policies"), sub(OWN_POLICIES), own),
        allow(`AttachTo${short}s`, ofKind(writes, "attaching"), sub(arn), { ...own, ...ONLY_OWN_POLICIES }),
      ].filter(({ Action }) => (Action as readonly string[]).length > 0),
    ];
  });
  const passRoleTo = [...new Set(controls.flatMap(({ iam }) => iam.passRoleTo))];
  const passing = allow("PassRole", ["iam:PassRole"], sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"), {
    StringEquals: { "iam:PassedToService": passRoleTo },
  });
  const { name, member } = stack;
  const ofRole = (role: string) => sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${role}`);
  const ownRoles = [ofRole(`${name}-*`), ...(member === undefined ? [] : [ofRole(member.role)])];
  const writes = controls.flatMap(({ iam }) => iam.write);
  return [
    ...perType,
    ...sparedRoles(writes, ownRoles),
    ...(passRoleTo.length > 0 ? [passing] : []),
    ...actInMembers(stack),
  ];
}

function actInMembers({ member, accounts, organization }: Stack): readonly Json[] {
  const roleIn = (account: string) => sub(`arn:\${AWS::Partition}:iam::${account}:role/${member?.role}`);
  const inMembers = organization === undefined ? accounts.map(roleIn) : [roleIn("*")];
  const ofOrganisation = organization && { StringEquals: { "aws:ResourceOrgID": organization } };
  if (member === undefined || inMembers.length === 0) return [];
  return [allow("ActInMembers", ["sts:AssumeRole"], inMembers, ofOrganisation || undefined)];
}
