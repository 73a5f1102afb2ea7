import * as z from "zod/mini";
import { about, matching, name, names, some, text, upTo } from "./schema-parts.ts";

const ANY = "`*` stands for any letters";

const content = z.strictObject({
  detectors: about("Built-in detectors, or your own of `objects.detectors`; any one of them.", names),
  minDistinct: z.optional(about("So many different values of it at least. 1 unless given.", upTo(10_000))),
  minPerMiB: z.optional(
    about("And so many matches for each MiB looked through; of a smaller object in proportion.", upTo(1_000_000)),
  ),
});

const rule = z.strictObject({
  id: about("What decisions call it.", name),
  classification: about("The class that it gives.", name),
  buckets: z.optional(about(`Names of buckets; ${ANY}. Every bucket when left out.`, some(text))),
  prefixes: z.optional(about("What the object's key begins with; any one of them.", some(text))),
  keyPattern: z.optional(about("A pattern (RE2), found anywhere in the object's key.", text)),
  contentTypes: z.optional(
    about(`Media types such as text/csv, by the word of the uploader; ${ANY}. Any one of them.`, some(text)),
  ),
  metadata: z.optional(
    about(
      `User-defined metadata, any one of them: the key in lower case and without x-amz-meta-; in the value ${ANY}.`,
      some(
        z.strictObject({
          key: matching(/^(?!x-amz-meta-)[^A-Z\s]+$/, "expected a key in lower case and without x-amz-meta-"),
          value: z.string(),
        }),
      ),
    ),
  ),
  tags: z.optional(
    about("Tags that the object carries, any one of them.", some(z.strictObject({ key: text, value: z.string() }))),
  ),
  content: z.optional(
    about(
      "What has to be found in the content, which is read only where a rule asks for it and could still raise the class.",
      content,
    ),
  ),
  macie: z.optional(
    about(
      `Types of Macie's findings about the object, such as SensitiveData:S3Object/*; ${ANY}. Any one of them.`,
      some(text),
    ),
  ),
});

/** Each is one more pattern to run over every byte. */
const MOST_DETECTORS = 50;
const detector = z.strictObject({
  id: about("What rules and decisions call it.", name),
  pattern: about("RE2. What it finds is counted, and never kept.", text),
});

const read = z.strictObject({
  maxKiB: z.optional(about("So much is read of one object. 8192 unless given.", upTo(1_048_576))),
  headKiB: z.optional(about("Its head. 1024 unless given, or all that may be read.", upTo(65_536))),
  samples: z.optional(
    about(
      "And so many samples, spread evenly over the rest. 8 unless given, or as many as may be read.",
      z
        .int({ error: "expected a whole number from 0 to 1000" })
        .check(
          z.gte(0, { error: "expected a whole number from 0 to 1000" }),
          z.lte(1_000, { error: "expected a whole number from 0 to 1000" }),
        ),
    ),
  ),
  sampleKiB: z.optional(about("The size of each. 256 unless given.", upTo(65_536))),
  maxInflatedKiB: z.optional(
    about("Compressed content is followed until it comes to so much. 65536 unless given.", upTo(1_048_576)),
  ),
});

/** How objects get a class of their own. */
export const objects = z.strictObject({
  rules: z.optional(
    about(
      "What gives an object a class besides its bucket's. All that it names has to match. Every rule that applies counts, and the most restrictive class wins.",
      z.array(rule),
    ),
  ),
  detectors: z.optional(
    about(
      "Detectors of your own.",
      z.array(detector).check(z.maxLength(MOST_DETECTORS, { error: `expected at most ${MOST_DETECTORS} entries` })),
    ),
  ),
  read: z.optional(about("How much of an object is read, where a rule asks for its content.", read)),
  protectedTags: z.optional(
    about(
      "Keys of the tags of classes that Cordon never writes over: where an object has one that says something else, a person is asked. Tags with other keys are never touched.",
      some(text),
    ),
  ),
  onLowered: z.optional(
    about(
      "When somebody has lowered an object's class by its tags: `restore` writes the tag again (unless given), `ask` waits for a person.",
      z.enum(["restore", "ask"]),
    ),
  ),
  onUnopened: z.optional(
    about(
      "When an object can't be opened (a PDF, an archived or encrypted one), and a rule could raise its class by what is in it: `ask` has a person say of each (unless given), `keep` gives it the class that is certain, and its finding notes what was not opened.",
      z.enum(["ask", "keep"]),
    ),
  ),
  backfill: z.optional(
    about(
      "What `cordon backfill` has existing objects looked at by, unless it is told otherwise: a job of S3 Batch Operations (`batch-operations`, unless given), or a Distributed Map of Step Functions (`distributed-map`).",
      z.enum(["batch-operations", "distributed-map"]),
    ),
  ),
});

export type ObjectsDocument = z.infer<typeof objects>;
