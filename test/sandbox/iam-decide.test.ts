import { describe, expect, it } from "vitest";
import { areConditionsMet } from "../../sandbox/iam/conditions.ts";
import { type AccessRequest, type Decision, decide } from "../../sandbox/iam/decide.ts";
import type { ConditionKeys, PolicyDocument, Statement } from "../../sandbox/iam/policy.ts";

const OWN = "111122223333";
const FOREIGN = "999999999999";
const caller = {
  account: OWN,
  arn: `arn:aws:sts::${OWN}:assumed-role/guard/session`,
  principalArn: `arn:aws:iam::${OWN}:role/guard`,
};
const allow = (
  Action: Statement["Action"],
  Resource: Statement["Resource"] = "*",
  more: Statement = {},
): Statement => ({
  Effect: "Allow",
  ...(Action === undefined ? {} : { Action }),
  ...(Resource === undefined ? {} : { Resource }),
  ...more,
});
const deny = (...parameters: Parameters<typeof allow>): Statement => ({ ...allow(...parameters), Effect: "Deny" });
const policy = (...Statement: Statement[]): PolicyDocument => ({ Version: "2012-10-17", Statement });

const ask = (more: Partial<AccessRequest>): Decision =>
  decide({
    action: "s3:GetObject",
    resource: "arn:aws:s3:::evidence/e/1",
    isOwnAccount: true,
    caller,
    identity: [],
    resourcePolicy: undefined,
    keys: { "aws:PrincipalAccount": OWN },
    ...more,
  });

