import { describe, expect, it } from "vitest";
import { functionDefinitions, functionsOf, SLACK_ENDPOINT } from "../../deploy/functions.ts";
import { stackResources } from "../../deploy/resources.ts";
import { serverlessFunctions } from "../../deploy/serverless.ts";
import { singleAccount } from "../../deploy/stack.ts";

const WITHOUT = singleAccount("cordon");
const WITH = { ...WITHOUT, slackSecret: "cordon/slack" };

describe("the endpoint for Slack", () => {
  it("is there only where the stack names the Slack app's secret, with its role and alarms", () => {
    expect(functionsOf(WITHOUT)).toEqual(functionDefinitions);
    expect(functionsOf(WITH)).toEqual([...functionDefinitions, SLACK_ENDPOINT]);
    const own = (stack: typeof WITHOUT) =>
      Object.keys(stackResources(stack)).filter((id) => id.startsWith("HearSlack"));
    expect(own(WITHOUT)).toEqual([]);
    expect(own(WITH)).toEqual(["HearSlackRole", "HearSlackErrorsAlarm", "HearSlackThrottlesAlarm"]);
  });

  it("is the only one that is open to everybody, and has a limit", () => {
    const urls = Object.entries(serverlessFunctions(WITH) as Record<string, Record<string, unknown>>).flatMap(
      ([name, { url, reservedConcurrency }]) => (url === undefined ? [] : [[name, url, reservedConcurrency]]),
    );
    expect(urls).toEqual([
      ["decide", { authorizer: "aws_iam" }, undefined],
      ["hear-slack", true, 5],
    ]);
  });

  it("touches no item of the table, and no customer's resource", () => {
    expect(SLACK_ENDPOINT).toMatchObject({ table: {}, controls: [], trigger: "invoke" });
  });
});
