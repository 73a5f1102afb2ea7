import { readdirSync, readFileSync } from "node:fs";
import type { SQSBatchResponse } from "aws-lambda";
import { onTestFinished } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { AwsClients } from "../../shared/aws/clients.ts";
import type { WatchingControl } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { findingId } from "../../shared/ids.ts";
import { DynamoDbJournal } from "../../shared/journal/dynamodb-journal.ts";
import { handleSignal } from "../../shared/pipeline.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import type { Answer } from "../../shared/runtime/answer.ts";
import { signalHandler } from "../../shared/runtime/handler.ts";
import { messagesVia } from "../../shared/runtime/messages.ts";
import { parseSignals } from "../../shared/signals/parse-signals.ts";
import type { Clock, Mode, ResourceRef, Result } from "../../shared/types.ts";
import { lambdaContext, START_MS } from "./events.ts";
import { guardPorts, type WatchWorld } from "./guard-ports.ts";
import { lookAt, policyWith } from "./stage.ts";

/** controls/<id>/cases/*.json of a control that changes nothing: a call and a world, what has to come of them, and the world put right. */
export interface WatchCase {
  readonly file: string;
  readonly title: string;
  readonly scenario: string;
  readonly resource: ResourceRef;
  /** As CloudTrail tells it. */
  readonly event: {
    readonly eventSource: string;
    readonly eventName: string;
    readonly requestParameters: object | null;
  };
  readonly world: WatchWorld;
  /** The same world once somebody has put right what was wrong; left out where nothing is. */
  readonly mended?: WatchWorld;
  readonly expect: {
    readonly findings: Readonly<
      Record<string, { readonly status: string; readonly rule: string; readonly found?: string }>
    >;
  };
}

export function watchCasesOf(controlId: string): readonly WatchCase[] {
  const folder = new URL(`../../controls/${controlId}/cases/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => ({ file, ...(JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Omit<WatchCase, "file">) }));
}

interface Telling {
  readonly atMs?: number;
  readonly id?: string;
  readonly by?: string;
  readonly errorCode?: string;
  readonly invokedBy?: string;
}

/** The case's call as a CloudTrail record. */
export function recordOf({ event, resource }: WatchCase, more: Telling = {}): Record<string, unknown> {
  const { atMs = START_MS - 600_000, id = "11111111-2222-4333-8444-555555555555", by = "intruder" } = more;
  const { account, region } = resource;
  return {
    eventVersion: "1.11",
    userIdentity: {
      type: "IAMUser",
      arn: `arn:aws:iam::${account}:user/${by}`,
      accountId: account,
      userName: by,
      ...(more.invokedBy !== undefined && { invokedBy: more.invokedBy }),
    },
    eventTime: new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace(".000Z", "Z"),
    awsRegion: region,
    ...event,
    responseElements: null,
    requestID: `REQUEST${id}`,
    eventID: id,
    recipientAccountId: account,
    ...(more.errorCode !== undefined && { errorCode: more.errorCode }),
  };
}

/** A watching control over a world that the test exchanges: its function's containers in this process, the journal in a sandbox's table. */
export async function watchStage<State>(control: WatchingControl<State>, resource: ResourceRef, first: WatchWorld) {
  const sandbox = await startSandbox({ tables: [{ name: "cordon", stream: true }] });
  onTestFinished(() => sandbox.close());
  sandbox.createQueue("cordon-refused");
  let nowMs = START_MS;
  const advance = (ms: number) => {
    nowMs += ms;
  };
  const clock: Clock = { nowMs: () => nowMs, sleep: async (ms) => advance(ms) };
  const world = { current: first };

  const container = ({ mode = "enforce" as Mode } = {}) => {
    Object.assign(process.env, sandbox.environment());
    const clients = new AwsClients();
    const cordon: Cordon<State, WatchingControl<State>> = {
      control,
      policy: policyWith({ controls: { [control.meta.id]: { mode: "enforce" } } }),
      clock,
      ports: { s3: s3BucketsOnAws(clients, clock), ...guardPorts(world) },
      journal: new DynamoDbJournal(clients.dynamoDb(), "cordon", (ms) => clock.sleep(ms)),
      ceiling: { mode, reason: `CORDON_MODE=${mode}` },
    };
    const { cloudTrail, configTypes, id } = control.meta;
    const events = { cloudTrail, configTypes, find: () => [resource] };
    const handler = signalHandler("test", id, async () => ({
      clock,
      messages: messagesVia("cordon-refused", clock),
      hear: (event) => parseSignals(event, events),
      handle: (signal, deadlineMs) => handleSignal(signal, cordon, deadlineMs),
    }));
    const send = async (event: unknown) => (await handler(event, lambdaContext())) as Answer & SQSBatchResponse;
    return {
      send,
      results: async (event: unknown): Promise<readonly Result[]> => (await send(event)).results,
      /** A look that nothing brought about. */
      async look(id = `tick-${nowMs}`): Promise<readonly Result[]> {
        const at = new Date(nowMs).toISOString();
        const signal = { id, source: "schedule", name: "LookAround", at, resource } as const;
        return (await handleSignal(signal, cordon, nowMs + 29_500)).results;
      },
    };
  };
  return {
    sandbox,
    clock,
    advance,
    world,
    container,
    journal: lookAt(sandbox),
    idOf: (part: string) => findingId(control.meta.id, resource, part),
  };
}
