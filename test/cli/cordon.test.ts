import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type CoverageRow, describeRows, rowOf } from "../../cli/coverage-rows.ts";
import { chainId, GENESIS, type Link, sealLink } from "../../shared/evidence/chain.ts";
import type { Coverage } from "../../shared/resources/account-coverage.ts";
import { START_MS } from "../support/events.ts";
import { entryOf } from "../support/evidence.ts";
import { cordon } from "./cordon.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("cordon", () => {
  it("says what there is", async () => {
    const { code, out, err } = await cordon("--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const name of ["coverage", "evidence verify"]) expect(out).toContain(name);
    expect(out).toContain("npm run --silent cordon -- <command> --json");
  });

  it.each<readonly [readonly string[], number, "out" | "err"]>([
    [["evidence"], 2, "err"],
    [["evidence", "--help"], 0, "out"],
  ])("%j shows the commands of its group, and no others", async (words, code, stream) => {
    const said = await cordon(...words);
    expect(said.code).toBe(code);
    expect(said[stream]).toContain("evidence verify  Whether");
    expect(`${said.out}${said.err}`).not.toMatch(/there is no command|coverage/);
  });

  it.each([["coverage"], ["evidence verify"]])(
    "%s says what it needs and what its exit codes mean, without colours",
    async (name) => {
      const { code, out, err } = await cordon(...name.split(" "), "--help");
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("Exit code:");
      expect(out).toContain("npm run --silent cordon -- <command> --json");
      expect(out).not.toContain("\u001b");
    },
  );

  it.each<readonly [string, readonly string[], string]>([
    ["no command", ["coverages"], 'there is no command "coverages"; did you mean "coverage"?'],
    ["half a command that is misspelt", ["evidence", "verfy"], 'there is no command "evidence verfy"'],
    ["an argument too many", ["coverage", "extra"], "found extra besides; expected no arguments"],
    ["a second directory", ["evidence", "verify", "a", "b"], "found b besides; expected 1 argument"],
    ["a misspelt option", ["coverage", "--jsn"], "found --jsn, which this command does not have"],
    ["an account that is none", ["coverage", "--account", "12"], '--account is "12": expected 12 digits'],
    ["no stack", ["coverage"], "CORDON_STACK is not set: expected"],
    ["no directory", ["evidence", "verify"], "DIRECTORY"],
    ["a directory that is none", ["evidence", "verify", "/nowhere"], "/nowhere can't be read as a copy"],
  ])("refuses %s on stderr with exit code 2, and says what it expected", async (_, words, said) => {
    vi.stubEnv("CORDON_STACK", "");
    const { code, out, err } = await cordon(...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
    for (const noise of ["\u001b", "\n    at "]) expect(err).not.toContain(noise);
  });

  it("names every setting that is missing", async () => {
    vi.stubEnv("CORDON_STACK", "cordon");
    vi.stubEnv("AWS_REGION", "");
    const { code, err } = await cordon("coverage");
    expect(code).toBe(2);
    expect(err).toContain("AWS_REGION is missing");
  });
});

describe("cordon evidence verify", () => {
  const chain = chainId({ account: "111122223333", region: "eu-central-1" }, "a-control-id");
  const links: Link[] = [];
  for (const number of [1, 2, 3]) links.push(sealLink(entryOf({ number }), chain, links.at(-1) ?? GENESIS));

  const copy = (change: (files: Map<string, string>) => void = () => {}): string => {
    const directory = mkdtempSync(join(tmpdir(), "cordon-evidence-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const files = new Map(links.map(({ key, body }) => [key, body]));
    change(files);
    for (const [key, body] of files) {
      mkdirSync(dirname(join(directory, key)), { recursive: true });
      writeFileSync(join(directory, key), body);
    }
    return directory;
  };
  const key = (index: number) => links[index]?.key ?? "";

  it("holds for a copy as it was archived", async () => {
    const { code, out } = await cordon("evidence", "verify", copy());
    expect(code).toBe(0);
    expect(out).toContain(`holds   ${chain}: 3 entries, the last is number 3, ${links[2]?.hash}\n`);
  });

  it("says that objects alone can't tell a cut-off end, with the head to compare", async () => {
    const cut = copy((files) => files.delete(key(2)));
    const { code, out } = await cordon("evidence", "verify", cut);
    expect(code).toBe(0);
    expect(out).toContain(`the last is number 2, ${links[1]?.hash}\n`);
    expect(out).toContain("A cut-off end can't be told from objects alone");
    expect((await cordon("evidence", "verify", "--help")).out).toContain("cut off can't be told from objects alone");
  });

  it.each<readonly [string, () => string]>([
    ["a file", () => key(1)],
    ["a folder", () => dirname(key(0))],
  ])("refuses a link in place of %s, and passes over nothing", async (_, linked) => {
    const directory = copy();
    const path = linked();
    renameSync(join(directory, path), join(directory, "elsewhere"));
    symlinkSync(join(directory, "elsewhere"), join(directory, path));
    const { code, out, err } = await cordon("evidence", "verify", directory);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`${path} is a symbolic link; expected files and folders only`);
  });

  it.each<readonly [string, string, (files: Map<string, string>) => void]>([
    ["edited", key(1), (files) => files.set(key(1), (files.get(key(1)) ?? "").replace("orders-eu", "orders-us"))],
    ["missing", key(1), (files) => files.delete(key(1))],
  ])("names the entry that is %s, with exit code 1", async (problem, name, change) => {
    const { code, out } = await cordon("evidence", "verify", copy(change));
    expect(code).toBe(1);
    expect(out).toContain(`BROKEN  ${chain}: ${name} is ${problem}`);
    expect(out).not.toContain("cut-off");
  });

  it("says the same as JSON", async () => {
    const { code, out } = await cordon("evidence", "verify", copy(), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      note: expect.stringContaining("cut-off end"),
      chains: [{ chain, entries: 3, verdict: { ok: true, head: { sequence: 3, hash: links[2]?.hash } } }],
    });
  });
});

