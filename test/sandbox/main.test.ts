import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseWorld, seedWorld, startSandbox } from "../../sandbox/index.ts";

const MAIN = fileURLToPath(new URL("../../sandbox/main.ts", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandbox-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Run the command; when its environment is printed, `use` it and end it. */
async function run(
  list: string[],
  use?: (environment: Record<string, string>) => Promise<void>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...list]);
  let stdout = "";
  let stderr = "";
  let isUsed = false;
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    if (isUsed || !stdout.includes("AWS_SECRET_ACCESS_KEY=")) return;
    isUsed = true;
    const lines = stdout.matchAll(/^export (\w+)=(.*)$/gm);
    const environment = Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
    void (use?.(environment) ?? Promise.resolve()).finally(() => child.kill("SIGTERM"));
  });
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, stdout, stderr };
}

describe("npm run sandbox", () => {
  it("prints an environment that works until a signal ends it", async () => {
    const world = join(folder, "world.json");
    await writeFile(world, JSON.stringify({ buckets: [{ name: "seeded", region: "eu-west-1", versioning: true }] }));
    let region: string | undefined;

    const { code, stdout } = await run(["--world", world], async (environment) => {
      const s3 = new S3Client({
        endpoint: environment.AWS_ENDPOINT_URL ?? "",
        region: "eu-west-1",
        credentials: {
          accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
          secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
        },
        forcePathStyle: true,
      });
      region = (await s3.send(new HeadBucketCommand({ Bucket: "seeded" }))).BucketRegion;
    });

    expect({ code, region }).toEqual({ code: 0, region: "eu-west-1" });
    expect(stdout.split("\n").filter((line) => line !== "" && !line.startsWith("export "))).toEqual([]);
  });

  it("says what is wrong", async () => {
    const taken = await startSandbox();
    const broken = join(folder, "broken.json");
    await writeFile(broken, JSON.stringify({ buckets: [{ nam: "x", region: 5 }] }));
    try {
      const [port, usage, world, help] = await Promise.all([
        run(["--port", new URL(taken.endpoint).port]),
        run(["--prot", "1"]),
        run(["--world", broken]),
        run(["--help"]),
      ]);
      expect(port).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/Port \d+ is in use/) });
      expect(usage).toMatchObject({ code: 2, stderr: expect.stringContaining("--prot") });
      expect(world).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("buckets[0].region: expected a Region, found 5"),
      });
      expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining("--world") });
    } finally {
      await taken.close();
    }
  });
});

describe("a world", () => {
  it.each([
    [[], "the document"],
    [{ buckets: ["x"] }, "buckets[0]"],
    [{ buckets: [{ name: "x", account: "1" }] }, "buckets[0].account"],
    [{ buckets: [{ name: "x", tags: { a: 1 } }] }, "buckets[0].tags"],
    [{ buckets: [{ name: "x", replication: { Role: "r" } }] }, "buckets[0].replication"],
    [{ buckets: [], tables: [] }, "tables"],
    [{ buckets: [], objects: {} }, "objects"],
    [{ buckets: [], objects: [{ bucket: "x" }] }, "objects[0].key"],
    [{ buckets: [], objects: [{ bucket: "x", key: "k", tags: [] }] }, "objects[0].tags"],
    [{ buckets: [], objects: [{ bucket: "x", key: "k", colour: "red" }] }, "objects[0].colour"],
  ])("%j is refused for %s", (document, place) => {
    expect(parseWorld(document).problems.join("\n")).toContain(`${place}:`);
  });

  it("has objects in its buckets", async () => {
    const sandbox = await startSandbox();
    try {
      const object = { bucket: "x", key: "a/b.csv", body: "1", tags: { k: "v" }, contentType: "text/csv" };
      const { world } = parseWorld({ buckets: [{ name: "x", eventBridge: true }], objects: [object] });
      seedWorld(sandbox, world ?? { buckets: [] });

      expect(sandbox.objects("x")).toMatchObject([{ key: "a/b.csv", body: "1", tags: { k: "v" } }]);
      expect(sandbox.notifications).toEqual([]);
    } finally {
      await sandbox.close();
    }
  });
});
