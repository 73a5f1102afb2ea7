import { describe, expect, it } from "vitest";
import { meta as s3Replication } from "../../controls/s3-replication-stays-in-jurisdiction/meta.ts";
import { DENIED_CALLS, WITH_READS } from "../../deploy/denied-calls.ts";
import { forwarder } from "../../deploy/forwarder.ts";
import { eventPatterns, type FunctionDefinition } from "../../deploy/functions.ts";
import { MAX_PATTERN_LENGTH } from "../../deploy/merge-patterns.ts";
import { rules } from "../../deploy/routing.ts";
import { singleAccount } from "../../deploy/stack.ts";
import type { ControlMeta } from "../../shared/control.ts";

interface Rule {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}
const deaf: ControlMeta = s3Replication;
const hearing: ControlMeta = { ...deaf, hearsDenials: true };
const definition = (controls: readonly ControlMeta[]): FunctionDefinition => ({
  name: "revoke-stale-keys",
  description: "Revokes access keys",
  timeoutSeconds: 60,
  memoryMb: 512,
  controls,
  trigger: "queue",
  table: {},
});
const rulesOf = (resources: Readonly<Record<string, unknown>>) =>
  Object.entries(resources as Record<string, Rule>).filter(([, { Type }]) => Type === "AWS::Events::Rule");

describe("denied calls", () => {
  it("have one rule on either bus, in the state that tells of reads, however many controls hear of them", () => {
    const made = rules(singleAccount("cordon"), definition([hearing, hearing]));
    const denied = rulesOf(made).filter(([, { Properties }]) => Properties.State === WITH_READS);
    expect(denied.map(([id]) => id)).toEqual(["RevokeStaleKeysDenied", "RevokeStaleKeysCellDenied"]);
    for (const [id, { Properties }] of denied) {
      expect(Properties.EventPattern).toEqual(DENIED_CALLS);
      expect(JSON.stringify(made.RevokeStaleKeysQueuePolicy)).toContain(id);
    }
    expect(denied.map(([, { Properties }]) => Properties.EventBusName)).toEqual([undefined, { Ref: "Bus" }]);
  });

  it("are forwarded by a rule of their own", () => {
    const { Resources } = forwarder([hearing, deaf]).body as { Resources: Record<string, Rule> };
    expect(Resources.ForwardDenied?.Properties).toMatchObject({
      Name: { "Fn::Sub": "${Name}-forward-denied" },
      State: WITH_READS,
      EventPattern: DENIED_CALLS,
      Targets: [{ Arn: { Ref: "CellBusArn" } }],
    });
    expect(JSON.stringify(DENIED_CALLS).length).toBeLessThan(MAX_PATTERN_LENGTH);
  });

  it("are not heard where no control wants them", () => {
    expect(JSON.stringify(rules(singleAccount("cordon"), definition([deaf])))).not.toContain(WITH_READS);
    expect(JSON.stringify(forwarder([deaf]).body)).not.toContain(WITH_READS);
  });
});

describe("events of other services", () => {
  it("are narrowed by their detail, where the control says what it has to have", () => {
    const notices = [
      {
        source: "aws.health",
        types: ["AWS Health Event"],
        detail: { eventTypeCode: ["AWS_RISK_CREDENTIALS_EXPOSED"] },
      },
      { source: "aws.macie", types: ["Macie Finding"] },
    ];
    expect(eventPatterns({ ...deaf, cloudTrail: {}, configTypes: [], notices })).toEqual([
      {
        source: ["aws.health"],
        "detail-type": ["AWS Health Event"],
        detail: { eventTypeCode: ["AWS_RISK_CREDENTIALS_EXPOSED"] },
      },
      { source: ["aws.macie"], "detail-type": ["Macie Finding"] },
    ]);
  });
});
