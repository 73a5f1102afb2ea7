import { expect, it, onTestFinished } from "vitest";
import { control } from "../../controls/cordon-cell-stays-deployed/control.ts";
import { serverlessResources } from "../../deploy/serverless.ts";
import { environmentOf, parseStack } from "../../deploy/stack.ts";
import { openGuard } from "../../functions/guard-cell/guard.ts";
import { packagedTemplate, startSandbox, type Template } from "../../sandbox/index.ts";
import { UNASKED } from "../support/stage.ts";
import { HOME } from "./cell.ts";
import { withSlackEndpoint } from "./slack-endpoint.ts";

const MEMBERS = { memberRole: "cordon-member", externalId: "an-id", accounts: "444455556666,777788889999" };

it.each<readonly [string, Record<string, string>]>([
  ["alone", { name: "cordon" }],
  ["with members", { name: "cordon", ...MEMBERS }],
  ["for an organisation", { name: "cordon", ...MEMBERS, accounts: "", organization: "o-abcdefghij" }],
  ["with Slack", { name: "cordon", slackSecret: "cordon/slack" }],
  ["with evidence of its own kind", { name: "cordon", evidenceMode: "GOVERNANCE", evidenceDays: "30" }],
])("a cell as it was deployed, %s, gives the guard nothing to tell", async (_, custom) => {
  const stack = parseStack(custom);
  const environment = environmentOf(stack, { CORDON_MODE: "enforce" });
  const sandbox = await startSandbox({ region: HOME });
  onTestFinished(() => sandbox.close());
  const packaged = withSlackEndpoint(packagedTemplate(), stack);
  const { Resources } = serverlessResources(stack, environment) as unknown as Template;
  // Whoever deploys subscribes somebody (docs/deploy.md).
  const OnCall = {
    Type: "AWS::SNS::Subscription",
    Properties: { TopicArn: { Ref: "AlarmTopic" }, Protocol: "email", Endpoint: "on-call@example.com" },
  };
  sandbox.deployTemplate({ ...packaged, Resources: { ...packaged.Resources, ...Resources, OnCall } }, { environment });
  Object.assign(process.env, sandbox.environment());
  const guard = await openGuard({ ...environment, AWS_REGION: HOME }, undefined);

  const detections = await Promise.all(
    guard.ports.cell.own.map(({ ref }) => control.detect(ref, guard.ports, UNASKED)),
  );

  const broken = detections.flatMap((detection) =>
    detection.kind !== "present"
      ? [detection.reason]
      : detection.findings
          .filter(({ facts }) => facts.kind !== "condition" || !facts.holds)
          .map(({ title, facts }) => `${title}: ${JSON.stringify(facts)}`),
  );
  expect(broken).toEqual([]);
  expect(detections.length).toBeGreaterThan(60);
});
