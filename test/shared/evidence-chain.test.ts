import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { GENESIS, type Link, objectKey, sealLink } from "../../shared/evidence/chain.ts";
import type { Entry } from "../../shared/evidence/entry.ts";
import { type EvidenceObject, verifyChain } from "../../shared/evidence/verify-chain.ts";
import { verifyEvidenceDirectory } from "../../shared/evidence/verify-directory.ts";
import { contentHash } from "../../shared/ids.ts";
import { EVIDENCE_KINDS, entryOf } from "../support/evidence.ts";

const CHAIN = "111122223333/eu-central-1/a-control-id";
const OTHER = "111122223333/eu-central-1/another-control-id";

function chainFrom(entries: readonly Entry[], chain = CHAIN): Link[] {
  const links: Link[] = [];
  for (const entry of entries) links.push(sealLink(entry, chain, links.at(-1) ?? GENESIS));
  return links;
}

const chainOf = (length: number, chain = CHAIN) =>
  chainFrom(
    Array.from({ length }, (_, index) =>
      entryOf({ number: index + 1, kind: EVIDENCE_KINDS[index % EVIDENCE_KINDS.length] ?? "observed" }),
    ),
    chain,
  );
const objectsOf = (links: readonly Link[]): EvidenceObject[] => links.map(({ key, body }) => ({ key, body }));
const headOf = (links: readonly Link[]) => links.at(-1) ?? GENESIS;
const at = (sequence: number) => objectKey(CHAIN, sequence);
/** A chain with one of its objects replaced; the rest as it was. */
const withBody = (objects: readonly EvidenceObject[], index: number, body: string) =>
  objects.map((object, each) => (each === index ? { ...object, body } : object));

/** A chain and a place in it. */
const chainAndPlace = (least: number) =>
  fc.integer({ min: least, max: 9 }).chain((length) => fc.tuple(fc.constant(length), fc.nat(length - 1)));

describe("a chain nobody has touched", () => {
  it("is verified from its objects alone, in whatever order they are listed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.infiniteStream(fc.nat()), (length, order) => {
        const links = chainOf(length);
        const shuffled = objectsOf(links)
          .map((object) => ({ object, rank: order.next().value ?? 0 }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ object }) => object);
        const { sequence, hash } = headOf(links);
        expect(verifyChain(shuffled)).toMatchObject({ ok: true, head: { sequence, hash } });
        expect(verifyChain(shuffled, { chain: CHAIN, head: { sequence, hash } })).toMatchObject({ ok: true });
      }),
    );
  });

  it("may be ahead of the head that the table keeps", () => {
    const links = chainOf(5);
    expect(verifyChain(objectsOf(links), { chain: CHAIN, head: headOf(links.slice(0, 3)) }).ok).toBe(true);
  });

  it("has the same bytes whoever seals it again", () => {
    expect(objectsOf(chainOf(4))).toEqual(objectsOf(chainOf(4)));
  });
});

