import { describe, expect, it } from "vitest";
import { control } from "../../controls/s3-replication-stays-in-jurisdiction/control.ts";
import type { World } from "../../sandbox/index.ts";
import { isSqsBatch } from "../../shared/signals/parse-signals.ts";
import { configRuleInvocation, eventBridge, snsNotification, sqs, WRAPPERS } from "../support/events.ts";
import { callsOf, stage } from "../support/stage.ts";
import { type CorpusEvent, hasCorpus, readCorpus } from "./corpus.ts";

if (!hasCorpus) console.log("corpus: SKIPPED, ../shared/corpus/events is not on this machine");

const CELL_ACCOUNT = "111122223333";
const STATUSES = ["ignored", "refused", "compliant", "awaiting-approval"];
const EMPTY: World = { buckets: [] };

const notification = (item: unknown) => ({
  configurationItem: item,
  messageType: "ConfigurationItemChangeNotification",
  recordVersion: "1.3",
});
/** Every way in which AWS delivers an item of AWS Config. */
const CONFIG_WRAPPERS: Readonly<Record<string, (item: unknown) => unknown>> = {
  "a Config notification": notification,
  "a Config notification through EventBridge": (item) =>
    eventBridge(notification(item), "Config Configuration Item Change", "aws.config"),
  "a Config notification through EventBridge and SQS": (item) =>
    sqs(eventBridge(notification(item), "Config Configuration Item Change", "aws.config")),
  "a Config notification through SNS and SQS": (item) => sqs(snsNotification(notification(item))),
  "a Config rule's invocation": configRuleInvocation,
};
/** Wrappers that take anything; the others say that their content is a CloudTrail record or a Config item. */
const FOR_ANYTHING: Readonly<Record<string, (event: unknown) => unknown>> = {
  "an SQS message": (event) => sqs(event),
  "an SNS notification": (event) => snsNotification(event),
  "an SNS notification in an SQS message": (event) => sqs(snsNotification(event)),
};

/** What an event brought about, seen from outside. */
interface Outcome {
  readonly statuses: readonly string[];
  readonly reasons: readonly string[];
  readonly buckets: readonly string[];
  readonly operations: readonly string[];
  readonly writes: readonly string[];
  readonly isRefused: boolean;
  readonly calls: number;
  readonly failed: number;
}

type Stage = Awaited<ReturnType<typeof stage>>;

async function outcomeOf(
  { sandbox }: Stage,
  container: ReturnType<Stage["container"]>,
  event: unknown,
): Promise<Outcome> {
  sandbox.clearCalls();
  const refusedBefore = sandbox.queues["cordon-refused"]?.length ?? 0;
  const answer = await container.send(event);
  const s3 = sandbox.calls.filter(({ service }) => service === "s3");
  const results = answer.results ?? [];
  const sent = (sandbox.queues["cordon-refused"] ?? []).slice(refusedBefore);
  return {
    statuses: results.map(({ status }) => status).sort(),
    reasons: [
      ...results.filter(({ status }) => status === "refused").flatMap(({ reasons }) => reasons),
      ...sent.map(({ attributes }) => attributes.reason ?? ""),
    ],
    buckets: [...new Set(s3.map(({ resource }) => resource))].sort(),
    operations: [...new Set(s3.map(({ operation }) => operation))].sort(),
    writes: callsOf(sandbox).writes,
    isRefused: sent.length > 0 || results.some(({ status }) => status === "refused"),
    // What is refused goes to the refused queue; that is no call because of the event's content.
    calls: sandbox.calls.filter(({ service }) => service !== "sqs").length,
    failed: answer.batchItemFailures?.length ?? 0,
  };
}

/** What is wrong with an outcome, whatever the event and its wrapper. */
function problemsOf({ file, hasFailed }: CorpusEvent, outcome: Outcome): readonly string[] {
  const strange = outcome.statuses.filter((status) => !STATUSES.includes(status));
  return [
    ...(strange.length > 0 ? [`${file}: status ${strange}`] : []),
    ...(outcome.failed > 0 ? [`${file}: the queue is asked to deliver it again`] : []),
    ...(outcome.writes.length > 0 ? [`${file}: wrote ${outcome.writes}`] : []),
    ...(hasFailed && outcome.calls > 0 ? [`${file}: AWS was called because of a failed call`] : []),
    ...outcome.reasons
      .filter((reason) => !reason.includes("expected"))
      .map((reason) => `${file}: refused without saying what was expected: ${reason}`),
  ];
}

