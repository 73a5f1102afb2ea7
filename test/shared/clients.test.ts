import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Accounts, MemberCredentials } from "../../shared/aws/accounts.ts";
import { AwsClients, type Place } from "../../shared/aws/clients.ts";
import { CordonError } from "../../shared/errors.ts";
import { s3BucketsOnAws } from "../../shared/resources/s3-buckets-aws.ts";
import type { ResourceRef } from "../../shared/types.ts";
import { START_MS } from "../support/events.ts";

const OWN: Place = { account: "111122223333", region: "eu-central-1" };
const MEMBER: Place = { account: "444455556666", region: "eu-central-1" };
const FOREIGN: Place = { account: "999900001111", region: "eu-central-1" };

/** A cell with one member, whose session is a new one each time it is asked for. */
function oneMember(): Pick<Accounts, "credentialsFor"> & { sessions: number } {
  return {
    sessions: 0,
    async credentialsFor(account): Promise<MemberCredentials | undefined> {
      if (account === OWN.account) return undefined;
      if (account !== MEMBER.account) throw new CordonError("foreign-account", `${account}; expected another`);
      const accessKeyId = `ASIA${++this.sessions}`;
      return { accessKeyId, secretAccessKey: "s", sessionToken: "t", expiration: new Date(0) };
    },
  };
}
const clientsFor = (accounts = oneMember()) => new AwsClients(accounts as unknown as Accounts);
const keyOf = async (client: S3Client) => (await client.config.credentials()).accessKeyId;

describe("a client", () => {
  it("of the cell's own account calls with the function's credentials", async () => {
    const own = { AWS_ACCESS_KEY_ID: "ASIAOWN", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
    for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);

    expect(await keyOf(await clientsFor().s3(OWN))).toBe("ASIAOWN");
  });

  it("of a member calls with that member's, asking anew when they run out", async () => {
    const accounts = oneMember();
    const client = await clientsFor(accounts).s3(MEMBER);

    const first = await keyOf(client);
    const second = await keyOf(client);

    expect(first).toMatch(/^ASIA\d$/);
    expect(second).not.toBe(first);
  });

  it.each<[string, Place, Place, boolean]>([
    ["kept for one account and Region", MEMBER, { ...MEMBER }, true],
    ["another one in another Region", MEMBER, { ...MEMBER, region: "eu-west-1" }, false],
    ["another one for another account", OWN, MEMBER, false],
  ])("is %s", async (_, one, two, isSame) => {
    const clients = clientsFor();

    expect((await clients.s3(one)) === (await clients.s3(two))).toBe(isSame);
    expect(await (await clients.s3(two)).config.region()).toBe(two.region);
  });

  it("that writes is another one, which never sends a call twice", async () => {
    const clients = clientsFor();
    const writer = await clients.s3Writer(MEMBER);

    expect(writer).not.toBe(await clients.s3(MEMBER));
    expect(await writer.config.maxAttempts()).toBe(1);
    expect(await keyOf(writer)).toMatch(/^ASIA\d$/);
  });

  it("is given for no account that the cell doesn't serve, not even when it was before", async () => {
    const accounts = oneMember();
    const clients = clientsFor(accounts);
    await clients.s3(MEMBER);
    accounts.credentialsFor = async (account) => {
      throw new CordonError("foreign-account", account);
    };

    await expect(clients.s3(MEMBER)).rejects.toMatchObject({ kind: "foreign-account" });
    await expect(clientsFor().s3(FOREIGN)).rejects.toMatchObject({ kind: "foreign-account" });
  });
});

describe("a destination's Region", () => {
  const bucketIn = ({ account, region }: Place): ResourceRef => ({
    type: "AWS::S3::Bucket",
    arn: "arn:aws:s3:::eu-data",
    name: "eu-data",
    account,
    region,
  });

  it("is asked for as the account whose data would go there, whoever owns the destination", async () => {
    const s3 = mockClient(S3Client);
    onTestFinished(() => s3.restore());
    const keys: string[] = [];
    s3.on(HeadBucketCommand).callsFake(async (_input, getClient: () => S3Client) => {
      keys.push(await keyOf(getClient()));
      return { BucketRegion: "us-west-2" };
    });
    const { regionOf } = s3BucketsOnAws(clientsFor(), { nowMs: () => START_MS, sleep: async () => {} });

    expect(await regionOf("somebody-elses", bucketIn(MEMBER))).toEqual({ region: "us-west-2" });

    expect(keys).toEqual([expect.stringMatching(/^ASIA\d$/)]);
  });

  it("is not asked for from an account that the cell doesn't serve", async () => {
    const { regionOf } = s3BucketsOnAws(clientsFor(), { nowMs: () => START_MS, sleep: async () => {} });

    await expect(regionOf("somebody-elses", bucketIn(FOREIGN))).rejects.toMatchObject({ kind: "foreign-account" });
  });
});