describe("tampering is found, and the entry is named (S5)", () => {
  it("any one character changed, added or taken away", () => {
    const links = chainOf(4);
    const objects = objectsOf(links);
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.nat(),
        fc.constantFrom("replace", "insert", "remove"),
        fc.constantFrom("0", "x", " ", '"', "}", "\n", "é"),
        (index, position, how, character) => {
          const { body, key } = objects[index] as EvidenceObject;
          const place = position % body.length;
          const rest = body.slice(how === "insert" ? place : place + 1);
          const edited = `${body.slice(0, place)}${how === "remove" ? "" : character}${rest}`;
          fc.pre(edited !== body);
          const verdict = verifyChain(withBody(objects, index, edited), { chain: CHAIN, head: headOf(links) });
          expect(verdict).toMatchObject({ ok: false, key });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("an entry edited and sealed anew, wherever another or the head comes after it", () => {
    fc.assert(
      fc.property(chainAndPlace(2), ([length, index]) => {
        const links = chainOf(length);
        const forged = sealLink(entryOf({ number: 99 }), CHAIN, links[index - 1] ?? GENESIS);
        const objects = withBody(objectsOf(links), index, forged.body);
        const verdict = verifyChain(objects, { chain: CHAIN, head: headOf(links) });
        expect(verdict).toMatchObject({ ok: false, problem: "edited", key: at(index + 1) });
      }),
    );
  });

  it("an entry linked to another than the one before it and sealed anew", () => {
    fc.assert(
      fc.property(chainAndPlace(2), ([length, index]) => {
        const links = chainOf(length);
        const forged = sealLink((links[index] as Link).entry, CHAIN, { sequence: index, hash: "f".repeat(64) });
        const objects = withBody(objectsOf(links), index, forged.body);
        const verdict = verifyChain(objects, { chain: CHAIN, head: headOf(links) });
        expect(verdict).toMatchObject({ ok: false, problem: "edited", key: at(index + 1) });
      }),
    );
  });

  it("an entry removed, at the end too when the head is known", () => {
    fc.assert(
      fc.property(chainAndPlace(1), ([length, index]) => {
        const links = chainOf(length);
        const objects = objectsOf(links).filter((_, each) => each !== index);
        const verdict = verifyChain(objects, { chain: CHAIN, head: headOf(links) });
        expect(verdict).toMatchObject({ ok: false, problem: "missing", key: at(index + 1) });
        // Without the head, nothing tells of an end that was cut off.
        expect(verifyChain(objects, { chain: CHAIN }).ok).toBe(index === length - 1);
      }),
    );
  });

  it("two entries swapped", () => {
    fc.assert(
      fc.property(chainAndPlace(2), fc.nat(), ([length, one], offset) => {
        const objects = objectsOf(chainOf(length));
        const other = (one + 1 + (offset % (length - 1))) % length;
        const swapped = withBody(
          withBody(objects, one, (objects[other] as EvidenceObject).body),
          other,
          (objects[one] as EvidenceObject).body,
        );
        const first = Math.min(one, other) + 1;
        expect(verifyChain(swapped)).toMatchObject({ ok: false, problem: "reordered", key: at(first) });
      }),
    );
  });

  it("an entry copied over another", () => {
    fc.assert(
      fc.property(chainAndPlace(2), fc.nat(), ([length, over], offset) => {
        const objects = objectsOf(chainOf(length));
        const from = (over + 1 + (offset % (length - 1))) % length;
        const copied = withBody(objects, over, (objects[from] as EvidenceObject).body);
        expect(verifyChain(copied)).toMatchObject({ ok: false, problem: "duplicated", key: at(over + 1) });
      }),
    );
  });

  it.each([
    ["an object twice", (objects: EvidenceObject[]) => [...objects, ...objects.slice(1, 2)], "duplicated", at(2)],
    [
      "the same entry sealed a second time",
      () => objectsOf(chainFrom([entryOf({ number: 1 }), entryOf({ number: 2 }), entryOf({ number: 1 })])),
      "duplicated",
      at(3),
    ],
    [
      "an entry of another chain in this one's place",
      (objects: EvidenceObject[]) => withBody(objects, 1, (chainOf(3, OTHER)[1] as Link).body),
      "foreign",
      at(2),
    ],
    [
      "an object of another chain among them",
      (objects: EvidenceObject[]) => [...objects, ...objectsOf(chainOf(1, OTHER))],
      "foreign",
      objectKey(OTHER, 1),
    ],
    [
      "an object that is no entry",
      (objects: EvidenceObject[]) => [...objects, { key: `evidence/${CHAIN}/notes.txt`, body: "" }],
      "foreign",
      `evidence/${CHAIN}/notes.txt`,
    ],
    ["an empty object", (objects: EvidenceObject[]) => withBody(objects, 2, ""), "edited", at(3)],
    ["JSON that is no event", (objects: EvidenceObject[]) => withBody(objects, 2, "[1]"), "edited", at(3)],
    ["half a character", (objects: EvidenceObject[]) => withBody(objects, 2, '{"a":"\\ud800"}'), "edited", at(3)],
  ])("%s", (_, tamper, problem, key) => {
    expect(verifyChain(tamper(objectsOf(chainOf(3))), { chain: CHAIN })).toMatchObject({ ok: false, problem, key });
  });

  it("a content that is not what its own hash seals, though the link is sealed well", () => {
    const entry = entryOf({ number: 2 });
    const altered = { ...entry, record: { ...entry.record, content: { ...entry.record.content, kind: "resolved" } } };
    const objects = objectsOf(chainFrom([entryOf({ number: 1 }), altered]));
    expect(verifyChain(objects)).toMatchObject({ ok: false, problem: "edited", key: at(2) });
  });
});

describe("a copy of the bucket in a directory", () => {
  const written = (...objects: readonly EvidenceObject[]) => {
    const directory = mkdtempSync(join(tmpdir(), "cordon-evidence-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, "evidence"));
    for (const { key, body } of objects) {
      mkdirSync(dirname(join(directory, key)), { recursive: true });
      writeFileSync(join(directory, key), body);
    }
    return directory;
  };

  it("is verified chain by chain", async () => {
    const directory = written(...objectsOf(chainOf(3)), ...objectsOf(chainOf(2, OTHER)).slice(1));
    const verdicts = await verifyEvidenceDirectory(directory);
    expect(Object.fromEntries(verdicts.map(({ chain, verdict }) => [chain, verdict.ok]))).toEqual({
      [CHAIN]: true,
      [OTHER]: false,
    });
  });

  it("that lacks a whole chain is found out by its head", async () => {
    const verdicts = await verifyEvidenceDirectory(written(), { [CHAIN]: headOf(chainOf(3)) });
    expect(verdicts).toMatchObject([{ chain: CHAIN, verdict: { ok: false, problem: "missing", key: at(1) } }]);
  });
});

it("the hash of an entry's content is that of the journal", () => {
  const { entry } = sealLink(entryOf(), CHAIN, GENESIS);
  expect(entry.record.contentHash).toBe(contentHash(entry.record.content));
});