describe.skipIf(!hasCorpus)(
  `the corpus of recorded events${hasCorpus ? "" : " (skipped: ../shared/corpus is absent)"}`,
  () => {
    const corpus = readCorpus();
    const pointing = corpus.filter(({ buckets }) => buckets.length > 0);

    it("is all there, and some of it concerns the control", () => {
      expect(corpus).toHaveLength(250);
      expect(pointing.length).toBeGreaterThanOrEqual(8);
      expect(corpus.some(({ hasFailed }) => hasFailed)).toBe(true);
    });

    it("raw: each ends in an answer or a refusal; exactly the bucket named is looked at; nothing is changed", async () => {
      const set = await stage(control, { world: EMPTY });
      const container = set.container();
      const problems: string[] = [];

      for (const each of corpus) {
        const outcome = await outcomeOf(set, container, each.event);
        problems.push(...problemsOf(each, outcome));
        const named = [...new Set(each.buckets.map(({ name }) => name))].sort();
        if (JSON.stringify(outcome.buckets) !== JSON.stringify(named)) {
          problems.push(`${each.file}: looked at [${outcome.buckets}], should have looked at [${named}]`);
        }
        if (named.length > 0 && !outcome.operations.includes("GetBucketReplication")) {
          problems.push(`${each.file}: not read live, only ${outcome.operations}`);
        }
      }

      expect(problems.slice(0, 10)).toEqual([]);
    });

    it.each(Object.entries({ ...WRAPPERS, ...CONFIG_WRAPPERS, ...FOR_ANYTHING }))(
      "%s around each of them ends in an answer or a refusal and changes nothing",
      async (_, wrap) => {
        const set = await stage(control, { world: EMPTY });
        const container = set.container();
        const problems: string[] = [];

        for (const each of corpus)
          problems.push(...problemsOf(each, await outcomeOf(set, container, wrap(each.event))));

        expect(problems.slice(0, 10)).toEqual([]);
      },
    );

    const fitting = [
      ["CloudTrail records", WRAPPERS, corpus.filter(({ kind }) => kind === "cloudtrail-record")],
      ["Config items", CONFIG_WRAPPERS, corpus.filter(({ file }) => file.startsWith("config-item__"))],
      ["events of any kind", FOR_ANYTHING, corpus],
    ] as const;
    it.each(fitting)("%s mean the same in each wrapper as they do raw", async (_, wrappers, events) => {
      const set = await stage(control, { world: EMPTY });
      const container = set.container();
      const problems: string[] = [];

      for (const each of events) {
        const raw = await outcomeOf(set, container, each.event);
        for (const [name, wrap] of Object.entries(wrappers)) {
          const wrapped = await outcomeOf(set, container, wrap(each.event));
          const isSame =
            raw.isRefused === wrapped.isRefused &&
            JSON.stringify(raw.buckets) === JSON.stringify(wrapped.buckets) &&
            // A batch is answered without statuses.
            (isSqsBatch(each.event) ||
              isSqsBatch(wrap(each.event)) ||
              JSON.stringify(raw.statuses) === JSON.stringify(wrapped.statuses));
          if (!isSame)
            problems.push(`${each.file} in ${name}: ${JSON.stringify(wrapped)} instead of ${JSON.stringify(raw)}`);
        }
      }

      expect(events.length).toBeGreaterThan(0);
      expect(problems.slice(0, 10)).toEqual([]);
    });

    /** The buckets an event names, each sending EU-only data to the United States. */
    const offending = ({ buckets }: CorpusEvent): World => ({
      buckets: [
        ...new Map(
          buckets.map(({ name, account, region }) => [
            name,
            {
              name,
              account,
              region,
              versioning: true,
              tags: { "data-residency": "eu-only" },
              replication: {
                Role: `arn:aws:iam::${account}:role/replication`,
                Rules: [
                  {
                    ID: "out",
                    Priority: 1,
                    Status: "Enabled" as const,
                    Filter: { Prefix: "" },
                    DeleteMarkerReplication: { Status: "Disabled" as const },
                    Destination: { Bucket: "arn:aws:s3:::somewhere-in-sao-paulo" },
                  },
                ],
              },
            },
          ]),
        ).values(),
        { name: "somewhere-in-sao-paulo", region: "sa-east-1", versioning: true },
      ],
    });
    /** The same event, had it happened in the cell's own account. */
    const atHome = (each: CorpusEvent): CorpusEvent => {
      const accounts = [...new Set(each.buckets.map(({ account }) => account))];
      const move = <Part>(part: Part): Part =>
        JSON.parse(accounts.reduce((text, account) => text.replaceAll(account, CELL_ACCOUNT), JSON.stringify(part)));
      return { ...each, event: move(each.event), buckets: move(each.buckets) };
    };

    it("events about offending buckets of the cell's account get them contained, and no other", async () => {
      for (const each of pointing.map(atHome)) {
        const set = await stage(control, { world: offending(each) });

        const results = await set.container().results(each.event);

        expect(
          results.map(({ status }) => status),
          `${each.file}: ${JSON.stringify(results)}`,
        ).toContain("contained");
        const written = set.sandbox.calls.filter(({ service, mutating }) => service === "s3" && mutating);
        expect(written.map(({ resource }) => resource)).toEqual([each.buckets[0]?.name]);
      }
    });

    it("the same events with errorCode lead to no call at all", async () => {
      for (const each of pointing.map(atHome)) {
        const record = each.event as Record<string, unknown>;
        if (record.eventSource !== "s3.amazonaws.com") continue;
        const set = await stage(control, { world: offending(each) });

        const results = await set.container().results({ ...record, errorCode: "AccessDenied", errorMessage: "no" });

        expect(results.map(({ status }) => status)).toEqual(["ignored"]);
        expect(set.sandbox.calls).toEqual([]);
      }
    });

    it("events about offending buckets of another account change nothing and wait for a person", async () => {
      for (const each of pointing) {
        const set = await stage(control, { world: offending(each) });

        const results = await set.container().results(each.event);

        expect(
          results.map(({ status }) => status),
          each.file,
        ).toEqual(each.buckets.map(() => "awaiting-approval"));
        expect(callsOf(set.sandbox).writes).toEqual([]);
      }
    });
  },
);
