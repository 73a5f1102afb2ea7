import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it } from "vitest";
import type { Archive, StoredHead } from "../../shared/evidence/archive.ts";
import { archiveOnAws } from "../../shared/evidence/archive-aws.ts";
import { GENESIS, type Link, sealLink } from "../../shared/evidence/chain.ts";
import { type Entry, entryId } from "../../shared/evidence/entry.ts";
import { chainKey } from "../../shared/journal/keys.ts";
import { START_MS } from "../support/events.ts";
import { BUCKET, CHAIN, outboxStage } from "../support/outbox-stage.ts";

/** The conditions of the transaction, against a table. */
let set: Awaited<ReturnType<typeof outboxStage>>;
let archive: Archive;
let entries: readonly Entry[];
let first: Link;
let second: Link;

beforeEach(async () => {
  set = await outboxStage();
  const clients = { dynamoDb: new DynamoDBClient(), s3: new S3Client({ forcePathStyle: true }) };
  const clock = { nowMs: () => START_MS, sleep: async () => {} };
  archive = archiveOnAws(clients, { table: "cordon", bucket: BUCKET }, clock);
  await set.write("orders-eu", ["to-us", "to-brazil"]);
  entries = set.waiting("archive").map((item) => ({ pk: item.pk, record: item }) as unknown as Entry);
  const [one, two] = entries as readonly [Entry, Entry];
  first = sealLink(one, CHAIN, GENESIS);
  second = sealLink(two, CHAIN, first);
});

const headOf = ({ sequence, hash }: Link): StoredHead => ({ sequence, hash });

/** Sets the head, as somebody else has moved it. */
async function setHead(head: Readonly<Record<string, unknown>>) {
  for (const [attribute, value] of Object.entries(head)) await set.tamper(chainKey(CHAIN), attribute, value);
}

async function assertRefused(from: StoredHead, to: Link, links: readonly Link[]) {
  const before = set.table.items();
  expect(await archive.acknowledge(CHAIN, from, to, links)).toBe(false);
  expect(set.table.items()).toEqual(before);
}

describe("an acknowledgement", () => {
  it("moves the head from place to place, and the entries out of the outbox", async () => {
    expect(await archive.acknowledge(CHAIN, GENESIS, first, [first])).toBe(true);
    expect(await archive.readHead(CHAIN)).toEqual(headOf(first));
    expect(await archive.acknowledge(CHAIN, headOf(first), second, [second])).toBe(true);
    expect(await archive.readHead(CHAIN)).toEqual(headOf(second));
    expect(set.waiting("archive")).toEqual([]);
    expect([...(await archive.readStates(entries))]).toEqual(entries.map((entry) => [entryId(entry), "archived"]));
    const archived = set.table.items().filter(({ archiveKey }) => archiveKey !== undefined);
    expect(archived.map(({ sequence, archiveKey }) => [sequence, archiveKey]).sort()).toEqual([
      [1, first.key],
      [2, second.key],
    ]);
  });

  it.each<readonly [string, StoredHead, Readonly<Record<string, unknown>>]>([
    ["there is one where there was none", GENESIS, { sequence: 3, hash: "a".repeat(64) }],
    ["its number is another", { sequence: 4, hash: "a".repeat(64) }, { sequence: 3, hash: "a".repeat(64) }],
    ["its hash is another", { sequence: 3, hash: "b".repeat(64) }, { sequence: 3, hash: "a".repeat(64) }],
    ["it is none any more", { sequence: 3, hash: "a".repeat(64) }, { sequence: "many", hash: "a".repeat(64) }],
  ])("is refused as a whole when the head has moved meanwhile: %s", async (_, from, head) => {
    await setHead(head);
    await assertRefused(from, first, [first]);
  });

  it("is refused as a whole when the head is gone", async () => {
    await assertRefused({ sequence: 3, hash: "a".repeat(64) }, first, [first]);
  });

  it("is refused as a whole when one of its entries is archived already", async () => {
    await archive.acknowledge(CHAIN, GENESIS, first, [first]);
    const again = sealLink(first.entry, CHAIN, second);
    await assertRefused(headOf(first), again, [second, again]);
  });

  it("is refused as a whole when the table has another content under an entry's key", async () => {
    await set.tamper({ pk: second.entry.pk, sk: second.entry.record.key }, "contentHash", "f".repeat(64));
    await assertRefused(GENESIS, second, [first, second]);
  });

  it("is refused as a whole when an entry is gone", async () => {
    await set.remove({ pk: second.entry.pk, sk: second.entry.record.key });
    await assertRefused(GENESIS, second, [first, second]);
  });
});

describe("a head that nobody should have set", () => {
  it.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ["of number 0", { sequence: 0, hash: "a".repeat(64) }],
    ["of a number that is text", { sequence: "many", hash: "a".repeat(64) }],
    ["of half a number", { sequence: 1.5, hash: "a".repeat(64) }],
    ["of a negative number", { sequence: -1, hash: "a".repeat(64) }],
    ["of a number that no chain reaches", { sequence: 1e12, hash: "a".repeat(64) }],
    ["without a number", { hash: "a".repeat(64) }],
    ["without a hash", { sequence: 3 }],
    ["with a hash that is a number", { sequence: 3, hash: 3 }],
  ])("%s can be moved, from what was read of it only", async (_, head) => {
    await setHead(head);
    const stored = await archive.readHead(CHAIN);
    await setHead({ sequence: 5, hash: "a".repeat(64) });
    await assertRefused(stored, first, [first]);
    await set.remove(chainKey(CHAIN));
    await setHead(head);
    expect(await archive.acknowledge(CHAIN, stored, first, [first])).toBe(true);
    expect(await archive.readHead(CHAIN)).toEqual(headOf(first));
  });
});