describe("cordon coverage", () => {
  const place = { account: "444455556666", region: "eu-west-1" };
  const fine: Coverage = {
    readAtMs: START_MS,
    role: { kind: "open" },
    trails: { kind: "present", state: [{ name: "t", isLogging: true, logsWrites: true }] },
    forwarder: { kind: "needed", rules: { kind: "present", state: [] }, heartbeatAt: "2026-03-01T08:50:00Z" },
    recorders: { kind: "present", state: [{ name: "r", isRecording: true }] },
  };
  const shut = { kind: "unreadable", reason: "the role is shut" } as const;
  const row = (coverage: Coverage): Promise<CoverageRow> =>
    rowOf(
      {
        names: { partition: "aws", home: { account: "111122223333", region: "eu-central-1" }, rules: [] },
        ports: {
          coverage: {
            read: async () => coverage,
            forget() {},
            whyLeft: () => undefined,
            regions: async () => ({ kind: "present", state: [] }),
          },
        } as unknown as Parameters<typeof rowOf>[0]["ports"],
      },
      place,
    );
  const states = async (coverage: Coverage) =>
    Object.fromEntries((await row(coverage)).parts.map(({ part, state }) => [part, state]));

  it.each<readonly [string, Coverage, Record<string, string>]>([
    ["all there", fine, { trail: "fine", forwarder: "fine", role: "fine", recorder: "fine" }],
    [
      "the cell's home",
      { ...fine, role: { kind: "not-needed" }, forwarder: { kind: "not-needed" } },
      { trail: "fine", forwarder: "not-needed", role: "not-needed", recorder: "fine" },
    ],
    [
      "gaps",
      { ...fine, trails: { kind: "present", state: [] }, recorders: { kind: "present", state: [] } },
      { trail: "gap", forwarder: "fine", role: "fine", recorder: "gap" },
    ],
    [
      "no way in",
      {
        ...fine,
        role: { kind: "shut", reason: "no" },
        trails: shut,
        recorders: shut,
        forwarder: { kind: "needed", rules: shut, heartbeatAt: "2026-03-01T08:50:00Z" },
      },
      { trail: "unseen", forwarder: "unseen", role: "gap", recorder: "unseen" },
    ],
    [
      "what AWS doesn't show",
      { ...fine, trails: shut },
      { trail: "unknown", forwarder: "fine", role: "fine", recorder: "fine" },
    ],
  ])("%s", async (_, coverage, expected) => {
    expect(await states(coverage)).toEqual(expected);
  });

  it("tells people where, and of each gap once what to do", async () => {
    const gap = await row({ ...fine, recorders: { kind: "present", state: [] } });
    const rows = [gap, { ...gap, region: "eu-west-2" }];
    const text = describeRows(rows, START_MS, false);
    expect(text.split("\n").slice(0, 3)).toEqual([
      "ACCOUNT       REGION     TRAIL  FORWARDER  ROLE  RECORDER  HEARD",
      "444455556666  eu-west-1  yes    yes        yes   MISSING   10 min ago",
      "444455556666  eu-west-2  yes    yes        yes   MISSING   10 min ago",
    ]);
    expect(text).toContain("recorder: no recorder\n  in 444455556666 eu-west-1, 444455556666 eu-west-2\n  Start it");
    expect(describeRows([await row(fine)], START_MS, false)).toContain("Nothing is missing.");
    expect(describeRows(rows, START_MS, true)).toContain("\u001b[31mMISSING");
  });
});
