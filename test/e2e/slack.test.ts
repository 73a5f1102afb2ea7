import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SLACK_ENDPOINT } from "../../deploy/functions.ts";
import { statements } from "../../deploy/roles.ts";
import { singleAccount } from "../../deploy/stack.ts";
import { packagedTemplate } from "../../sandbox/index.ts";
import { policyFile } from "../support/policy-file.ts";
import { pressed, TEAM } from "../support/slack.ts";
import { type FakeServer, openFakeServer } from "../ticketing/fake-server.ts";
import { type Cell, CONTAINS, OFFENDING_RULE, openCell } from "./cell.ts";
import { withSlackEndpoint } from "./slack-endpoint.ts";

const STACK = { ...singleAccount("cordon"), slackSecret: "cordon/slack" };
const FN = SLACK_ENDPOINT.name;
const [ANN, DEVELOPER, STRANGER] = ["U045EF6GH", "U0DEVELOPR", "U0STRANGER"];
const user = (name: string) => `arn:aws:iam::111122223333:user/${name}`;

/** What is told when decide takes longer than Slack waits: machines that tests run on may be slow. */
const told = (words: string) => new RegExp(`${words}|^Cordon is at it`);

describe("what is pressed in Slack", () => {
  let cell: Cell;
  let slack: FakeServer;
  let url: string;
  let from = 0;
  beforeAll(async () => {
    slack = await openFakeServer(() => ({ status: 200, body: "ok" }));
    cell = await openCell({}, [CONTAINS, "decide", FN], {}, withSlackEndpoint(packagedTemplate(), STACK));
    const file = policyFile({
      controls: { "s3-replication-stays-in-jurisdiction": { mode: "approve" } },
      people: [
        { name: "ann", principals: [user("ann")], slack: [`${TEAM}/${ANN}`] },
        { name: "developer", principals: [user("developer")], slack: [`${TEAM}/${DEVELOPER}`] },
      ],
      limits: { approvals: { by: [user("ann"), user("developer")] } },
    });
    const environment = {
      ...cell.environment,
      CORDON_STACK: STACK.name,
      CORDON_POLICY: file,
      CORDON_SLACK_SECRET: STACK.slackSecret,
    };
    for (const fn of [CONTAINS, "decide", FN]) cell.deploy(fn, { environment });
    const { properties } = cell.sandbox.registry.list("AWS::Lambda::Url").find(({ arn }) => arn.endsWith(FN)) ?? {};
    url = String(properties?.FunctionUrl);
    cell.createSource("records");
    await cell.replicate("records");
    await cell.sandbox.drain();
    // So that it has started when Slack waits for it.
    await cell.sandbox.invoke("decide", {});
  });
  afterAll(async () => {
    await cell.close();
    await slack.close();
  });
  beforeEach(() => {
    slack.heard.length = 0;
    from = cell.sandbox.calls.length;
  });

  const finding = () => {
    const found = cell.journal.findings().find(({ id }) => id === cell.findingOf("records"));
    if (found === undefined) throw new Error("there is no finding");
    return found;
  };
  const order = () => ({
    action: "approve",
    findingId: finding().id,
    plan: finding().pending?.id,
    reason: "Approve was pressed in Slack, and no reason typed",
  });
  const press = (member: string, more: { readonly atMs?: number; readonly secret?: string; state?: unknown } = {}) =>
    pressed(order(), { atMs: cell.sandbox.clock.now(), member, response_url: `${slack.url}/actions`, ...more });
  const post = async ({ headers, body }: ReturnType<typeof pressed>) => {
    const { status } = await fetch(url, { method: "POST", headers, body });
    await cell.sandbox.settle();
    return status;
  };
  const words = () => slack.heard.map(({ body }) => JSON.parse(body).text as string);
  const isOpen = () => {
    expect(finding().status).toBe("awaiting-approval");
    expect(cell.statusOf("records", OFFENDING_RULE)).toBe("Enabled");
  };

  it("is asked first", () => isOpen());

  it.each([
    ["signed with another secret", () => press(ANN, { secret: "another" })],
    ["of six minutes ago", () => press(ANN, { atMs: cell.sandbox.clock.now() - 360_000 })],
    ["changed on its way", () => ({ ...press(ANN), body: press(DEVELOPER).body })],
    ["signed by nobody", () => ({ headers: {}, body: press(ANN).body })],
  ])("goes nowhere when it is %s", async (_, request) => {
    expect(await post(request())).toBe(401);
    const calls = cell.sandbox.calls.slice(from).filter(({ functionName }) => functionName !== undefined);
    expect(calls.filter(({ operation }) => operation !== "GetSecretValue")).toEqual([]);
    expect(words()).toEqual([]);
    isOpen();
  });

  it("is refused of somebody whom policy does not know", async () => {
    expect(await post(press(STRANGER))).toBe(200);
    expect(words()).toEqual([expect.stringMatching(told("Refused[^]*(can't be told|not among those)"))]);
    expect(words().join()).not.toMatch(/arn:|T012AB3CD/);
    isOpen();
  });

  it("is refused of whoever caused it", async () => {
    expect(await post(press(DEVELOPER))).toBe(200);
    expect(words()).toEqual([expect.stringMatching(told("Refused[^]*Nobody decides about what he caused"))]);
    isOpen();
  });

  it("is nothing that the endpoint could do by itself: what it hands on without Slack's proof is no order", async () => {
    const answer = await cell.sandbox.invoke("decide", order());
    expect(answer).toMatchObject({
      ok: true,
      result: { results: [{ status: expect.not.stringMatching("contained") }] },
    });
  });

  it("is done for somebody who may, with the reason that was typed, and once", async () => {
    const state = { values: { reason: { reason: { type: "plain_text_input", value: "no contract covers it" } } } };
    const good = press(ANN, { state });
    expect(await post(good)).toBe(200);
    expect(words()).toEqual([expect.stringMatching(told("^Done: it was stopped"))]);
    expect(finding().status).toBe("contained");
    expect(cell.statusOf("records", OFFENDING_RULE)).toBe("Disabled");
    const saying = finding().sayings?.at(-1);
    expect(saying).toMatchObject({ action: "approve", how: "signature of Slack", reason: "no contract covers it" });

    slack.heard.length = 0;
    expect(await post(good)).toBe(200);
    expect(words()).toEqual([expect.stringMatching(told("Refused[^]*heard already"))]);
    expect(finding().sayings?.at(-1)).toEqual(saying);
  });

  it("comes by a function that may read the secret and invoke decide, and uses both", async () => {
    const used = new Set(
      cell.sandbox.calls
        .filter(({ functionName }) => functionName === FN)
        .flatMap(({ permissions }) =>
          permissions.map(({ action, resource }) => `${action} ${resource.split(":").at(-1)}`),
        ),
    );
    expect([...used]).toEqual([
      expect.stringMatching(/^secretsmanager:GetSecretValue cordon\/slack-\w{6}$/),
      "lambda:InvokeFunction cordon-decide",
    ]);
    const granted = statements(STACK, SLACK_ENDPOINT).flatMap(({ Sid, Action }) => [`${Sid}: ${Action}`]);
    expect(granted).toEqual([
      "Log: logs:CreateLogStream,logs:PutLogEvents",
      "Trace: xray:PutTraceSegments,xray:PutTelemetryRecords",
      "Invoke: lambda:InvokeFunction",
      "ReadSlackSecret: secretsmanager:GetSecretValue",
      "DecryptSlackSecret: kms:Decrypt",
    ]);
    expect(cell.sandbox.calls.filter(({ errorCode }) => /AccessDenied/.test(errorCode ?? ""))).toEqual([]);
  });
});
