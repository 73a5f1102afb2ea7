import { describe, expect, it } from "vitest";
import { GONE, NOUNS, TEXTS } from "../../controls/cordon-cell-stays-deployed/texts.ts";
import { WITH_READS } from "../../deploy/denied-calls.ts";
import { forwardingRules } from "../../deploy/forwarding-rules.ts";
import { ownResources } from "../../deploy/own-resources.ts";
import { environmentOf, parseStack, type Stack, singleAccount } from "../../deploy/stack.ts";
import { readStack } from "../../functions/guard-cell/guard.ts";
import { packagedTemplate } from "../../sandbox/index.ts";

const AT = { account: "111122223333", region: "eu-central-1", partition: "aws" };
const expected = (stack: Stack) => ownResources(stack, AT, environmentOf(stack, { CORDON_MODE: "enforce" }));
const own = expected(singleAccount("cordon"));

/** Types in the template that are no resources of their own to the guard, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "AWS::SQS::QueuePolicy": "a part of its queues",
  "AWS::S3::BucketPolicy": "a part of its bucket",
  "AWS::Events::EventBusPolicy": "a part of its bus",
  "AWS::SNS::TopicPolicy": "shown by SNS's own API only; calls that change it are heard, and told by the witness",
  "AWS::Lambda::EventSourceMapping": "a part of its function",
  "AWS::Lambda::Url": "a part of its function",
  "AWS::KMS::Alias": "what its key is found by",
  "AWS::StepFunctions::StateMachine": "can do no more than its role lets it, which is a resource of its own",
};
/** The framework's own, which holds the bundles of deployments past. */
const OF_THE_FRAMEWORK = /^ServerlessDeploymentBucket/;

describe("what the guard expects", () => {
  const resources = Object.entries(packagedTemplate().Resources).filter(([id]) => !OF_THE_FRAMEWORK.test(id));

  it("is every resource of the packaged template", () => {
    const templated = resources.map(([, { Type }]) => Type).filter((type) => ELSEWHERE[type] === undefined);
    expect(own.map(({ ref }) => ref.type).sort()).toEqual(templated.sort());
    expect(new Set(own.map(({ ref }) => ref.arn)).size).toBe(own.length);
  });

  it("has what feeds each function, and each policy, among its parts", () => {
    const sources = own.flatMap(({ parts }) => parts.filter(({ part }) => part === "Trigger"));
    const mappings = resources.filter(([, { Type }]) => Type === "AWS::Lambda::EventSourceMapping");
    expect(sources).toHaveLength(mappings.length);
    const withPolicy = own.filter(({ parts }) =>
      parts.some(({ part, expected }) => part === "Policy" && Object.values(expected)[0] !== undefined),
    );
    expect(withPolicy.map(({ ref }) => ref.name)).toEqual(
      expect.arrayContaining(["cordon-quarantine-replication", "cordon-quarantine-replication-dead"]),
    );
  });

  it("is resolved: no intrinsic is left, but for what only AWS knows", () => {
    const text = JSON.stringify(own);
    expect(text).not.toMatch(/"Ref"|Fn::|\$\{/);
    expect(text).toContain("cordon:live");
  });

  it("can be told to people, part by part", () => {
    for (const { ref, parts } of own) {
      expect(NOUNS[ref.type], ref.type).toBeDefined();
      expect(GONE[ref.type], ref.type).toBeDefined();
      for (const { part } of parts) expect(TEXTS[ref.type]?.[part], `${ref.type} ${part}`).toBeDefined();
    }
  });

  it.each<readonly [string, Record<string, string>]>([
    ["alone", { name: "cordon" }],
    [
      "with members",
      { name: "cordon-prod", accounts: "444455556666,777788889999", memberRole: "cordon-member", externalId: "an-id" },
    ],
    [
      "for an organisation",
      { name: "cordon-eu", organization: "o-abcdefghij", memberRole: "cordon-member", externalId: "an-id" },
    ],
    ["with evidence of its own kind", { name: "cordon", evidenceMode: "GOVERNANCE", evidenceDays: "30" }],
  ])("follows from the functions' environment as from the stack's settings: %s", (_, custom) => {
    const stack = parseStack(custom);
    const env = environmentOf(stack, { CORDON_MODE: "enforce" });
    const again = readStack(env);
    expect(ownResources(again, AT, env)).toEqual(ownResources(stack, AT, env));
  });

  it("says what is wrong with an environment that it can't follow from", () => {
    expect(() => readStack({})).toThrow("custom.name is missing");
    expect(() => readStack({ CORDON_STACK: "cordon", CORDON_EVIDENCE_DAYS: "some" })).toThrow("CORDON_EVIDENCE_DAYS");
  });

  it("of forwarders is their template's rules, by the names of this cell", () => {
    const rules = forwardingRules("cordon-prod");
    expect(rules.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["cordon-prod-heartbeat", "cordon-prod-forward-s3"]),
    );
    expect(JSON.stringify(rules)).not.toMatch(/Fn::|\$\{/);
    for (const { name, properties } of rules) {
      expect(properties.State).toBe(name.endsWith("-forward-denied") ? WITH_READS : "ENABLED");
      expect(properties.EventPattern ?? properties.ScheduleExpression).toBeDefined();
    }
  });
});
