import { fileURLToPath } from "node:url";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../sandbox/index.ts";
import { s3Client } from "./clients.ts";

const BUNDLE = fileURLToPath(new URL("./functions/batcher.ts", import.meta.url));
const FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:batcher";
const ROLE = "arn:aws:iam::111122223333:role/batch";

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    startAt: Date.parse("2026-03-01T12:00:00Z"),
    functions: [{ name: "batcher", bundle: BUNDLE, environment: {}, timeoutMs: 3000 }],
    ...options,
  });
  onTestFinished(() => sandbox.close());
  for (const name of ["data", "lists", "reports"]) sandbox.createBucket({ name });
  return sandbox;
}

/** S3 Control's client is not installed: these are its requests as its API reference shows them. */
async function control(sandbox: Sandbox, method: string, path: string, body?: string) {
  const key = sandbox.environment().AWS_ACCESS_KEY_ID;
  const response = await fetch(`${sandbox.endpoint}/v20180820/jobs${path}`, {
    method,
    headers: {
      "x-amz-account-id": sandbox.account,
      authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260301/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0`,
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

interface Asked {
  manifest: string;
  confirm?: boolean;
  version?: "1.0" | "2.0";
  token?: string;
  report?: string;
  more?: string;
}

/** Create a job; the answer's id, or the whole answer of a refusal. */
async function create(sandbox: Sandbox, asked: Asked): Promise<string> {
  const {
    manifest,
    confirm = false,
    version = "1.0",
    token = "1",
    report = "<Enabled>false</Enabled>",
    more = "",
  } = asked;
  const body = `<CreateJobRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><ConfirmationRequired>${confirm}</ConfirmationRequired><Operation><LambdaInvoke><FunctionArn>${FUNCTION}</FunctionArn><InvocationSchemaVersion>${version}</InvocationSchemaVersion>${more}</LambdaInvoke></Operation><Report>${report}</Report><ClientRequestToken>${token}</ClientRequestToken>${manifest}<Priority>10</Priority><RoleArn>${ROLE}</RoleArn></CreateJobRequest>`;
  const { text } = await control(sandbox, "POST", "", body);
  return /<JobId>(.+?)<\/JobId>/.exec(text)?.[1] ?? text;
}

/** Put a list of objects, as lines of bucket, key and version, and give the manifest that names it. */
async function list(sandbox: Sandbox, lines: string[], fields = ["Bucket", "Key"]): Promise<string> {
  const { ETag } = await s3Client(sandbox).send(
    new PutObjectCommand({ Bucket: "lists", Key: "list.csv", Body: lines.join("\n") }),
  );
  const members = fields.map((field) => `<member>${field}</member>`).join("");
  return `<Manifest><Spec><Format>S3BatchOperations_CSV_20180820</Format><Fields>${members}</Fields></Spec><Location><ObjectArn>arn:aws:s3:::lists/list.csv</ObjectArn><ETag>${ETag?.replaceAll('"', "&quot;")}</ETag></Location></Manifest>`;
}
const REPORT =
  "<Bucket>arn:aws:s3:::reports</Bucket><Format>Report_CSV_20180820</Format><Enabled>true</Enabled><Prefix>runs</Prefix><ReportScope>AllTasks</ReportScope>";

const batches = (sandbox: Sandbox) =>
  sandbox.logs.flatMap((line) => {
    const at = line.indexOf("batch {");
    return at < 0 ? [] : [JSON.parse(line.slice(at + 6))];
  });

describe("a job", () => {
  it("gives its function the objects of a list, one at a time, and counts what became of them", async () => {
    const sandbox = await start();
    const id = await create(sandbox, { manifest: await list(sandbox, ["data,a+b/%C3%A9.csv", 'data,"bad,1"']) });
    await sandbox.settle();

    expect(sandbox.jobs).toMatchObject([{ id, status: "Complete", total: 2, succeeded: 1, failed: 1, invocations: 2 }]);
    expect(batches(sandbox)[0]).toEqual({
      invocationSchemaVersion: "1.0",
      invocationId: expect.any(String),
      job: { id },
      tasks: [
        {
          taskId: expect.any(String),
          s3Key: "a+b/%C3%A9.csv",
          s3VersionId: null,
          s3BucketArn: "arn:aws:s3:::data",
        },
      ],
    });
  });

  it("gives them with its arguments and versions, several at a time, where the schema and the sandbox say so", async () => {
    const sandbox = await start({ tasksPerInvocation: 2 });
    const more = "<UserArguments><entry><key>class</key><value>restricted</value></entry></UserArguments>";
    const lines = ["data,x,1,v1", "data,x,2,v2", "data,x,3,"];
    const manifest = await list(sandbox, lines, ["Bucket", "Ignore", "Key", "VersionId"]);
    const id = await create(sandbox, { manifest, version: "2.0", more });
    await sandbox.settle();

    const [first, second] = batches(sandbox);
    expect(first.job).toEqual({ id, userArguments: { class: "restricted" } });
    expect(first.tasks).toMatchObject([
      { s3Key: "1", s3VersionId: "v1", s3Bucket: "data" },
      { s3Key: "2", s3VersionId: "v2", s3Bucket: "data" },
    ]);
    expect(second.tasks).toMatchObject([{ s3Key: "3", s3VersionId: null }]);
  });

  it("takes the objects a generated list names", async () => {
    const sandbox = await start();
    for (const key of ["in/a b.csv", "in/b.txt", "out/c.csv"]) sandbox.createObject({ bucket: "data", key, body: "x" });
    const manifest =
      "<ManifestGenerator><S3JobManifestGenerator><SourceBucket>arn:aws:s3:::data</SourceBucket><EnableManifestOutput>false</EnableManifestOutput><Filter><KeyNameConstraint><MatchAnyPrefix><member>in/</member></MatchAnyPrefix><MatchAnySuffix><member>.csv</member></MatchAnySuffix></KeyNameConstraint></Filter></S3JobManifestGenerator></ManifestGenerator>";
    await create(sandbox, { manifest });
    await sandbox.settle();

    expect(batches(sandbox).flatMap(({ tasks }) => tasks)).toMatchObject([{ s3Key: "in/a+b.csv" }]);
  });

  it("tries again what fails for the moment, and gives up on what keeps failing", async () => {
    const sandbox = await start();
    await create(sandbox, { manifest: await list(sandbox, ["data,later", "data,never", "data,fine"]), report: REPORT });
    await sandbox.settle();

    expect(sandbox.jobs).toMatchObject([{ status: "Complete", succeeded: 2, failed: 1 }]);
    const keys = batches(sandbox).map(({ tasks }) => tasks[0].s3Key);
    expect(keys).toEqual(["later", "never", "fine", "later", "never", "never"]);
  });

  it("counts a task as failed for good when its function throws, answers something else, or leaves it out", async () => {
    const sandbox = await start();
    await create(sandbox, { manifest: await list(sandbox, ["data,throw", "data,garbage", "data,missing"]) });
    await sandbox.settle();

    expect(sandbox.jobs).toMatchObject([{ status: "Complete", failed: 3, invocations: 3 }]);
  });

  it("writes a report of what succeeded, what failed, and where both are", async () => {
    const sandbox = await start();
    const id = await create(sandbox, { manifest: await list(sandbox, ["data,good", 'data,"bad,1"']), report: REPORT });
    await sandbox.settle();

    const read = async (Key: string) =>
      (await s3Client(sandbox).send(new GetObjectCommand({ Bucket: "reports", Key }))).Body?.transformToString();
    const { Results } = JSON.parse((await read(`runs/job-${id}/manifest.json`)) ?? "");
    expect(Results.map(({ TaskExecutionStatus: status }: { TaskExecutionStatus: string }) => status)).toEqual([
      "succeeded",
      "failed",
    ]);
    const rows = await Promise.all(Results.map(({ Key }: { Key: string }) => read(Key)));
    expect(rows).toEqual(["data,good,,succeeded,200,,good\n", 'data,"bad,1",,failed,200,PermanentFailure,"bad,1"\n']);
  });

  it("waits for its confirmation where that is asked for", async () => {
    const sandbox = await start();
    const id = await create(sandbox, { manifest: await list(sandbox, ["data,good"]), confirm: true });
    await sandbox.settle();
    expect(sandbox.jobs).toMatchObject([{ status: "Suspended", total: 1, invocations: 0 }]);
    expect((await control(sandbox, "GET", `/${id}`)).text).toContain("<Status>Suspended</Status>");

    const confirmed = await control(sandbox, "POST", `/${id}/status?requestedJobStatus=Ready`);
    await sandbox.settle();

    expect(confirmed.text).toContain("<Status>Ready</Status>");
    expect(sandbox.jobs).toMatchObject([{ status: "Complete", succeeded: 1 }]);
  });

  it("can be cancelled while it waits, and not once it is over", async () => {
    const sandbox = await start();
    const id = await create(sandbox, { manifest: await list(sandbox, ["data,good"]), confirm: true });
    await sandbox.settle();

    const cancel = () => control(sandbox, "POST", `/${id}/status?requestedJobStatus=Cancelled&statusUpdateReason=late`);
    expect((await cancel()).text).toContain("<Status>Cancelled</Status>");
    expect(await cancel()).toMatchObject({ status: 400, text: expect.stringContaining("JobStatusException") });
    expect((await control(sandbox, "GET", `/${id}`)).text).toContain("<StatusUpdateReason>late</StatusUpdateReason>");
  });

  it("stops after the invocation under way when it is cancelled, and reports what was done", async () => {
    const sandbox = await start();
    const lines = Array.from({ length: 500 }, (_, n) => `data,${n}`);
    const id = await create(sandbox, { manifest: await list(sandbox, lines), report: REPORT });
    while (sandbox.jobs[0]?.succeeded === 0) await new Promise((resolve) => setTimeout(resolve, 1));

    const { text } = await control(sandbox, "POST", `/${id}/status?requestedJobStatus=Cancelled`);
    await sandbox.settle();

    expect(text).toContain("<Status>Cancelling</Status>");
    const [job] = sandbox.jobs;
    expect(job?.status).toBe("Cancelled");
    expect(job?.succeeded).toBeLessThan(500);
    expect(sandbox.objects("reports")).toHaveLength(2);
  });

  it("fails once more than half of more than a thousand tasks have", async () => {
    const sandbox = await start({ tasksPerInvocation: 501 });
    const lines = Array.from({ length: 1503 }, (_, n) => `data,${n % 5 < 2 ? "good" : "bad"}${n}`);
    await create(sandbox, { manifest: await list(sandbox, lines) });
    await sandbox.settle();

    expect(sandbox.jobs).toMatchObject([{ status: "Failed", invocations: 2, failures: [{ code: "JobFailed" }] }]);
  });

  it("tells CloudTrail that it was created and each status it came to, and nothing of the calls", async () => {
    const sandbox = await start();
    const id = await create(sandbox, { manifest: await list(sandbox, ["data,good"]) });
    await sandbox.settle();

    const details = sandbox.events.map(({ detail }) => detail);
    expect(sandbox.events[0]).toMatchObject({ "detail-type": "AWS Service Event via CloudTrail", source: "aws.s3" });
    expect(details[0]).toMatchObject({
      eventType: "AwsServiceEvent",
      eventSource: "s3.amazonaws.com",
      serviceEventDetails: { jobId: id, jobArn: `arn:aws:s3:eu-central-1:111122223333:job/${id}` },
    });
    const told = details.map(({ eventName, serviceEventDetails }) => [
      eventName,
      (serviceEventDetails as { status: string }).status,
    ]);
    expect(told).toEqual([
      ["JobCreated", "New"],
      ...["Preparing", "Ready", "Active", "Completing", "Complete"].map((status) => ["JobStatusChanged", status]),
    ]);
  });

  it("writes its report as S3 does: a bucket whose events are told tells of it", async () => {
    const sandbox = await start();
    sandbox.createBucket({ name: "reports", eventBridge: true });
    await create(sandbox, { manifest: await list(sandbox, ["data,good"]), report: REPORT });
    await sandbox.settle();

    expect(sandbox.notifications.map((event) => event["detail-type"])).toEqual(["Object Created", "Object Created"]);
  });

  it("fails when its list can't be read, and says why", async () => {
    const sandbox = await start();
    const manifest = await list(sandbox, ["data,a", "other,b"]);
    await create(sandbox, { manifest, token: "1" });
    await list(sandbox, ["changed,meanwhile"]);
    await create(sandbox, { manifest, token: "2" });
    await sandbox.settle();

    expect(sandbox.jobs.map(({ status, failures }) => [status, failures[0]?.code])).toEqual([
      ["Failed", "InvalidManifestContent"],
      ["Failed", "ManifestETagMismatch"],
    ]);
  });

  it("is created once for a token, and refuses another request with it", async () => {
    const sandbox = await start();
    const manifest = await list(sandbox, ["data,good"]);
    const id = await create(sandbox, { manifest });

    expect(await create(sandbox, { manifest })).toBe(id);
    expect(await create(sandbox, { manifest, confirm: true })).toContain("<Code>IdempotencyException</Code>");
    await sandbox.settle();
    expect(sandbox.jobs).toHaveLength(1);
  });
});

describe("jobs", () => {
  it("are listed by status, newest first, with their progress, and have a priority", async () => {
    const sandbox = await start();
    const manifest = await list(sandbox, ["data,good"]);
    const waiting = await create(sandbox, { manifest, token: "1", confirm: true });
    const done = await create(sandbox, { manifest, token: "2" });
    await sandbox.settle();
    await control(sandbox, "POST", `/${waiting}/priority?priority=77`);

    const ids = async (query: string) =>
      [...(await control(sandbox, "GET", query)).text.matchAll(/<JobId>(.+?)<\/JobId>/g)].map(([, id]) => id);
    expect(await ids("")).toEqual([done, waiting]);
    expect(await ids("?jobStatuses=Suspended")).toEqual([waiting]);
    expect((await control(sandbox, "GET", "")).text).toContain("<Priority>77</Priority>");
  });

  it("that nobody created are unknown, in the words of S3 Control", async () => {
    const sandbox = await start();
    const { status, text } = await control(sandbox, "GET", "/none");
    expect(status).toBe(404);
    expect(text).toContain("<ErrorResponse><Error><Code>NoSuchJob</Code>");
  });

  it("take permissions of who creates them, and name the job they are about", async () => {
    const sandbox = await start();
    const id = await create(sandbox, { manifest: await list(sandbox, ["data,good"]), confirm: true });
    await control(sandbox, "GET", `/${id}`);
    await control(sandbox, "GET", "");

    const asked = sandbox.calls
      .slice(1)
      .map(({ permissions }) => permissions.map((each) => `${each.action} ${each.resource}`));
    expect(asked).toEqual([
      ["s3:CreateJob *", `iam:PassRole ${ROLE}`],
      [`s3:DescribeJob arn:aws:s3:eu-central-1:111122223333:job/${id}`],
      ["s3:ListJobs *"],
    ]);
  });

  it.each<[string, string[], { service: string; status: string; failed: number }]>([
    [
      "work with all their role needs",
      ["s3:GetObject", "lambda:InvokeFunction", "s3:PutObject"],
      { service: "batchoperations.s3.amazonaws.com", status: "Complete", failed: 0 },
    ],
    [
      "fail without a role that trusts S3 Batch Operations",
      ["s3:*", "lambda:*"],
      { service: "lambda.amazonaws.com", status: "Failed", failed: 0 },
    ],
    [
      "fail task by task when the role may not invoke",
      ["s3:GetObject", "s3:PutObject"],
      { service: "batchoperations.s3.amazonaws.com", status: "Complete", failed: 1 },
    ],
    [
      "fail when the role may not write the report",
      ["s3:GetObject", "lambda:InvokeFunction"],
      { service: "batchoperations.s3.amazonaws.com", status: "Failed", failed: 0 },
    ],
  ])("%s", async (_name, actions, { service, status, failed }) => {
    const sandbox = await start();
    const statement = { Effect: "Allow", Action: actions, Resource: "*" };
    sandbox.deployTemplate({
      Resources: {
        Role: {
          Type: "AWS::IAM::Role",
          Properties: {
            RoleName: "batch",
            AssumeRolePolicyDocument: {
              Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
            },
            Policies: [{ PolicyName: "p", PolicyDocument: { Statement: [statement] } }],
          },
        },
      },
    });
    const id = await create(sandbox, { manifest: await list(sandbox, ["data,good"]), report: REPORT });
    await sandbox.settle();

    expect(sandbox.jobs).toMatchObject([{ status, failed }]);
    if (status === "Complete" && failed === 0) {
      expect(sandbox.jobs[0]?.permissions).toEqual([
        { action: "s3:GetObject", resource: "arn:aws:s3:::lists/list.csv" },
        { action: "lambda:InvokeFunction", resource: FUNCTION },
        { action: "s3:PutObject", resource: `arn:aws:s3:::reports/runs/job-${id}/manifest.json` },
      ]);
    }
  });
});
