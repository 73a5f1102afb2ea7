import * as z from "zod/mini";
import { ACCESS_KEY_DEFAULTS } from "../access-keys.ts";
import { about, matching, some, text, upTo } from "./schema-parts.ts";

const { limits: given, deniedBursts: bursts, ownerTags } = ACCESS_KEY_DEFAULTS;
const MOST_DAYS = 3_650;
/** Bursts are counted in the table, an item for each window. */
const MOST_WINDOW_MINUTES = 1_440;

const days = (what: string, unless: number) => z.optional(about(`${what} ${unless} unless given.`, upTo(MOST_DAYS)));

const limits = {
  warnDays: days("The owner of a key is warned from this age on, in days.", given.warnDays),
  deactivateDays: days("It is deactivated at this one.", given.deactivateDays),
  deleteAfterDays: days("Deactivated for so many days, it is deleted.", given.deleteAfterDays),
  neverUsedDays: days("Never used, it is deactivated at this age already.", given.neverUsedDays),
  recentDays: days("Used within so many days, something depends on a key.", given.recentDays),
  minWarningDays: days(
    "What something depends on is deactivated so many days after its owner was warned; before, a person decides.",
    given.minWarningDays,
  ),
};

const path = matching(/^\/([!-~]*\/)?$/, "expected a path that begins and ends with /, such as /service/");

/** Of a schema's own function: each place has a description of its own. */
const users = (setBy: z.ZodMiniType<SetByDocument>) =>
  z
    .strictObject({
      paths: z.optional(about("What the user's path begins with; any one of them.", some(path))),
      names: z.optional(about("Names of users, any one of them; `*` stands for any letters.", some(text))),
      tags: z.optional(about("Tags of the user, all of them.", some(z.strictObject({ key: text, value: z.string() })))),
      tagsSetBy: z.optional(
        about("Who may set these tags; required with `tags`, for they let a key live longer.", setBy),
      ),
    })
    .check(
      z.refine(({ paths, names, tags }) => [paths, names, tags].some((each) => each !== undefined), {
        error: "expected paths, names or tags",
      }),
      z.refine(({ tags, tagsSetBy }) => (tags === undefined) === (tagsSetBy === undefined), {
        error:
          "expected tags and tagsSetBy together: tags that let a key live longer count only when it is known who may set them",
      }),
    );

interface SetByDocument {
  readonly principals: readonly string[];
  readonly enforcement: "declared" | "verify";
}

/**
 * How long access keys live.
 *
 * @param setBy the form of who may set a tag
 */
export const accessKeys = (setBy: z.ZodMiniType<SetByDocument>) =>
  z.strictObject({
    ...limits,
    deletion: z.optional(
      about(
        "A deleted key can't come back: `approve` (unless given) asks a person each time, `enforce` deletes what Cordon itself had deactivated.",
        z.enum(["approve", "enforce"]),
      ),
    ),
    ownerTags: z.optional(
      about(
        `Tags of a user that name who sees to its keys; the first that is there counts. ${ownerTags.join(", ")} unless given.`,
        some(text),
      ),
    ),
    breakGlass: z.optional(
      about(
        "Users for emergencies: their keys never age, and an exposed one is stopped on a person's word only.",
        z.array(users(setBy)),
      ),
    ),
    service: z.optional(
      about(
        "Users with limits of their own; the first that matches counts. What is left out is as above.",
        z.array(z.strictObject({ users: about("Which users.", users(setBy)), ...limits })),
      ),
    ),
    deniedBursts: z.optional(
      about(
        `Calls of one key that AWS denies: ${bursts.count} within ${bursts.windowMs / 60_000} minutes are a burst, and a ticket is opened, unless given.`,
        z.strictObject({
          count: z.optional(about("So many of them.", upTo(100_000))),
          windowMinutes: z.optional(about("Within so many minutes.", upTo(MOST_WINDOW_MINUTES))),
          do: z.optional(
            about(
              "`ticket` tells of it; `deactivate` asks a person whether the key is to be deactivated.",
              z.enum(["ticket", "deactivate"]),
            ),
          ),
        }),
      ),
    ),
  });

export type AccessKeysDocument = z.infer<ReturnType<typeof accessKeys>>;