describe("the caller's policies", () => {
  it.each<[string, PolicyDocument[] | undefined, Decision]>([
    ["none given: everything", undefined, "allowed"],
    ["none: nothing", [], "not-allowed-by-identity"],
    ["the action and the resource", [policy(allow("s3:GetObject", "arn:aws:s3:::evidence/e/1"))], "allowed"],
    ["a single statement, no list", [{ Statement: allow("s3:GetObject") }], "allowed"],
    ["the action in other letters", [policy(allow("S3:getobject"))], "allowed"],
    ["one of several actions", [policy(allow(["s3:PutObject", "s3:GetObject"]))], "allowed"],
    ["a wildcard in the action", [policy(allow("s3:Get*"))], "allowed"],
    ["a placeholder in the action", [policy(allow("s3:?etObject"))], "allowed"],
    ["every action", [policy(allow("*"))], "allowed"],
    ["the beginning of the action", [policy(allow("s3:Get"))], "not-allowed-by-identity"],
    ["another service's wildcard", [policy(allow("dynamodb:*"))], "not-allowed-by-identity"],
    ["a wildcard in the resource, over slashes", [policy(allow("s3:*", "arn:aws:s3:::evidence/*"))], "allowed"],
    ["the resource in other letters", [policy(allow("s3:*", "arn:aws:s3:::EVIDENCE/*"))], "not-allowed-by-identity"],
    ["the bucket, not its objects", [policy(allow("s3:*", "arn:aws:s3:::evidence"))], "not-allowed-by-identity"],
    ["a dot that is no wildcard", [policy(allow("s3.GetObject"))], "not-allowed-by-identity"],
    [
      "a variable that is known",
      [policy(allow("*", `arn:aws:s3:::evidence/e/1\${aws:none}`))],
      "not-allowed-by-identity",
    ],
    ["all actions but this", [policy(allow(undefined, "*", { NotAction: "s3:GetObject" }))], "not-allowed-by-identity"],
    ["all actions but another", [policy(allow(undefined, "*", { NotAction: "iam:*" }))], "allowed"],
    [
      "all resources but this",
      [policy({ Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::evidence/*" })],
      "not-allowed-by-identity",
    ],
    ["all resources but another", [policy({ Effect: "Allow", Action: "*", NotResource: "arn:aws:s3:::x" })], "allowed"],
    ["no resource", [policy({ Effect: "Allow", Action: "*" })], "not-allowed-by-identity"],
    ["no effect", [policy({ Action: "*", Resource: "*" })], "not-allowed-by-identity"],
    ["a deny beside", [policy(allow("*")), policy(deny("s3:GetObject"))], "denied-by-identity"],
    ["a deny of something else beside", [policy(allow("*"), deny("s3:PutObject"))], "allowed"],
    ["a deny alone", [policy(deny("*"))], "denied-by-identity"],
    [
      "a condition that holds",
      [policy(allow("*", "*", { Condition: { StringEquals: { "aws:PrincipalAccount": OWN } } }))],
      "allowed",
    ],
    [
      "a condition that does not",
      [policy(allow("*", "*", { Condition: { StringEquals: { "aws:PrincipalAccount": FOREIGN } } }))],
      "not-allowed-by-identity",
    ],
    [
      "an allow under a condition nobody knows",
      [policy(allow("*", "*", { Condition: { Unheard: { "aws:x": "y" } } }))],
      "not-allowed-by-identity",
    ],
    [
      "a deny under a condition nobody knows",
      [policy(allow("*"), deny("*", "*", { Condition: { Unheard: { "aws:x": "y" } } }))],
      "denied-by-identity",
    ],
  ])("with %s", (_name, identity, expected) => {
    expect(ask({ identity })).toBe(expected);
  });
});

describe("caller and resource together", () => {
  const mine = [policy(allow("*"))];
  const named = (AWS: string) => policy(allow("*", "*", { Principal: { AWS } }));
  const toRole = named(caller.principalArn);
  const toSession = named(caller.arn);
  const toAccount = named(`arn:aws:iam::${OWN}:root`);
  const toNumber = named(OWN);
  const toAll = policy(allow("*", "*", { Principal: "*" }));
  const toOther = named(`arn:aws:iam::${OWN}:role/other`);
  const toService = policy(allow("*", "*", { Principal: { Service: "lambda.amazonaws.com" } }));
  const denyAll = policy(deny("*", "*", { Principal: "*" }));
  const denyOthers = policy(deny("*", "*", { NotPrincipal: { AWS: caller.principalArn } }));
  const denyAllButOther = policy(deny("*", "*", { NotPrincipal: { AWS: `arn:aws:iam::${OWN}:role/other` } }));
  type Row = [string, Decision, { identity?: PolicyDocument[]; documents: PolicyDocument[] | undefined }];

  it.each<Row>([
    ["own policies alone do", "allowed", { identity: mine, documents: undefined }],
    ["a policy without statements changes nothing", "allowed", { identity: mine, documents: [{}] }],
    ["the resource alone does, by role", "allowed", { documents: [toRole] }],
    ["the resource alone does, by session", "allowed", { documents: [toSession] }],
    ["the resource alone does, for all", "allowed", { documents: [toAll] }],
    ["the resource naming the account leaves it to the account", "not-allowed-by-identity", { documents: [toAccount] }],
    ["the resource naming another does nothing", "not-allowed-by-identity", { documents: [toOther] }],
    ["the resource's deny wins", "denied-by-resource", { identity: mine, documents: [toAll, denyAll] }],
    ["a deny of everybody else spares the caller", "allowed", { identity: mine, documents: [denyOthers] }],
    ["a deny of everybody but another hits it", "denied-by-resource", { identity: mine, documents: [denyAllButOther] }],
  ])("within an account: %s", (_name, expected, { identity = [], documents }) => {
    expect(ask({ identity, resourcePolicy: documents && { documents, isRequired: false } })).toBe(expected);
  });

  it.each<Row>([
    ["own policies alone don't", "not-allowed-by-resource", { identity: mine, documents: undefined }],
    ["the resource alone doesn't", "not-allowed-by-identity", { documents: [toRole] }],
    ["both do, by role", "allowed", { identity: mine, documents: [toRole] }],
    ["both do, by account", "allowed", { identity: mine, documents: [toAccount] }],
    ["both do, by the account's number", "allowed", { identity: mine, documents: [toNumber] }],
    ["a service is nobody", "not-allowed-by-resource", { identity: mine, documents: [toService] }],
  ])("across accounts: %s", (_name, expected, { identity = [], documents }) => {
    const resourcePolicy = documents && { documents, isRequired: false };

    expect(ask({ identity, resourcePolicy, isOwnAccount: false })).toBe(expected);
  });

  it.each<Row>([
    ["own policies alone don't", "not-allowed-by-resource", { identity: mine, documents: [] }],
    ["the account named, own policies count", "allowed", { identity: mine, documents: [toAccount] }],
    ["the account named, own policies are needed", "not-allowed-by-identity", { documents: [toAccount] }],
    ["the role named, nothing else is needed", "allowed", { documents: [toRole] }],
  ])("on a key or role, whose policy comes first: %s", (_name, expected, { identity = [], documents = [] }) => {
    expect(ask({ identity, resourcePolicy: { documents, isRequired: true } })).toBe(expected);
  });
});

describe("conditions", () => {
  const keys: ConditionKeys = {
    "aws:ResourceAccount": OWN,
    "aws:PrincipalArn": `arn:aws:iam::${OWN}:role/team/guard`,
    "aws:SecureTransport": "true",
    "aws:CurrentTime": "2026-01-01T00:00:00Z",
    "s3:prefix": "e/1",
    "s3:max-keys": "10",
    "aws:TagKeys": ["a", "b"],
  };
  it.each<[string, Statement["Condition"], boolean]>([
    ["StringEquals", { StringEquals: { "aws:ResourceAccount": OWN } }, true],
    ["a key in other letters", { StringEquals: { "AWS:resourceaccount": OWN } }, true],
    ["one of several values", { StringEquals: { "aws:ResourceAccount": [FOREIGN, OWN] } }, true],
    ["another value", { StringEquals: { "aws:ResourceAccount": FOREIGN } }, false],
    ["a wildcard where there is none", { StringEquals: { "s3:prefix": "e/*" } }, false],
    ["StringEqualsIgnoreCase", { StringEqualsIgnoreCase: { "s3:prefix": "E/1" } }, true],
    ["StringLike", { StringLike: { "s3:prefix": "e/*" } }, true],
    ["StringNotLike", { StringNotLike: { "s3:prefix": "e/*" } }, false],
    ["StringNotEquals", { StringNotEquals: { "aws:ResourceAccount": FOREIGN } }, true],
    ["StringNotEquals, one of several", { StringNotEquals: { "aws:ResourceAccount": [FOREIGN, OWN] } }, false],
    ["a value that is a variable", { StringEquals: { "aws:ResourceAccount": "${aws:ResourceAccount}" } }, true],
    ["a value that is an unknown variable", { StringEquals: { "aws:ResourceAccount": "${aws:none}" } }, false],
    ["ArnLike", { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/team/*" } }, true],
    ["ArnEquals, which takes wildcards too", { ArnEquals: { "aws:PrincipalArn": `arn:aws:iam::${OWN}:role/*` } }, true],
    ["ArnLike, a wildcard over colons", { ArnLike: { "aws:PrincipalArn": "arn:*:role/team/guard" } }, false],
    ["ArnNotLike", { ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/other" } }, true],
    ["Bool as a text", { Bool: { "aws:SecureTransport": "true" } }, true],
    ["Bool as YAML gives it", { Bool: { "aws:SecureTransport": false } }, false],
    ["Null: is missing", { Null: { "aws:none": "true" } }, true],
    ["Null: is there", { Null: { "s3:prefix": "false" } }, true],
    ["Null: should be there", { Null: { "aws:none": "false" } }, false],
    ["NumericLessThanEquals", { NumericLessThanEquals: { "s3:max-keys": 10 } }, true],
    ["NumericGreaterThan", { NumericGreaterThan: { "s3:max-keys": "10" } }, false],
    ["DateLessThan", { DateLessThan: { "aws:CurrentTime": "2026-01-02T00:00:00Z" } }, true],
    ["DateGreaterThan, by the epoch", { DateGreaterThan: { "aws:CurrentTime": "1767225601" } }, false],
    ["a missing key", { StringEquals: { "aws:none": "x" } }, false],
    ["a missing key, negated", { StringNotEquals: { "aws:none": "x" } }, true],
    ["a missing key, IfExists", { StringEqualsIfExists: { "aws:none": "x" } }, true],
    ["a key that is there, IfExists", { StringEqualsIfExists: { "s3:prefix": "x" } }, false],
    ["ForAnyValue", { "ForAnyValue:StringEquals": { "aws:TagKeys": ["b", "c"] } }, true],
    ["ForAnyValue, none of them", { "ForAnyValue:StringEquals": { "aws:TagKeys": ["c"] } }, false],
    ["ForAnyValue, a missing key", { "ForAnyValue:StringNotEquals": { "aws:none": ["c"] } }, false],
    ["ForAllValues", { "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b", "c"] } }, true],
    ["ForAllValues, not all of them", { "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] } }, false],
    ["ForAllValues, a missing key", { "ForAllValues:StringEquals": { "aws:none": ["a"] } }, true],
    ["two keys, one of them wrong", { StringEquals: { "aws:ResourceAccount": OWN, "s3:prefix": "x" } }, false],
    ["two operators, one of them wrong", { StringLike: { "s3:prefix": "e/*" }, Null: { "s3:prefix": "true" } }, false],
  ])("%s", (_name, condition, expected) => {
    expect(areConditionsMet(condition, keys, { unknown: !expected })).toBe(expected);
  });
});
